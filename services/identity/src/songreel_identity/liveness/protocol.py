"""What the liveness protocol says: prompts, guidance, reasons, outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from songreel_kit.errors import InvalidRequest

from songreel_identity.liveness.actions import Action


class Way(StrEnum):
    """Accessible ways through a session."""

    NO_LIGHT = "no-light"
    """No coloured light; the dot's path is longer."""
    SEATED = "seated"
    """Leaning in takes the place of standing up."""
    SKIP_TWO = "skip-two"
    """Three drawn actions in place of five."""
    KEYBOARD = "keyboard"
    """The page needs no pointer; the protocol is the same."""
    SPOKEN = "spoken"
    """Prompts are spoken too: every answer may take three seconds longer."""


def parse_ways(names: Iterable[str]) -> frozenset[Way]:
    """The ways of these names. Raises `InvalidRequest`."""
    chosen = frozenset(names)
    known = {way.value for way in Way}
    if chosen - known:
        raise InvalidRequest(
            f"{min(chosen - known)!r} is no accessible way: {', '.join(sorted(known))}",
            field="ways",
        )
    return frozenset(Way(name) for name in chosen)


class Reason(StrEnum):
    """Why a session or a step ended as it did."""

    OK = "ok"
    NO_FACE = "no-face"
    TWO_FACES = "two-faces"
    DARK = "too-dark"
    FAR = "too-far"
    NOT_STRAIGHT = "not-straight"
    UNSTEADY = "unsteady"
    SLOW_CAMERA = "slow-camera"
    SLOW_LINK = "slow-link"
    TOO_LONG = "too-long"
    NO_ANSWER = "no-answer"
    WRONG_ANSWER = "wrong-answer"
    TOO_EARLY = "too-early"
    FLAT = "flat"
    DOT_MISSED = "dot-missed"
    LIGHT_WEAK = "light-weak"
    LIGHT_WRONG = "light-wrong"
    JUMP = "jump"
    REPEATED = "repeated-frames"
    CLOCK = "clock"
    OTHER_PERSON = "other-person"
    LEFT = "left"
    STALLED = "stalled"
    BROKEN = "broken-stream"


ADVICE = {
    Reason.OK: "All done.",
    Reason.NO_FACE: "Your face left the picture: stay in front of the camera and try again.",
    Reason.TWO_FACES: "One face only: ask others to step out of the picture.",
    Reason.DARK: "It is too dark: turn on a light in front of you.",
    Reason.FAR: "Come closer to the camera.",
    Reason.NOT_STRAIGHT: "Look straight into the camera.",
    Reason.UNSTEADY: "Keep your head still for two seconds.",
    Reason.SLOW_CAMERA: "The camera sends too few pictures: close other programs or add light.",
    Reason.SLOW_LINK: "The pictures arrive too late: use a better connection.",
    Reason.TOO_LONG: "It took too long: try again without a break.",
    Reason.NO_ANSWER: "The action was not seen: try again, a little larger and slower.",
    Reason.WRONG_ANSWER: "You did something else than asked: try again.",
    Reason.TOO_EARLY: "You moved before the prompt: wait for each one.",
    Reason.FLAT: "Your face looked flat: use a real camera with nothing in front of it.",
    Reason.DOT_MISSED: "You did not follow the dot: follow it with your nose, all the way.",
    Reason.LIGHT_WEAK: "The screen's light was not seen on your face: make the room darker and the "
    "screen brighter, or ask the server's operator to approve the way without light.",
    Reason.LIGHT_WRONG: "The light on your face did not match: avoid other changing lights.",
    Reason.JUMP: "The picture jumped: use one camera, without effects, and try again.",
    Reason.REPEATED: "The camera repeats pictures: use a live camera without effects.",
    Reason.CLOCK: "The camera's clock is wrong: use a live camera without effects.",
    Reason.OTHER_PERSON: "The pictures show different people: try again alone.",
    Reason.LEFT: "You left the session before its end.",
    Reason.BROKEN: "The pictures could not be read: reload the page and try again.",
    Reason.STALLED: "The pictures stopped: check the camera and the connection.",
}


class Verdict(StrEnum):
    """How a session ends."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Outcome:
    """A session's end: never a score."""

    verdict: Verdict
    reason: Reason

    @property
    def advice(self) -> str:
        """What the person can do about it."""
        return ADVICE[self.reason]


@dataclass(frozen=True)
class Prompt:
    """What to do now."""

    action: Action
    seconds: float
    """Time for it."""
    step: int
    """Number of the step, from 1."""
    steps: int
    again: bool = False
    """Whether it was asked for before."""


@dataclass(frozen=True)
class Guidance:
    """A hint while an action goes on."""

    reason: Reason
    progress: float
    """How much of the present step is done, 0-1; says nothing about the verdict."""


@dataclass(frozen=True)
class DotTarget:
    """Where the dot is now."""

    x: float
    """-1 to 1, positive to the person's own left."""
    y: float
    """-1 to 1, positive up."""


@dataclass(frozen=True)
class ScreenLight:
    """The screen's colour from now on: -1 blue, 1 amber, 0 as before."""

    colour: int


Event = Prompt | Guidance | DotTarget | ScreenLight | Outcome
