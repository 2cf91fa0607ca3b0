"""`songreel.score.v1.ScoreService` over gRPC: requests in, artifacts out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

from songreel.score.v1 import score_service_pb2 as pb
from songreel.score.v1 import score_service_pb2_grpc
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.artifacts.documents import document_text, parse_document, stage_key
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.bounds.score import DUCK, faults_of
from songreel_kit.errors import InvalidAnalysis, InvalidRequest, InvalidScorePlan, all_faults
from songreel_kit.telemetry.metrics import looked_up
from songreel_kit.work import CancelToken, Report, responses
from songreel_kit.work_slots import WorkSlots

from songreel_score import soundtrack
from songreel_score.compose.engines import ENGINES, find_engine
from songreel_score.plan import planner
from songreel_score.plan.plan_document import MAX_BYTES, from_yaml
from songreel_score.plan.planner import PlanRequest
from songreel_score.plan.score_plan import PERSON, MoodPoint
from songreel_score.settings import ScoreSettings
from songreel_score.sound.soundfonts import find_soundfont
from songreel_score.soundtrack import ScoreOutputs, ScoreRequest, score
from songreel_score.styles import STYLES
from songreel_score.watch import analysis
from songreel_score.watch.analysis import VideoAnalysis

WATCH_STAGE: Final = "score.Watch"
SCORE_STAGE: Final = "score.Score"
_MEDIA_TYPES: Final = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
}


R = TypeVar("R", bound=Any)


class ScoreServicer(score_service_pb2_grpc.ScoreServiceServicer):
    """Scores videos; the same request is answered from the store."""

    def __init__(self, settings: ScoreSettings, store: ArtifactStore) -> None:
        self._settings = settings
        self._store = store
        self._slots = WorkSlots(
            settings.max_scores, "soundtracks", "raise SONGREEL_SCORE_MAX_SCORES"
        )

    async def Watch(
        self, request: pb.WatchRequest, context: Any
    ) -> AsyncIterator[pb.WatchResponse]:
        """Sends progress, then one result."""

        def work(report: Report, token: CancelToken) -> pb.WatchResult:
            _check_video(request)
            key = stage_key(WATCH_STAGE, analysis.VERSION, request, repr(self._settings.limits()))
            return self._found(key, pb.WatchResult, lambda: self._watch(request, report, token))

        with self._slots.hold():
            async for response in responses(pb.WatchResponse, work):
                yield response

    async def Score(
        self, request: pb.ScoreRequest, context: Any
    ) -> AsyncIterator[pb.ScoreResponse]:
        """Sends progress, then one result."""

        def work(report: Report, token: CancelToken) -> pb.ScoreResult:
            _check_video(request)
            if faults := faults_of(request.options):
                raise all_faults(faults)
            key = stage_key(SCORE_STAGE, soundtrack.VERSION, request, self._environment(request))
            return self._found(key, pb.ScoreResult, lambda: self._score(request, report, token))

        with self._slots.hold():
            async for response in responses(pb.ScoreResponse, work):
                yield response

    async def ListStyles(
        self, request: pb.ListStylesRequest, context: Any
    ) -> pb.ListStylesResponse:
        """The styles and engines, which are few."""
        return pb.ListStylesResponse(
            styles=[
                pb.Style(name=style.name, description=style.description)
                for style in STYLES.values()
            ],
            engines=list(ENGINES),
        )

    def _environment(self, request: pb.ScoreRequest) -> str:
        """What else a soundtrack depends on."""
        settings = self._settings
        font = find_soundfont(settings.soundfont)
        engine = find_engine(request.options.engine or settings.default_engine)
        versions = (analysis.VERSION, planner.VERSION, engine.version)
        signer = settings.signing_identity()
        signed = signer.fingerprint if signer is not None else ""
        told = (
            signed,
            font.name,
            font.path.stat().st_size,
            settings.default_style,
            settings.limits(),
        )
        return repr((versions, told, settings.limits()))

    def _found(self, key: str, kind: type[R], make: Callable[[], R]) -> R:
        """The result of an earlier request like this one, or a new one."""
        known = self._store.lookup(key)
        if known is not None:
            result = parse_document(self._store.read_bytes(known), kind)
            if all(self._store.exists(part) for part in _artifacts(result)):
                looked_up("analysis" if kind is pb.WatchResult else "video", hit=True)
                result.reused = True
                return result
        looked_up("analysis" if kind is pb.WatchResult else "video", hit=False)
        result = make()
        note = self._store.put_bytes(document_text(result).encode(), "application/json")
        self._store.bind(key, note)
        return result

    def _watch(
        self, request: pb.WatchRequest, report: Report, token: CancelToken
    ) -> pb.WatchResult:
        with self._store.local_path(request.video) as video:
            watched = analysis.watch(video, self._settings.limits(), _step(report), token.check)
        text = json.dumps(watched.document(), indent=1) + "\n"
        return pb.WatchResult(analysis=self._store.put_bytes(text.encode(), "application/json"))

    def _score(
        self, request: pb.ScoreRequest, report: Report, token: CancelToken
    ) -> pb.ScoreResult:
        options = request.options
        wanted = self._wanted(request)
        known = self._known(request)
        with (
            TemporaryDirectory(prefix="songreel-score-") as name,
            self._store.local_path(request.video) as video,
        ):
            folder = Path(name)
            outputs = _outputs(folder, options)
            made = score(
                video, outputs, wanted, self._settings.limits(), _step(report), token.check, known
            )
            return self._stored(outputs, made)

    def _known(self, request: pb.ScoreRequest) -> VideoAnalysis | None:
        """The analysis that the request gives."""
        if not request.HasField("analysis"):
            return None
        try:
            return VideoAnalysis.of_document(json.loads(self._store.read_bytes(request.analysis)))
        except (ValueError, LookupError, TypeError) as error:
            raise InvalidAnalysis(
                f"the video's analysis cannot be read ({error}): let the video be watched again"
            ) from error

    def _wanted(self, request: pb.ScoreRequest) -> ScoreRequest:
        options = request.options
        plan = None
        if request.HasField("plan"):
            if request.plan.size > MAX_BYTES:
                raise InvalidScorePlan(f"the plan is larger than {MAX_BYTES // 2**20} MB")
            try:
                plan = from_yaml(self._store.read_bytes(request.plan).decode("utf-8-sig"))
            except UnicodeDecodeError as error:
                raise InvalidScorePlan("the plan is no UTF-8 text") from error
        return ScoreRequest(
            planning=PlanRequest(
                style=options.style or self._settings.default_style,
                key=options.key,
                sync=options.sync or "hard",
                seed=options.seed,
                mood=tuple(MoodPoint(m.time, m.valence, m.arousal, PERSON) for m in options.mood),
                hits=tuple(options.hits),
                bpm=options.bpm,
            ),
            plan=plan,
            engine=options.engine or self._settings.default_engine,
            keep_sound=options.keep_sound or DUCK,
            soundfont=self._settings.soundfont,
            signer=self._settings.signing_identity(),
        )

    def _stored(self, outputs: ScoreOutputs, made: soundtrack.Soundtrack) -> pb.ScoreResult:
        def kept(path: Path | None, media_type: str) -> Artifact | None:
            return None if path is None else self._store.put_file(path, media_type)

        stems = sorted(outputs.stems.iterdir()) if outputs.stems is not None else []
        return pb.ScoreResult(
            film=kept(outputs.film, _MEDIA_TYPES[outputs.film.suffix]),
            plan=kept(outputs.plan, "application/yaml"),
            report=kept(outputs.report, "application/json"),
            midi=kept(outputs.midi, "audio/midi"),
            timeline=kept(outputs.timeline, "image/png"),
            sound=kept(outputs.sound, "audio/wav"),
            stems=[pb.Stem(role=stem.stem, sound=kept(stem, "audio/wav")) for stem in stems],
            lufs=round(made.lufs, 2),
            true_peak=round(made.true_peak, 2),
        )


def _check_video(request: pb.WatchRequest | pb.ScoreRequest) -> None:
    if not request.HasField("video"):
        raise InvalidRequest("the request names no video; upload one and pass its artifact")


def _step(report: Report) -> analysis.Report:
    return lambda name, fraction: report(Progress(step=name, fraction=fraction))


def _outputs(folder: Path, options: pb.ScoreOptions) -> ScoreOutputs:
    return ScoreOutputs(
        film=folder / f"film.{options.format or 'mp4'}",
        plan=folder / "plan.yaml",
        report=folder / "report.json",
        midi=folder / "music.mid",
        stems=folder / "stems" if options.stems else None,
        sound=folder / "sound.wav" if options.sound else None,
        timeline=folder / "timeline.png" if options.timeline else None,
    )


def _artifacts(result: pb.WatchResult | pb.ScoreResult) -> list[Artifact]:
    """What a result points to."""
    if isinstance(result, pb.WatchResult):
        return [result.analysis]
    fields = ("film", "plan", "report", "midi", "timeline", "sound")
    single = [getattr(result, name) for name in fields if result.HasField(name)]
    return [*single, *(stem.sound for stem in result.stems)]
