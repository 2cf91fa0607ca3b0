"""Pose and expression steps: turn, tilt, open the mouth, smile, squint."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from songreel_identity.faces.landmarks import FaceLandmarks, FrameMeasurements
from songreel_identity.liveness.actions import TURNS, Action, Expression, HeadMovement
from songreel_identity.liveness.depth import planar_residual
from songreel_identity.liveness.protocol import Event, Reason
from songreel_identity.liveness.steps import NeutralFace, Passed, Retry, TimedStep, guidance
from songreel_identity.liveness.thresholds import Thresholds

_STARTED = 0.4
"""Share of the way to the target at which a movement has begun."""
_RELAXED = 0.5
"""Share of the way to the target under which the face is neutral again."""
_PLAINNESS = 4.0
"""How much a far turn costs against sharpness when the still is chosen: half as far again
must be five times as sharp. Embeddings of one face lie further apart the more it is turned or
tilted, up to those of two people (`python -m bench embeddings`)."""


@dataclass(frozen=True)
class Target:
    """What is asked for: an action, how far and how long."""

    action: Action
    degrees: float
    """For turns and tilts."""
    hold: float


def draw_target(action: Action, random: Random, thresholds: Thresholds) -> Target:
    """A random parameter for the action."""
    spread = thresholds.target_yaw if action in TURNS else thresholds.target_pitch
    return Target(action, random.uniform(*spread), random.uniform(*thresholds.hold))


class PoseStep(TimedStep):
    """Neutral, then the action held for its time, then neutral again."""

    def __init__(
        self, target: Target, neutral: NeutralFace, thresholds: Thresholds, extra: float = 0.0
    ) -> None:
        super().__init__(target.action, thresholds.action_limit + target.hold + extra)
        self.target = target
        self.depth: float | None = None
        """Largest planar residual seen while turned, in pupil distances."""
        self._neutral = neutral
        self._limits = thresholds
        self._start_limit = thresholds.start_limit + extra
        self._ready = False
        self._began: float | None = None
        self._rising: float | None = None
        self._held_since: float | None = None
        self._held = False
        self._best = 0.0
        self._missed = 0

    def process_frame(self, measurements: FrameMeasurements) -> list[Event]:
        """Follows the movement."""
        face = measurements.face
        if face is None or self.result is not None:
            return []
        share = self.share(face)
        # Whoever has not come back to neutral yet does not answer this prompt.
        self._ready = self._ready or (share < _STARTED and self._facing(face))
        if not self._ready:
            return guidance(0.0)
        if self._wrong(face):
            self.result = Retry(Reason.WRONG_ANSWER)
        elif self._held:
            if share < _RELAXED and self._facing(face):
                self.result = Passed(self.kept)
        else:
            self._follow(measurements, face, share)
        held = 0.0 if self._held_since is None else measurements.at - self._held_since
        return guidance(
            1.0 if self._held else 0.5 * min(share, 1.0) + 0.45 * held / self.target.hold
        )

    def tick(self, now: float) -> list[Event]:
        """Asks again when nothing has begun in time."""
        if self.result is None and self._began is None and now - self.started > self._start_limit:
            self.result = Retry(Reason.NO_ANSWER)
        return super().tick(now)

    def share(self, face: FaceLandmarks) -> float:
        """How far the face is on the way: 1 is enough, 0 is neutral."""
        movement = self.target.action.movement
        if isinstance(movement, Expression):
            return movement.share(face, self._neutral.face, self._limits)
        return self._degrees(face) / (self.target.degrees - self._limits.band_below)

    def _degrees(self, face: FaceLandmarks) -> float:
        """Degrees towards the asked side; 0 for an expression."""
        movement = self.target.action.movement
        if not isinstance(movement, HeadMovement):
            return 0.0
        return movement.degrees(self._neutral.yaw(face), self._neutral.pitch(face))

    def _follow(self, measurements: FrameMeasurements, face: FaceLandmarks, share: float) -> None:
        if self._began is None and self._begins(measurements.at, share):
            self.result = Retry(Reason.TOO_EARLY)
            return
        if not self._on_target(face, share):
            # One misread frame should not end a hold.
            self._missed += 1
            if self._missed > 1:
                self._held_since = None
                self._best = 0.0
            return
        self._missed = 0
        if self._held_since is None:
            self._held_since = measurements.at
        self._measure_depth(face)
        worth = measurements.sharpness / share**_PLAINNESS
        if worth >= self._best:
            self._best, self.kept = worth, measurements.frame
        self._held = measurements.at - self._held_since >= self.target.hold

    def _begins(self, at: float, share: float) -> bool:
        """Notes where the movement begins; whether that is too early to answer the prompt.

        A movement is what two frames in a row show: a blink, or one misread frame at the
        moment of the prompt, is none.
        """
        if share <= _STARTED:
            self._rising = None
        elif self._rising is None:
            self._rising = at
        else:
            self._began = self._rising
            return self._began - self.started < self._limits.too_early
        return False

    def _on_target(self, face: FaceLandmarks, share: float) -> bool:
        if share < 1.0:
            return False
        if isinstance(self.target.action.movement, Expression):
            return self._facing(face)
        return self._degrees(face) <= self.target.degrees + self._limits.band_above

    def _facing(self, face: FaceLandmarks) -> bool:
        return abs(self._neutral.yaw(face)) < 1.5 * self._limits.neutral_yaw

    def _wrong(self, face: FaceLandmarks) -> bool:
        yaw = self._neutral.yaw(face)
        if self.target.action in TURNS:
            return self._degrees(face) < -self._limits.wrong_way
        return abs(yaw) > 1.5 * self._limits.wrong_way

    def _measure_depth(self, face: FaceLandmarks) -> None:
        if abs(self._neutral.yaw(face)) < self._limits.depth_yaw:
            return
        rest = self._neutral.face
        residual = planar_residual(rest.points, face.points, rest.eye_px)
        self.depth = max(residual, self.depth or 0.0)
