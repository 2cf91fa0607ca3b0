"""The attacks of the test plan: what sits before the camera, or is fed into its place.

Each builds sitters from real pictures or clips. None of them is let through, but
for the last of the list, which nothing in the pictures tells from a person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

import cv2
import numpy as np
from songreel_identity.liveness.protocol import Event, Prompt

from songreel_testing.puppet.expressions import Pose
from songreel_testing.puppet.puppet import HEIGHT, WIDTH, Puppet, portrait, read_picture
from songreel_testing.puppet.subjects import CameraSubject, WillingPerson

PEOPLE = (("d0.mp4", 20), ("d10.mp4", 20), ("d18.mp4", 5), ("biden.jpg", 0), ("d12.mp4", 60))
"""Portraits that look straight ahead and before which a drawn hand is seen as one: file and frame.

The first and the last are like each other to dlib: .55 apart.
"""


@dataclass
class Playback:
    """Shows what a function of time gives, and hears nothing."""

    show: Callable[[float], np.ndarray | None]

    def on_event(self, event: Event, now: float) -> None:
        """Nothing."""

    def image(self, now: float) -> np.ndarray | None:
        """What is shown."""
        return self.show(now)


def person(faces: Path, number: int) -> Puppet:
    """One of the portraits, as a puppet."""
    name, frame = PEOPLE[number % len(PEOPLE)]
    return portrait(faces / name, frame)


@cache
def clip(path: Path) -> list[np.ndarray]:
    """A clip's frames at 640x480, every second one."""
    frames, capture = [], cv2.VideoCapture(str(path))
    while (read := capture.read())[0]:
        picture = cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB)
        canvas = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
        canvas[:, 80:560] = cv2.resize(picture, (480, 480))
        frames.append(canvas)
    return frames[::2]


def tilted(picture: np.ndarray, degrees: float, x: float = 0.0) -> np.ndarray:
    """A flat picture turned about its upright axis, as a camera sees it."""
    turn = np.radians(degrees)
    focal, half = 700.0, np.array([WIDTH / 2, HEIGHT / 2])
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], float)
    flat = corners - half
    depth = focal + flat[:, 0] * np.sin(turn)
    seen = np.column_stack([flat[:, 0] * np.cos(turn), flat[:, 1]]) * (focal / depth)[:, None]
    matrix = cv2.getPerspectiveTransform(
        corners.astype(np.float32), (seen + half + np.array([x, 0])).astype(np.float32)
    )
    return cv2.warpPerspective(picture, matrix, (WIDTH, HEIGHT), borderValue=(90, 90, 90))


def static_photo(faces: Path, seed: int) -> CameraSubject:
    """A photograph before the camera."""
    still = person(faces, seed).still
    return Playback(lambda _: still)


def panned_photo(faces: Path, seed: int) -> CameraSubject:
    """A photograph that is moved and tilted in the hand."""
    still, random = person(faces, seed).still, Random(seed)
    speed, reach = random.uniform(0.2, 0.5), random.uniform(20, 50)
    return Playback(
        lambda t: (
            still
            if t < 3
            else tilted(still, reach * np.sin(2 * np.pi * speed * t), 40 * np.sin(0.7 * t))
        )
    )


def real_clip(faces: Path, seed: int) -> CameraSubject:
    """A recording of a real person who follows other prompts or none."""
    paths = sorted(faces.glob("*.mp4"))
    frames = clip(paths[seed % len(paths)])
    start = Random(seed).randrange(len(frames))
    return Playback(lambda t: frames[(start + int(t * 12)) % len(frames)])


def prepared_puppet(faces: Path, seed: int) -> CameraSubject:
    """A warped still that plays a series of actions of its own choice, well performed."""
    puppet, random = person(faces, seed), Random(seed)
    acts = [
        random.choice(("yaw", "-yaw", "pitch", "-pitch", "mouth", "smile", "squint"))
        for _ in range(40)
    ]

    def show(now: float) -> np.ndarray:
        if now < 2.6:
            return puppet.render(Pose())
        number, phase = divmod(now - 2.6, 2.4)
        level = float(np.clip(min(phase - 0.4, 2.2 - phase) / 0.4, 0, 1))
        act = acts[int(number) % len(acts)]
        sign = -1 if act.startswith("-") else 1
        sizes = {"yaw": 24.0, "pitch": 15.0, "mouth": 0.5, "smile": 1.2, "squint": 0.7}
        name = act.removeprefix("-")
        return puppet.render(Pose(**{name: sign * level * sizes[name]}))

    return Playback(show)


@dataclass
class LoopedPerson(WillingPerson):
    """Willing at first; then its last seconds come again and again, byte by byte."""

    after: float = 8.0
    _frames: list[np.ndarray] = field(default_factory=list)

    def image(self, now: float) -> np.ndarray | None:
        """Rendered once, then repeated."""
        if now < self.after:
            picture = super().image(now)
            assert picture is not None
            self._frames.append(picture)
            return picture
        return self._frames[-24:][int(now * 12) % min(24, len(self._frames))]


@dataclass
class SwitchedPerson(WillingPerson):
    """Another person takes the place after some steps."""

    other: Puppet | None = None
    after: int = 4
    _steps: int = 0

    def on_event(self, event: Event, now: float) -> None:
        """Counts the prompts."""
        super().on_event(event, now)
        if isinstance(event, Prompt):
            self._steps = event.step

    def image(self, now: float) -> np.ndarray | None:
        """The one or the other."""
        puppet = self.puppet if self._steps < self.after else self.other
        assert puppet is not None
        return puppet.render(self.pose(now))


@dataclass
class AccompaniedPerson(WillingPerson):
    """Somebody else looks on from beside."""

    beside: np.ndarray | None = None

    def image(self, now: float) -> np.ndarray | None:
        """With a second, smaller face at the border."""
        picture = super().image(now)
        assert picture is not None
        assert self.beside is not None
        picture[20:200, :180] = self.beside
        return picture


@dataclass
class WrongDotPerson(WillingPerson):
    """A puppet that answers all prompts but knows nothing of the dot."""

    def on_event(self, event: Event, now: float) -> None:
        """Takes the dot for its mirror image."""
        from songreel_identity.liveness.protocol import DotTarget

        super().on_event(
            DotTarget(-event.y, event.x) if isinstance(event, DotTarget) else event, now
        )


def looped(faces: Path, seed: int) -> CameraSubject:
    """Looped frames."""
    return LoopedPerson(person(faces, seed), Random(seed), after=6.0 + seed % 5)


def switched(faces: Path, seed: int) -> CameraSubject:
    """Identity switch."""
    return SwitchedPerson(
        person(faces, seed), Random(seed), other=person(faces, seed + 1), after=3 + seed % 4
    )


def two_faces(faces: Path, seed: int) -> CameraSubject:
    """Two faces."""
    other = person(faces, seed + 2).still[60:420, 140:500]
    return AccompaniedPerson(
        person(faces, seed), Random(seed), beside=cv2.resize(other, (180, 180))
    )


def wrong_dot(faces: Path, seed: int) -> CameraSubject:
    """A puppet on a wrong dot path."""
    return WrongDotPerson(person(faces, seed), Random(seed))


def live_puppet_without_light(faces: Path, seed: int) -> CameraSubject:
    """A live puppet that reflects no light."""
    return WillingPerson(person(faces, seed), Random(seed), reflects=0.0)


def live_puppet_with_late_light(faces: Path, seed: int) -> CameraSubject:
    """A live puppet that re-lights itself half a second late."""
    return WillingPerson(person(faces, seed), Random(seed), light_delay=0.55 + 0.02 * (seed % 8))


def live_puppet_with_light(faces: Path, seed: int) -> CameraSubject:
    """A live puppet that re-lights itself in time: the residual risk."""
    return WillingPerson(person(faces, seed), Random(seed), light_delay=0.1)


ATTACKS: dict[str, Callable[[Path, int], CameraSubject]] = {
    "static photo": static_photo,
    "photo pan and tilt": panned_photo,
    "clip of a real person": real_clip,
    "prepared puppet": prepared_puppet,
    "looped frames": looped,
    "identity switch": switched,
    "two faces": two_faces,
    "wrong dot path": wrong_dot,
    "live puppet, no light": live_puppet_without_light,
    "live puppet, late light": live_puppet_with_late_light,
}
"""Replay, cut and splice, early answers, odd timestamps, nonce reuse, foreign stills
and direct upload are tests of their own: they need no new pictures or none at all."""

__all__ = ["ATTACKS", "PEOPLE", "live_puppet_with_light", "person", "read_picture"]
