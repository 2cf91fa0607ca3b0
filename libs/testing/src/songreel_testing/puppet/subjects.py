"""Who sits before the camera: a willing person, played by a puppet."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import Protocol

import numpy as np
from songreel_identity.liveness.actions import Action
from songreel_identity.liveness.protocol import DotTarget, Event, Guidance, Prompt, ScreenLight

from songreel_testing.puppet.expressions import Pose
from songreel_testing.puppet.puppet import Puppet

BLUE, AMBER = (0.95, 1.0, 1.12), (1.08, 1.03, 0.90)


class CameraSubject(Protocol):
    """Something before the camera; times are seconds of the simulation."""

    def on_event(self, event: Event, now: float) -> None:
        """Sees or hears what the page shows."""
        ...

    def image(self, now: float) -> np.ndarray | None:
        """(480, 640, 3) RGB at this moment; None sends no frame."""
        ...


@dataclass
class WillingPerson:
    """Does what it is asked, after a while, until the page says that it is enough."""

    puppet: Puppet | None
    random: Random
    reaction: float = 0.4
    reflects: float = 1.0
    """Share of the screen's light that comes back; 0 is a puppet without light."""
    light_delay: float = 0.08
    """Seconds until the screen's colour is on the face."""
    dot_delay: float = 0.28
    _prompt: Prompt | None = None
    _since: float = 0.0
    _progress: float = 0.0
    _relaxing: float | None = None
    _level: float = 0.0
    _last: float = 0.0
    _dots: list[tuple[float, float, float]] = field(default_factory=list)
    _lights: list[tuple[float, int]] = field(default_factory=list)
    _lag: tuple[float, float] = (0.0, 0.0)

    def on_event(self, event: Event, now: float) -> None:
        """Remembers the prompt, the dot, the colour."""
        if isinstance(event, Prompt):
            self._prompt, self._since = event, now
            self._progress, self._relaxing, self._level = 0.0, None, 0.0
            self._dots.clear()
        elif isinstance(event, Guidance):
            self._progress = event.progress
        elif isinstance(event, DotTarget):
            self._dots.append((now, event.x, event.y))
        elif isinstance(event, ScreenLight):
            self._lights.append((now, event.colour))

    def pose(self, now: float) -> Pose:
        """How it holds itself now."""
        passed, self._last = now - self._last, now
        sway = Pose(
            yaw=0.6 * np.sin(1.1 * now),
            pitch=0.5 * np.sin(0.8 * now + 1),
            roll=0.4 * np.sin(0.5 * now),
        )
        sway = replace(
            sway,
            shift=(0.02 * np.sin(0.7 * now), 0.015 * np.sin(0.9 * now)),
            light=self._light(now),
        )
        prompt = self._prompt
        if prompt is None or now < self._since + self.reaction:
            return sway
        action = prompt.action
        if action is Action.DOT:
            return self._following(sway, now)
        elapsed = now - self._since - self.reaction
        if action is Action.STAND:
            up = float(np.clip(min(elapsed / 1.0, (3.2 - elapsed) / 1.0), 0, 1))
            return replace(sway, shift=(sway.shift[0], -1.5 * up))
        if action is Action.LEAN:
            near = float(np.clip(min(elapsed / 1.0, (3.2 - elapsed) / 1.0), 0, 1))
            return replace(sway, scale=1 + 0.35 * near)
        if action in (Action.HAND_LEFT, Action.HAND_RIGHT):
            on = self._progress < 0.75 and elapsed < 7
            return replace(sway, hand=action.removeprefix("hand-") if on else "")
        return self._posing(sway, action, passed, now)

    def image(self, now: float) -> np.ndarray | None:
        """Renders the pose."""
        assert self.puppet is not None, "this one has no pictures"
        return self.puppet.render(self.pose(now))

    def _posing(self, sway: Pose, action: Action, passed: float, now: float) -> Pose:
        if self._progress >= 0.99:
            self._relaxing = self._relaxing or now
        if self._relaxing is not None:
            self._level = max(0.0, self._level - passed / 0.6)
        elif self._progress < 0.5:
            self._level = min(1.0, self._level + passed / 1.6)
        else:
            # A little further than just enough, as people do.
            turning = action in (Action.TURN_LEFT, Action.TURN_RIGHT)
            self._level = min(1.0, self._level + passed / (10 if turning else 4))
        level = self._level
        match action:
            case Action.TURN_LEFT:
                return replace(sway, yaw=sway.yaw + 38 * level)
            case Action.TURN_RIGHT:
                return replace(sway, yaw=sway.yaw - 38 * level)
            case Action.TILT_UP:
                return replace(sway, pitch=sway.pitch + 24 * level)
            case Action.TILT_DOWN:
                return replace(sway, pitch=sway.pitch - 24 * level)
            case Action.OPEN_MOUTH:
                return replace(sway, mouth=0.7 * level)
            case Action.SMILE:
                return replace(sway, smile=1.6 * level)
            case Action.SQUINT:
                return replace(sway, squint=0.9 * level)
            case _:
                return sway

    def _following(self, sway: Pose, now: float) -> Pose:
        seen = [dot for dot in self._dots if dot[0] <= now - self.dot_delay]
        if seen:
            self._lag = seen[-1][1:]
        return replace(sway, yaw=sway.yaw + 13 * self._lag[0], pitch=sway.pitch + 9 * self._lag[1])

    def _light(self, now: float) -> tuple[float, float, float]:
        seen = [colour for at, colour in self._lights if at <= now - self.light_delay]
        colour = seen[-1] if seen else 0
        if not colour or not self.reflects:
            return (1.0, 1.0, 1.0)
        tint = AMBER if colour > 0 else BLUE
        red, green, blue = (1 + (value - 1) * self.reflects for value in tint)
        return (red, green, blue)
