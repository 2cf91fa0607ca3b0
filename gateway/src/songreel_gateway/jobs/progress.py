"""A job's progress: from a stage's share to the whole, and not too often."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from songreel.type.v1.artifact_pb2 import Progress
from songreel.v1.video_service_pb2 import JobMetadata

# An estimate from less than this is a guess.
_LEAST_SHARE = 0.02
_LEAST_SECONDS = 1.0


class Timeline:
    """Where each stage of a job lies on the way from 0 to 1."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        """Divides the way among the job's stages, by their weights and in their order."""
        total = sum(weights.values())
        self._spans: dict[str, tuple[float, float]] = {}
        start = 0.0
        for stage, weight in weights.items():
            self._spans[stage] = (start, weight / total)
            start += weight / total
            self._last = stage

    def at(self, stage: str, share: float) -> float:
        """The whole job's share in [0, 1] when `share` of the stage is done."""
        start, width = self._spans[stage]
        if not math.isfinite(share):
            return start
        return min(1.0, start + width * min(1.0, max(0.0, share)))

    def is_last(self, stage: str) -> bool:
        """Whether nothing comes after the stage."""
        return stage == self._last


class StageProgress:
    """Turns what a stage reports into a job's metadata.

    The fraction never falls, also not when a stage is begun again after a crash.
    """

    def __init__(
        self,
        metadata: JobMetadata,
        timeline: Timeline,
        stage: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begins a stage; `metadata` is changed in place from then on."""
        self.metadata = metadata
        self._timeline = timeline
        self._stage = stage
        self._clock = clock
        self._first: tuple[float, float] | None = None
        metadata.stage = stage
        metadata.step = metadata.waiting_for = ""
        metadata.frames_done = metadata.frames_total = 0
        metadata.frames_per_second = 0.0
        metadata.ClearField("estimated_rest")
        self._raise_to(timeline.at(stage, 0.0))

    def report(self, progress: Progress) -> bool:
        """Takes in a stage's report; True when the stage's share has grown."""
        metadata = self.metadata
        before = metadata.fraction
        metadata.step = progress.step
        metadata.waiting_for = ""
        metadata.frames_done = progress.frames_done
        metadata.frames_total = progress.frames_total
        metadata.frames_per_second = progress.frames_per_second
        self._raise_to(self._timeline.at(self._stage, progress.fraction))
        self._estimate(progress)
        return metadata.fraction > before

    def wait_for(self, service: str) -> None:
        """The stage goes on as soon as the service has room."""
        self.metadata.waiting_for = service
        self.metadata.step = f"waiting for {service}"
        self.metadata.ClearField("estimated_rest")

    def go_on(self) -> None:
        """The wait is over."""
        if self.metadata.waiting_for:
            self.metadata.waiting_for = self.metadata.step = ""

    def complete(self) -> None:
        """The stage is done."""
        self.go_on()
        self.metadata.ClearField("estimated_rest")
        self._raise_to(self._timeline.at(self._stage, 1.0))

    def _raise_to(self, fraction: float) -> None:
        self.metadata.fraction = max(self.metadata.fraction, fraction)

    def _estimate(self, progress: Progress) -> None:
        """Sets the time to the end, in the last stage.

        Nothing is known of a stage that has not begun.
        """
        self.metadata.ClearField("estimated_rest")
        if not self._timeline.is_last(self._stage):
            return
        seconds = self._by_frames(progress)
        if seconds is None:
            seconds = self._by_share(progress.fraction)
        if seconds is not None and math.isfinite(seconds):
            self.metadata.estimated_rest.FromTimedelta(timedelta(seconds=round(seconds, 1)))

    def _by_frames(self, progress: Progress) -> float | None:
        if progress.frames_total <= 0 or progress.frames_per_second <= 0:
            return None
        rest = max(0, progress.frames_total - progress.frames_done)
        return rest / progress.frames_per_second

    def _by_share(self, share: float) -> float | None:
        now = self._clock()
        if self._first is None:
            # What a resumed stage found done took no time now.
            self._first = (now, share)
            return None
        began, done_before = self._first
        if share - done_before < _LEAST_SHARE or now - began < _LEAST_SECONDS:
            return None
        return (now - began) * (1.0 - share) / (share - done_before)


class EventThrottle:
    """Says which reports are worth an event.

    At most one in `least` seconds, fewer as the job grows old, so that the number
    of events grows like the logarithm of its length; none beyond `most` in all.
    """

    # With 0.2 s: 500 events in the first 100 s, about 1300 more in the first hour.
    _PER_AGE = 500.0

    def __init__(
        self,
        least: float,
        most: int,
        age: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`age`: seconds since the job was made."""
        self._least = least
        self._most = most
        self._clock = clock
        self._born = clock() - age
        self._last = -math.inf

    def allows(self, events: int) -> bool:
        """Whether one more event may be written now, `events` being there already."""
        if self.pause(events) > 0:
            return False
        self._last = self._clock()
        return True

    def pause(self, events: int) -> float:
        """Seconds until one more event may be written; infinity when none ever may."""
        if events >= self._most:
            return math.inf
        # The distance grows while one waits: due - last = (due - born) / per_age.
        due = (self._PER_AGE * self._last - self._born) / (self._PER_AGE - 1.0)
        return max(0.0, max(self._last + self._least, due) - self._clock())
