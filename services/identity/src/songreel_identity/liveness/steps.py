"""What all steps share: the neutral face and the results of a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from songreel_identity.faces.landmarks import FaceLandmarks, FrameMeasurements
from songreel_identity.liveness.actions import Action
from songreel_identity.liveness.protocol import Event, Guidance, Reason


@dataclass(frozen=True)
class NeutralFace:
    """The person's face at rest: medians of the calibration."""

    face: FaceLandmarks

    def yaw(self, face: FaceLandmarks) -> float:
        """Degrees of turn since, positive to the person's left."""
        return face.yaw - self.face.yaw

    def pitch(self, face: FaceLandmarks) -> float:
        """Degrees of tilt since, positive up."""
        return face.pitch - self.face.pitch


@dataclass(frozen=True)
class Passed:
    """The step is done; `still` is the number of the frame that shows it best."""

    still: int | None = None


@dataclass(frozen=True)
class Retry:
    """Not done; it may be asked again."""

    reason: Reason


@dataclass(frozen=True)
class Inconclusive:
    """It cannot be judged, and the session ends."""

    reason: Reason


Result = Passed | Retry | Inconclusive


class Step(Protocol):
    """One thing that a person is asked for. Times are seconds on the session's clock."""

    action: Action
    seconds: float
    """Time for it."""
    hides_face: bool
    """Whether the face may be lost or misread while it goes on."""
    needs_hands: bool

    @property
    def result(self) -> Result | None:
        """None while the step goes on."""
        ...

    @property
    def kept(self) -> int | None:
        """Frame that may become the step's still."""
        ...

    def begin(self, now: float) -> None:
        """Begins when the prompt is sent."""
        ...

    def process_frame(self, measurements: FrameMeasurements) -> list[Event]:
        """Judges a frame with one face, or none where `hides_face`."""
        ...

    def tick(self, now: float) -> list[Event]:
        """Judges the time."""
        ...


class TimedStep:
    """Base of steps that end by themselves when their time is over."""

    hides_face = False
    needs_hands = False

    def __init__(self, action: Action, seconds: float) -> None:
        self.action = action
        self.seconds = seconds
        self.started = 0.0
        self.result: Result | None = None
        self.kept: int | None = None

    def begin(self, now: float) -> None:
        """Starts the clock."""
        self.started = now

    def tick(self, now: float) -> list[Event]:
        """Asks again once the time is over."""
        if self.result is None and now - self.started > self.seconds:
            self.result = Retry(Reason.NO_ANSWER)
        return []


def guidance(progress: float, reason: Reason = Reason.OK) -> list[Event]:
    """One piece of guidance."""
    return [Guidance(reason, float(np.clip(progress, 0.0, 1.0)))]
