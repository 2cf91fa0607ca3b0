"""The colour flash: the screen's light must be reflected by the face, and only by it."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np

from songreel_identity.faces.landmarks import FrameMeasurements
from songreel_identity.liveness.actions import Action
from songreel_identity.liveness.correlation import best_match
from songreel_identity.liveness.protocol import Event, Reason, ScreenLight
from songreel_identity.liveness.steps import Inconclusive, Passed, Retry, TimedStep, guidance
from songreel_identity.liveness.thresholds import Thresholds

_LAGS = np.arange(0.0, 1.2001, 0.05)
_MARGIN = 0.025


def draw_code(random: Random, slots: int) -> tuple[int, ...]:
    """Draws a colour for each slot, -1 or 1, with enough of both and enough changes."""
    while True:
        code = tuple(random.choice((-1, 1)) for _ in range(slots))
        changes = sum(one != other for one, other in pairwise(code))
        if 3 <= code.count(1) <= slots - 3 and 4 <= changes <= slots - 2:
            return code


class ColourFlashStep(TimedStep):
    """Shows one colour a slot and compares the face's tint with the colours."""

    def __init__(self, code: tuple[int, ...], thresholds: Thresholds) -> None:
        super().__init__(Action.LIGHT, len(code) * thresholds.slot_seconds)
        self._code = code
        self._limits = thresholds
        self._shown: list[tuple[float, float]] = []
        self._seen: list[tuple[float, float]] = []

    def process_frame(self, measurements: FrameMeasurements) -> list[Event]:
        """Notes the tint."""
        if measurements.face is None or self.result is not None or measurements.at < self.started:
            return []
        self._seen.append((measurements.at, measurements.tint))
        return guidance((measurements.at - self.started) / self.seconds)

    def tick(self, now: float) -> list[Event]:
        """Changes the colour when its slot is over; judges at the end."""
        if self.result is not None:
            return []
        slot = int((now - self.started) / self._limits.slot_seconds)
        if slot < len(self._code):
            if slot < len(self._shown):
                return []
            self._shown.append((now, float(self._code[slot])))
            return [ScreenLight(self._code[slot])]
        if now - self.started <= self.seconds + self._limits.light_lag[1]:
            return []
        self.result = self._judge(now)
        return [ScreenLight(0)]

    def _judge(self, now: float) -> Passed | Retry | Inconclusive:
        if len(self._seen) < 2 * len(self._code) or len(self._shown) < len(self._code):
            return Inconclusive(Reason.SLOW_CAMERA)
        shown = np.array([*self._shown, (self.started + self.seconds, 0.0)])
        shown[-1, 1] = shown[-2, 1]
        seen = np.array(self._seen)
        if float(np.std(seen[:, 1])) < self._limits.light_amplitude / 2:
            return Inconclusive(Reason.LIGHT_WEAK)
        match = best_match(shown[:, 0], shown[:, 1:], seen[:, 0], seen[:, 1:], _LAGS, hold=True)
        if match.gain < self._limits.light_amplitude:
            return Inconclusive(Reason.LIGHT_WEAK)
        if (
            match.correlation < self._limits.light_correlation
            or match.lag > self._limits.light_lag[1] + _MARGIN
        ):
            return Retry(Reason.LIGHT_WRONG)
        return Passed()
