"""What all steps of a session share: the person's neutral face, a step's result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from songreel_identity.faces.landmarks import Face, Reading
from songreel_identity.liveness.protocol import Action, Event, Guidance, Reason


@dataclass(frozen=True)
class Neutral:
    """Medians of the calibration: what the person's face measures at rest."""

    face: Face

    def yaw(self, face: Face) -> float:
        """Degrees of turn since, positive to the person's left."""
        return face.yaw - self.face.yaw

    def pitch(self, face: Face) -> float:
        """Degrees of tilt since, positive up."""
        return face.pitch - self.face.pitch


@dataclass(frozen=True)
class Passed:
    """The step is done; `still` is the frame that shows it best."""

    still: int | None = None


@dataclass(frozen=True)
class Again:
    """Not done; it may be asked again."""

    reason: Reason


@dataclass(frozen=True)
class Failed:
    """Not what a live person does."""

    reason: Reason


@dataclass(frozen=True)
class Unclear:
    """Cannot be judged under these circumstances."""

    reason: Reason


Result = Passed | Again | Failed | Unclear


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
        """None while it goes on."""
        ...

    @property
    def kept(self) -> int | None:
        """Frame that may become the step's still."""
        ...

    def begin(self, now: float) -> None:
        """The prompt is out."""
        ...

    def see(self, reading: Reading) -> list[Event]:
        """A frame with one face, or none where `hides_face`."""
        ...

    def tick(self, now: float) -> list[Event]:
        """Time has passed."""
        ...


class Timed:
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
            self.result = Again(Reason.NO_ANSWER)
        return []


def hint(progress: float, reason: Reason = Reason.OK) -> list[Event]:
    """One piece of guidance."""
    return [Guidance(reason, float(np.clip(progress, 0.0, 1.0)))]
