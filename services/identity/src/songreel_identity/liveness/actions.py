"""The actions that a session can ask for: one row each, the only list of them.

To add one that is drawn at random, add its row here and its drawing,
`songreel_gateway/web/page/actions/NAME.svg`: the page gets everything else with the prompt.
An action of another kind also needs its step, and a case in `session.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from songreel_identity.faces.landmarks import FaceLandmarks
from songreel_identity.liveness.thresholds import Thresholds


@dataclass(frozen=True)
class ProgressHint:
    """What the page says from some progress of a step on, until the next hint."""

    from_progress: float
    """In [0, 1]."""
    text: str
    good: bool = True
    """Whether it is shown as a success."""
    spoken: bool = False
    """Whether it is read aloud, where prompts are."""


@dataclass(frozen=True)
class HeadMovement:
    """A turn or tilt of the head, by an angle that is drawn at random."""

    axis: Literal["yaw", "pitch"]
    sign: int
    """1 for the person's own left or up, -1 for right or down."""

    def degrees(self, yaw: float, pitch: float) -> float:
        """Degrees towards the side that is asked for, from those since the neutral face."""
        return self.sign * (yaw if self.axis == "yaw" else pitch)


@dataclass(frozen=True)
class Expression:
    """An expression of the face, seen straight on."""

    share: Callable[[FaceLandmarks, FaceLandmarks, Thresholds], float]
    """How far a face is on the way from the neutral one: 0 is neutral, 1 is enough."""


def _mouth_opened(face: FaceLandmarks, neutral: FaceLandmarks, limits: Thresholds) -> float:
    return (face.mouth_open - neutral.mouth_open) / limits.mouth_open


def _mouth_widened(face: FaceLandmarks, neutral: FaceLandmarks, limits: Thresholds) -> float:
    return (face.mouth_width / neutral.mouth_width - 1) / (limits.smile_wider - 1)


def _eyes_narrowed(face: FaceLandmarks, neutral: FaceLandmarks, limits: Thresholds) -> float:
    return (1 - face.eyes_open / neutral.eyes_open) / (1 - limits.squint)


# A movement is on target at .5 and was held long enough at 1, see `PoseStep`.
_POSE_HINTS = (
    ProgressHint(0.15, "A little further.", good=False),
    ProgressHint(0.5, "Hold it."),
    ProgressHint(1.0, "Good. Now come back.", spoken=True),
)
_CALIBRATION_HINTS = (ProgressHint(0.0, ""), ProgressHint(0.01, "Good. Keep still."))
_HAND_HINTS = (ProgressHint(0.8, "Good. Take your hand away.", spoken=True),)


class Action(StrEnum):
    """What a person can be asked for. Left and right are the person's own.

    Each row: name, prompt, hints while it goes on, and the movement of those that are drawn
    at random: the paper's seven.
    """

    text: str
    hints: tuple[ProgressHint, ...]
    movement: HeadMovement | Expression | None

    def __new__(
        cls,
        name: str,
        text: str,
        hints: tuple[ProgressHint, ...] = (),
        movement: HeadMovement | Expression | None = None,
    ) -> Action:
        """Makes the row's member."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.text, member.hints, member.movement = text, hints, movement
        return member

    CALIBRATE = (
        "look-straight", "Look straight into the camera and keep still.", _CALIBRATION_HINTS,
    )  # fmt: skip
    TURN_LEFT = (
        "turn-left", "Turn your head slowly to your left, hold, and come back.",
        _POSE_HINTS, HeadMovement("yaw", 1),
    )  # fmt: skip
    TURN_RIGHT = (
        "turn-right", "Turn your head slowly to your right, hold, and come back.",
        _POSE_HINTS, HeadMovement("yaw", -1),
    )  # fmt: skip
    TILT_UP = (
        "tilt-up", "Tilt your head up, hold, and come back.",
        _POSE_HINTS, HeadMovement("pitch", 1),
    )  # fmt: skip
    TILT_DOWN = (
        "tilt-down", "Tilt your head down, hold, and come back.",
        _POSE_HINTS, HeadMovement("pitch", -1),
    )  # fmt: skip
    OPEN_MOUTH = (
        "open-mouth", "Open your mouth, hold, and close it.",
        _POSE_HINTS, Expression(_mouth_opened),
    )  # fmt: skip
    SMILE = (
        "smile", "Smile so that your teeth show, hold, and relax.",
        _POSE_HINTS, Expression(_mouth_widened),
    )  # fmt: skip
    SQUINT = ("squint", "Squint, hold, and relax.", _POSE_HINTS, Expression(_eyes_narrowed))
    DOT = ("follow-dot", "Follow the dot with your nose.")
    LIGHT = ("light", "Keep still and look at the screen while its colour changes.")
    HAND_LEFT = (
        "hand-left", "Cover the left half of your face with a hand, then take it away.",
        _HAND_HINTS,
    )  # fmt: skip
    HAND_RIGHT = (
        "hand-right", "Cover the right half of your face with a hand, then take it away.",
        _HAND_HINTS,
    )  # fmt: skip
    STAND = (
        "stand-up", "Stand up, then sit down again.",
        (ProgressHint(0.9, "Good. Sit down again.", spoken=True),),
    )  # fmt: skip
    LEAN = (
        "lean-in", "Lean towards the camera, then back.",
        (ProgressHint(0.9, "Good. Lean back.", spoken=True),),
    )  # fmt: skip


POOL = tuple(action for action in Action if action.movement is not None)
"""What the pose and expression steps are drawn from."""

TURNS = tuple(
    action
    for action in POOL
    if isinstance(action.movement, HeadMovement) and action.movement.axis == "yaw"
)
"""One of these is in every session: only a turn shows depth."""
