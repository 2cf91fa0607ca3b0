"""Checks of every frame: one face, enough light, a steady camera, no cuts."""

from __future__ import annotations

from collections import deque

from songreel_identity.faces.landmarks import FrameMeasurements
from songreel_identity.liveness.protocol import Event, Outcome, Reason, Verdict
from songreel_identity.liveness.steps import guidance
from songreel_identity.liveness.thresholds import Thresholds

_FPS_FRAMES = 24
_DIGESTS = 4096
_DARK_SECONDS = 8.0


class FrameChecks:
    """Checks each frame before the step does. Its memory is bounded."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._limits = thresholds
        self._last: FrameMeasurements | None = None
        self._times: deque[float] = deque(maxlen=_FPS_FRAMES)
        self._digests: deque[bytes] = deque(maxlen=_DIGESTS)
        self._known: set[bytes] = set()
        self._seen = 0
        self._repeated = 0
        self._two = 0.0
        self._lost = 0.0
        self._dark = 0.0
        self.guidance: list[Event] = []
        """What is wrong with the last frame, for the person."""

    def process_frame(self, measurements: FrameMeasurements, *, hides_face: bool) -> Outcome | None:
        """Returns the outcome if this frame ends the session."""
        last, self._last = self._last, measurements
        self.guidance = []
        passed = 0.0 if last is None else min(measurements.at - last.at, 1.0)
        return (
            self._repeats(measurements)
            or self._rate(measurements)
            or self._company(measurements, passed)
            or self._presence(measurements, passed, hides_face=hides_face)
            or (None if hides_face or last is None else self._jumps(last, measurements))
        )

    def _repeats(self, measurements: FrameMeasurements) -> Outcome | None:
        self._seen += 1
        if measurements.digest in self._known:
            self._repeated += 1
            enough = self._repeated >= 10
            if enough and self._repeated > self._limits.repeated_share * self._seen:
                return Outcome(Verdict.FAIL, Reason.REPEATED)
        elif measurements.digest:
            if len(self._digests) == _DIGESTS:
                self._known.discard(self._digests[0])
            self._digests.append(measurements.digest)
            self._known.add(measurements.digest)
        return None

    def _rate(self, measurements: FrameMeasurements) -> Outcome | None:
        self._times.append(measurements.at)
        elapsed = self._times[-1] - self._times[0]
        slow = elapsed * self._limits.min_fps > 2 * (len(self._times) - 1)
        full = len(self._times) == _FPS_FRAMES
        if full and elapsed * self._limits.min_fps > _FPS_FRAMES - 1:
            return Outcome(Verdict.INCONCLUSIVE, Reason.SLOW_CAMERA)
        if not full and elapsed > 4.0 and slow:
            return Outcome(Verdict.INCONCLUSIVE, Reason.SLOW_CAMERA)
        return None

    def _company(self, measurements: FrameMeasurements, passed: float) -> Outcome | None:
        if measurements.faces < 2:
            return None
        self._two += passed
        self.guidance = guidance(0.0, Reason.TWO_FACES)
        if self._two > self._limits.two_faces_seconds:
            return Outcome(Verdict.INCONCLUSIVE, Reason.TWO_FACES)
        return None

    def _presence(
        self, measurements: FrameMeasurements, passed: float, *, hides_face: bool
    ) -> Outcome | None:
        dark = measurements.brightness < self._limits.min_brightness
        if measurements.face is not None:
            self._lost = 0.0
        elif not hides_face:
            self._lost += passed
            self.guidance = guidance(0.0, Reason.DARK if dark else Reason.NO_FACE)
        if dark and not hides_face:
            self._dark += passed
            self.guidance = guidance(0.0, Reason.DARK)
        if self._dark > _DARK_SECONDS:
            return Outcome(Verdict.INCONCLUSIVE, Reason.DARK)
        if self._lost > self._limits.lost_seconds:
            return Outcome(Verdict.INCONCLUSIVE, Reason.DARK if dark else Reason.NO_FACE)
        return None

    def _jumps(self, last: FrameMeasurements, measurements: FrameMeasurements) -> Outcome | None:
        one, other = last.face, measurements.face
        if one is None or other is None:
            return None
        passed = max(measurements.at - last.at, 1 / 30)
        if passed > 0.5:
            return None
        turned = abs(other.yaw - one.yaw)
        # In pixels, as both faces' sizes may differ.
        moved = max(
            abs(other.centre[axis] * other.eye_px - one.centre[axis] * one.eye_px)
            for axis in (0, 1)
        ) / max(one.eye_px, other.eye_px)
        grown = max(one.eye_px, other.eye_px) / min(one.eye_px, other.eye_px)
        if (
            turned > 15 + self._limits.turn_speed * passed
            or moved > 0.5 + self._limits.move_speed * passed
            or grown > 1.8
        ):
            return Outcome(Verdict.FAIL, Reason.JUMP)
        return None
