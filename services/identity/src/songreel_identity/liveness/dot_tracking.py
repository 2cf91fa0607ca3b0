"""Follow the dot with the nose, on a random path."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

from songreel_identity.faces.landmarks import FrameMeasurements
from songreel_identity.liveness.actions import Action
from songreel_identity.liveness.correlation import best_match
from songreel_identity.liveness.protocol import DotTarget, Event, Reason
from songreel_identity.liveness.steps import NeutralFace, Passed, Retry, TimedStep, guidance
from songreel_identity.liveness.thresholds import Thresholds

_LAGS = np.arange(-0.3, 1.2001, 0.05)
_MARGIN = 0.05


@dataclass(frozen=True)
class Path:
    """A smooth random path: sums of three sines an axis."""

    waves: tuple[tuple[tuple[float, float, float], ...], ...]
    """For x and y: (amplitude, Hz, phase) of each sine."""

    def at(self, seconds: float) -> tuple[float, float]:
        """Position in [-1, 1] twice; it starts in the middle."""
        ease = min(1.0, seconds / 0.8)
        x, y = (
            ease * sum(a * np.sin(2 * np.pi * f * seconds + p) for a, f, p in axis)
            for axis in self.waves
        )
        return float(np.clip(x, -1, 1)), float(np.clip(y, -1, 1))


def draw_path(random: Random) -> Path:
    """A path of its own for every step: slow enough to be followed by a head."""

    def axis() -> tuple[tuple[float, float, float], ...]:
        return tuple(
            (random.uniform(0.3, 0.5), random.uniform(low, high), random.uniform(0, 2 * np.pi))
            for low, high in ((0.12, 0.2), (0.22, 0.32), (0.34, 0.45))
        )

    return Path((axis(), axis()))


class DotTrackingStep(TimedStep):
    """The head must follow the dot, with a human delay."""

    def __init__(
        self, path: Path, seconds: float, neutral: NeutralFace, thresholds: Thresholds
    ) -> None:
        super().__init__(Action.DOT, seconds)
        self._path = path
        self._neutral = neutral
        self._limits = thresholds
        self._shown: list[tuple[float, float, float]] = []
        self._seen: list[tuple[float, float, float]] = []

    def process_frame(self, measurements: FrameMeasurements) -> list[Event]:
        """Notes where the nose points."""
        face = measurements.face
        if face is None or self.result is not None or measurements.at < self.started:
            return []
        yaw, pitch = self._neutral.yaw(face), self._neutral.pitch(face)
        self._seen.append((measurements.at, yaw, pitch))
        return guidance((measurements.at - self.started) / self.seconds)

    def tick(self, now: float) -> list[Event]:
        """Moves the dot; judges at the end of its way."""
        if self.result is not None:
            return []
        elapsed = now - self.started
        if elapsed > self.seconds + self._limits.dot_lag[1]:
            self.result = self._judge()
            return []
        x, y = self._path.at(min(elapsed, self.seconds))
        self._shown.append((now, x, y))
        return [DotTarget(x, y)]

    def _judge(self) -> Passed | Retry:
        if len(self._seen) < 8 or len(self._shown) < 8:
            return Retry(Reason.DOT_MISSED)
        shown, seen = np.array(self._shown), np.array(self._seen)
        if float(np.std(seen[:, 1])) < self._limits.dot_range:
            return Retry(Reason.DOT_MISSED)
        match = best_match(shown[:, 0], shown[:, 1:], seen[:, 0], seen[:, 1:], _LAGS, hold=False)
        low, high = self._limits.dot_lag
        if match.correlation < self._limits.dot_correlation or match.lag > high + _MARGIN:
            return Retry(Reason.DOT_MISSED)
        return Retry(Reason.TOO_EARLY) if match.lag < low - _MARGIN else Passed()
