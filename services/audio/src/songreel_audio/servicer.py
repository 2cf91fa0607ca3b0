"""`songreel.audio.v1.AudioService` over gRPC: requests in, documents out."""

from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc.aio
from songreel.audio.v1 import audio_service_pb2 as pb
from songreel.audio.v1 import audio_service_pb2_grpc
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.artifacts.documents import (
    document_text,
    parse_document,
    stage_key,
    store_document,
)
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.errors import InvalidRequest
from songreel_kit.telemetry.metrics import looked_up
from songreel_kit.work import CancelToken, Report, responses
from songreel_kit.work_slots import WorkSlots

from songreel_audio import analysis
from songreel_audio.decoding.decoding import Excerpt
from songreel_audio.lyrics.recognition import Recognizers
from songreel_audio.rhythm.beats import TempoHint
from songreel_audio.settings import AudioSettings

STAGE = "audio.Analyze"


class AudioServicer(audio_service_pb2_grpc.AudioServiceServicer):
    """Analyses songs; the same request is answered from the store."""

    def __init__(self, settings: AudioSettings, store: ArtifactStore) -> None:
        self._settings = settings
        self._store = store
        self._recognizers = Recognizers()
        self._slots = WorkSlots(
            settings.max_analyses, "analyses", "raise SONGREEL_AUDIO_MAX_ANALYSES"
        )

    async def Analyze(
        self,
        request: pb.AnalyzeRequest,
        context: "grpc.aio.ServicerContext[pb.AnalyzeRequest, pb.AnalyzeResponse]",
    ) -> AsyncIterator[pb.AnalyzeResponse]:
        """Sends progress, then one result."""

        def work(report: Report, token: CancelToken) -> pb.AnalyzeResult:
            return self._analyze(request, report, token)

        with self._slots.hold():
            async for response in responses(pb.AnalyzeResponse, work):
                yield response

    def _analyze(
        self, request: pb.AnalyzeRequest, report: Report, token: CancelToken
    ) -> pb.AnalyzeResult:
        if not request.HasField("song"):
            raise InvalidRequest("the request names no song; upload one and pass its artifact")
        key = stage_key(STAGE, analysis.VERSION, request, self._environment())
        known = self._store.lookup(key)
        if known is not None:
            result = parse_document(self._store.read_bytes(known), pb.AnalyzeResult)
            if self._complete(result):
                looked_up("analysis", hit=True)
                result.reused = True
                return result
        looked_up("analysis", hit=False)
        result = self._run(request, report, token)
        note = self._store.put_bytes(document_text(result).encode(), "application/json")
        self._store.bind(key, note)
        return result

    def _environment(self) -> str:
        """What else an answer depends on."""
        networks = [
            (path.name, path.stat().st_size, path.stat().st_mtime_ns)
            for path in sorted(self._settings.emotion_folder.glob("*.npz"))
        ]
        return repr((self._settings.limits(), self._settings.asr, networks))

    def _complete(self, result: pb.AnalyzeResult) -> bool:
        """Whether what an earlier result points to is still in the store."""
        parts = [result.analysis, *([result.plot] if result.HasField("plot") else [])]
        return all(self._store.exists(part) for part in parts)

    def _run(
        self, request: pb.AnalyzeRequest, report: Report, token: CancelToken
    ) -> pb.AnalyzeResult:
        def step(name: str, fraction: float) -> None:
            report(Progress(step=name, fraction=fraction))

        words = self._store.read_bytes(request.lyrics) if request.HasField("lyrics") else None
        wanted = _request(request, words, self._settings)
        limits = self._settings.limits()
        with self._store.local_path(request.song) as song:
            song_analysis = analysis.analyze(
                song, wanted, limits, step, token.check, self._recognizers
            )
        result = pb.AnalyzeResult(analysis=store_document(self._store, song_analysis))
        if request.options.plot:
            # Drawing takes a second to import, which most calls need not wait for.
            from songreel_audio import analysis_plot

            step("plot", 0.95)
            with TemporaryDirectory(prefix="songreel-audio-") as folder:
                path = Path(folder) / "analysis.png"
                analysis_plot.draw(song_analysis, path)
                result.plot.CopyFrom(self._store.put_file(path, "image/png"))
        step("done", 1.0)
        return result


def _request(
    request: pb.AnalyzeRequest, words: bytes | None, settings: AudioSettings
) -> analysis.AnalysisRequest:
    options = request.options
    return analysis.AnalysisRequest(
        excerpt=Excerpt(options.start, options.seconds),
        tempo=TempoHint(options.tempo_octave, options.tempo_bpm),
        extractor=options.extractor,
        asr=options.asr or settings.asr,
        language=options.language,
        lyrics=words,
        file_name=request.file_name,
        song_sha256=request.song.sha256,
        emotion_folder=settings.emotion_folder,
    )
