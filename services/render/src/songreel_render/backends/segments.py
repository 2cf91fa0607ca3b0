"""Draws the segments of a plan that the store does not hold yet."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final

from songreel.render.v1.render_plan_pb2 import RenderPlan
from songreel.type.v1.artifact_pb2 import Artifact, Progress
from songreel_kit.artifacts.containers import CONTAINERS
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.errors import ArtifactCorrupt, ArtifactNotFound
from songreel_kit.telemetry.metrics import looked_up
from songreel_kit.telemetry.tracing import span
from songreel_kit.work import CancelToken, Report

from songreel_render.diffusion.frame_generator import FrameSource
from songreel_render.diffusion.stills import video_size
from songreel_render.metrics import FRAMES_DRAWN
from songreel_render.plan.plan import plan_key, segment_key
from songreel_render.settings import RenderServiceSettings
from songreel_render.video.encoder import EncodingThread, VideoFormat

# Shares of the whole at which each step ends.
STILLS_DRAWN, LOADED, DRAWN, JOINED = 0.04, 0.05, 0.95, 0.98
# Seconds over which the frame rate of the progress is averaged.
_RATE_WINDOW: Final = 10.0


class SegmentDrawing:
    """Draws the segments of a plan that are not in the store.

    Args:
        settings: of the service.
        store: where segments are kept.
        plan: of the render.
        only: index of the one segment to draw; None draws all.
    """

    def __init__(
        self,
        settings: RenderServiceSettings,
        store: ArtifactStore,
        plan: RenderPlan,
        *,
        only: int | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._plan = plan
        self._key = plan_key(plan)
        self._found: dict[int, Artifact] = {}
        self._lock = threading.Lock()
        wanted = plan.segments if only is None else [plan.segments[only]]
        self.missing = [part for part in wanted if not self._look_up(part.index)]
        """Segments that were not in the store."""
        looked_up("segment", hit=True, times=len(wanted) - len(self.missing))
        looked_up("segment", hit=False, times=len(self.missing))
        waiting = sum(part.end_frame - part.first_frame for part in self.missing)
        self.frames_reused = plan.frames - waiting
        """Frames that were in the store."""

    @property
    def complete(self) -> bool:
        """Whether nothing is to be drawn."""
        return not self.missing

    def draw(self, source: Callable[[], FrameSource], report: Report, token: CancelToken) -> None:
        """Draw what is missing; `source` is made only if anything is."""
        if not self.missing:
            return
        self.report_loading(report)
        frames = source()
        settings = self._plan.settings
        video = VideoFormat(
            Fraction(settings.fps),
            video_size(settings),
            self._settings.crf,
            self._settings.encode_threads,
            CONTAINERS[settings.format].video_codec,
        )
        counter = self.counter()
        report(counter.progress())
        with EncodingThread(video, self._keep) as encoding:
            for segment in self.missing:
                done = segment.first_frame
                frames_in_all = segment.end_frame - done
                with span(
                    "segment", songreel__segment=segment.index, songreel__frames=frames_in_all
                ):
                    for pixels in frames.frames(segment.first_frame, segment.end_frame):
                        done += len(pixels)
                        encoding.put(segment.index, pixels, last=done == segment.end_frame)
                        counter.add(len(pixels))
                        report(counter.progress())
                        token.check()
            report(complete("encode", DRAWN, self._plan))

    def take(self, index: int, artifact: Artifact) -> None:
        """Note a segment that a worker has put into the store."""
        with self._lock:
            self._found[index] = artifact

    def artifact(self, index: int) -> Artifact:
        """A segment that is in the store."""
        return self._found[index]

    def counter(self) -> FrameCounter:
        """Counts the frames that are drawn from now on."""
        return FrameCounter(self.frames_reused, self._plan.frames)

    def report_loading(self, report: Report) -> None:
        """Report that networks are being loaded."""
        report(
            Progress(
                step="load",
                fraction=STILLS_DRAWN,
                frames_done=self.frames_reused,
                frames_total=self._plan.frames,
            )
        )

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
        self.take(index, artifact)


def complete(step: str, fraction: float, plan: RenderPlan) -> Progress:
    """Progress of a step after all frames are drawn."""
    return Progress(step=step, fraction=fraction, frames_done=plan.frames, frames_total=plan.frames)


class FrameCounter:
    """Frames done and their recent rate, as progress."""

    def __init__(self, done: int, total: int) -> None:
        self._done, self._total = done, total
        self._recent: deque[tuple[float, int]] = deque([(time.monotonic(), done)])

    def add(self, frames: int) -> None:
        """So many more are done."""
        self._done += frames
        FRAMES_DRAWN.inc(frames)
        now = time.monotonic()
        self._recent.append((now, self._done))
        while len(self._recent) > 2 and now - self._recent[0][0] > _RATE_WINDOW:
            self._recent.popleft()

    def progress(self) -> Progress:
        """Where the drawing is."""
        (begun, before), (now, done) = self._recent[0], self._recent[-1]
        rate = (done - before) / (now - begun) if now > begun else 0.0
        return Progress(
            step="frames",
            # Rounding could end above `DRAWN`, and the next step would fall back to it.
            fraction=min(LOADED + (DRAWN - LOADED) * self._done / self._total, DRAWN),
            frames_done=self._done,
            frames_total=self._total,
            frames_per_second=rate,
        )
