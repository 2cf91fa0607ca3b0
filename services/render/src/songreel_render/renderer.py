"""The way from an analysis and a storyboard to a video; knows no gRPC."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import torch
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Storyboard
from songreel.render.v1.render_plan_pb2 import RenderPlan, RenderSettings
from songreel.render.v1.render_service_pb2 import RenderResult
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.artifacts import ArtifactStore
from songreel_kit.documents import load_document, stage_key, store_document
from songreel_kit.errors import (
    ArtifactCorrupt,
    ArtifactNotFound,
    CheckpointNotFound,
    InvalidAnalysis,
    InvalidStoryboard,
    from_os_error,
)
from songreel_kit.work import CancelToken, Report

from songreel_render import VERSION
from songreel_render.audio_track import AudioTrack, choose_track
from songreel_render.checkpoint import CheckpointLoader, CheckpointShape
from songreel_render.contact_sheet import draw_contact_sheet
from songreel_render.drawing import FrameArtist
from songreel_render.encoder import EncodingThread, VideoFormat
from songreel_render.plan import (
    Layout,
    Machine,
    build_plan,
    lay_out,
    plan_key,
    resolve_settings,
    segment_key,
)
from songreel_render.settings import RenderSettings as ServiceSettings
from songreel_render.timeline_picture import draw_timeline
from songreel_render.video_file import write_video

# Shares of the whole at which each step ends.
_LOADED, _DRAWN, _JOINED = 0.02, 0.95, 0.98
# Seconds over which the frame rate of the progress is averaged.
_RATE_WINDOW: Final = 10.0


@dataclass(frozen=True)
class RenderJob:
    """What to render; references into the artifact store."""

    song: Artifact
    analysis: Artifact
    storyboard: Artifact
    settings: RenderSettings


@dataclass(frozen=True)
class PreparedRender:
    """A job with its plan made and stored; nothing is drawn yet."""

    job: RenderJob
    analysis: SongAnalysis
    storyboard: Storyboard
    shape: CheckpointShape
    layout: Layout
    plan: RenderPlan
    plan_artifact: Artifact
    track: AudioTrack

    @property
    def key(self) -> str:
        """Under which everything drawn from the plan is found."""
        return plan_key(self.plan)


class Renderer:
    """Plans and draws videos.

    Args:
        settings: of the service.
        store: where artifacts are read and kept.
    """

    def __init__(self, settings: ServiceSettings, store: ArtifactStore) -> None:
        self._settings = settings
        self._store = store
        self.loader = CheckpointLoader(
            device=settings.device,
            dtype=settings.dtype,
            clip_tokenizer=settings.clip_tokenizer,
            single_file_config=settings.single_file_config,
            keep=settings.loaded_checkpoints,
        )

    def find_checkpoint(self, name: str) -> CheckpointShape:
        """Inspect the checkpoint at a path, or the default one for "".

        Raises:
            CheckpointNotFound, CheckpointIncomplete, CheckpointUnsupported.
        """
        if name:
            return self.loader.inspect(Path(name))
        if self._settings.checkpoint is None:
            raise CheckpointNotFound(
                "no checkpoint is named and there is no default one: set "
                "SONGREEL_RENDER_CHECKPOINT to a Stable Diffusion 1.x folder"
            )
        return self.loader.inspect(self._settings.checkpoint)

    def prepare(self, job: RenderJob, report: Report, token: CancelToken) -> PreparedRender:
        """Check everything that can be wrong and make the plan; draws nothing."""
        report(Progress(step="plan"))
        shape = self.find_checkpoint(job.settings.checkpoint)
        token.check()
        settings = resolve_settings(job.settings, shape, str(shape.files.path))
        analysis = load_document(self._store, job.analysis, SongAnalysis, error=InvalidAnalysis)
        storyboard = load_document(self._store, job.storyboard, Storyboard, error=InvalidStoryboard)
        layout = lay_out(analysis, storyboard, settings)
        with self._store.local_path(job.song) as song:
            track = choose_track(song, analysis.excerpt.start, analysis.duration)
        service = self._settings
        plan = build_plan(
            settings,
            layout,
            Machine(
                device=self.loader.device.type,
                dtype=str(self.loader.dtype).removeprefix("torch."),
                batch_frames=service.batch_frames,
                segment_frames=service.segment_frames,
                crf=service.crf,
                encode_threads=service.encode_threads,
            ),
            checkpoint_sha256=shape.files.sha256,
            song_sha256=job.song.sha256,
            analysis_sha256=job.analysis.sha256,
            storyboard_sha256=job.storyboard.sha256,
        )
        artifact = store_document(self._store, plan)
        return PreparedRender(job, analysis, storyboard, shape, layout, plan, artifact, track)

    def finished(self, prepared: PreparedRender) -> RenderResult | None:
        """The result of the same plan, if it was rendered before and is still there."""
        found = self._store.lookup(_result_key(prepared))
        if found is None:
            return None
        result = load_document(self._store, found, RenderResult)
        parts = (result.video, result.plan, result.timeline, result.contact_sheet)
        if not all(self._store.exists(part) for part in parts):
            return None
        result.reused = True
        result.frames_reused = result.frames
        return result

    def render(self, prepared: PreparedRender, report: Report, token: CancelToken) -> RenderResult:
        """Draw what is not yet drawn, join it with the song, make the pictures.

        Raises:
            CheckpointIncomplete: the weights cannot be loaded.
            DiskFull: no room; finished segments stay.
            Cancelled: the token was cancelled; finished segments stay.
        """
        plan = prepared.plan
        fallbacks = [prepared.track.fallback] if prepared.track.fallback else []
        drawn = _SegmentDrawing(self._settings, self._store, self.loader, prepared)
        fallbacks += drawn.draw(report, token)
        report(_complete("join", _DRAWN, plan))
        try:
            with tempfile.TemporaryDirectory(
                prefix="songreel-render-", dir=self._settings.scratch
            ) as scratch:
                result = self._finish(prepared, Path(scratch), drawn.segments(token), report, token)
        except OSError as error:
            raise from_os_error(error) or error from error
        result.frames_reused = drawn.frames_reused
        result.fallbacks.extend(fallbacks)
        self._store.bind(_result_key(prepared), store_document(self._store, result))
        return result

    def _finish(
        self,
        prepared: PreparedRender,
        scratch: Path,
        segments: Iterator[tuple[int, bytes]],
        report: Report,
        token: CancelToken,
    ) -> RenderResult:
        plan, video = prepared.plan, scratch / "video.mp4"
        with self._store.local_path(prepared.job.song) as song:
            track = AudioTrack(
                song,
                prepared.track.mode,
                prepared.track.start,
                prepared.track.duration,
                prepared.track.fallback,
            )
            title = prepared.storyboard.title or prepared.analysis.title
            write_video(video, segments, Fraction(plan.settings.fps), track, title)
        token.check()
        report(_complete("pictures", _JOINED, plan))
        timeline = draw_timeline(prepared.analysis, prepared.storyboard, prepared.layout)
        sheet = draw_contact_sheet(video, prepared.storyboard, prepared.layout)
        token.check()
        return RenderResult(
            video=self._store.put_file(video, "video/mp4"),
            plan=prepared.plan_artifact,
            timeline=self._store.put_bytes(timeline, "image/png"),
            contact_sheet=self._store.put_bytes(sheet, "image/png"),
            frames=plan.frames,
            audio_mode=prepared.track.mode,
        )


class _SegmentDrawing:
    """Draws the segments of one plan that the store does not hold yet."""

    def __init__(
        self,
        settings: ServiceSettings,
        store: ArtifactStore,
        loader: CheckpointLoader,
        prepared: PreparedRender,
    ) -> None:
        self._settings = settings
        self._store = store
        self._loader = loader
        self._prepared = prepared
        self._plan = prepared.plan
        self._key = prepared.key
        self._found: dict[int, Artifact] = {}
        self._lock = threading.Lock()
        self.frames_reused = 0

    def draw(self, report: Report, token: CancelToken) -> list[str]:
        """Make every segment be in the store; returns what did not go as asked."""
        missing = [segment for segment in self._plan.segments if not self._look_up(segment.index)]
        waiting = sum(segment.end_frame - segment.first_frame for segment in missing)
        self.frames_reused = self._plan.frames - waiting
        if not missing:
            return []
        report(
            Progress(step="load", frames_done=self.frames_reused, frames_total=self._plan.frames)
        )
        torch.set_num_threads(self._settings.threads)
        settings = self._plan.settings
        artist = FrameArtist(
            self._loader.load(self._prepared.shape.files),
            self._prepared.storyboard.scenes,
            self._prepared.layout,
            settings,
        )
        video = VideoFormat(
            Fraction(settings.fps),
            settings.size,
            self._settings.crf,
            self._settings.encode_threads,
        )
        counter = _FrameCounter(self.frames_reused, self._plan.frames)
        report(counter.progress())
        batch = self._settings.batch_frames
        with EncodingThread(video, self._keep) as encoding:
            for segment in missing:
                end = segment.end_frame
                for first in range(segment.first_frame, end, batch):
                    token.check()
                    last = min(first + batch, end)
                    pixels = artist.draw(first, last)
                    encoding.put(segment.index, pixels, last=last == end)
                    counter.add(last - first)
                    report(counter.progress())
            report(_complete("encode", _DRAWN, self._plan))
        return artist.fallbacks

    def segments(self, token: CancelToken) -> Iterator[tuple[int, bytes]]:
        """First frame and bytes of every segment, in order, one in memory at a time."""
        for segment in self._plan.segments:
            token.check()
            yield segment.first_frame, self._store.read_bytes(self._found[segment.index])

    def _look_up(self, index: int) -> bool:
        artifact = self._store.lookup(segment_key(self._key, index))
        if artifact is None:
            return False
        try:
            # A segment damaged on the disk is drawn again instead of ending in a broken video.
            self._store.read_bytes(artifact)
        except (ArtifactNotFound, ArtifactCorrupt):
            return False
        self._found[index] = artifact
        return True

    def _keep(self, index: int, data: bytes) -> None:
        artifact = self._store.put_bytes(data, "video/mp4")
        self._store.bind(segment_key(self._key, index), artifact)
        with self._lock:
            self._found[index] = artifact


class _FrameCounter:
    """Frames done and their recent rate, as progress."""

    def __init__(self, done: int, total: int) -> None:
        self._done, self._total = done, total
        self._recent: deque[tuple[float, int]] = deque([(time.monotonic(), done)])

    def add(self, frames: int) -> None:
        self._done += frames
        now = time.monotonic()
        self._recent.append((now, self._done))
        while len(self._recent) > 2 and now - self._recent[0][0] > _RATE_WINDOW:
            self._recent.popleft()

    def progress(self) -> Progress:
        (begun, before), (now, done) = self._recent[0], self._recent[-1]
        rate = (done - before) / (now - begun) if now > begun else 0.0
        return Progress(
            step="frames",
            # Rounding could end above `_DRAWN`, and the next step would fall back to it.
            fraction=min(_LOADED + (_DRAWN - _LOADED) * self._done / self._total, _DRAWN),
            frames_done=self._done,
            frames_total=self._total,
            frames_per_second=rate,
        )


def _complete(step: str, fraction: float, plan: RenderPlan) -> Progress:
    return Progress(step=step, fraction=fraction, frames_done=plan.frames, frames_total=plan.frames)


def _result_key(prepared: PreparedRender) -> str:
    return stage_key("render.Render", VERSION, prepared.key, str(prepared.track.start))
