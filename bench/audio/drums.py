"""Drums whose beats are known, synthesised at 22.05 kHz."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 22_050
Doubles = NDArray[np.float64]
STEADY = (70, 85, 100, 115, 120, 130, 150, 170)
"""bpm"""
RAMPS = ((80, 100), (120, 90))
KINDS = ("clicks", "drums", "eighths", "strong snare")


class Kit:
    """A click, a kick, a snare and a hat, always the same."""

    def __init__(self) -> None:
        self._noise = np.random.default_rng(11)
        time = np.arange(int(0.3 * RATE)) / RATE
        fall = 50 * time + 100 / 30 * (1 - np.exp(-30 * time))
        self.kick = np.sin(2 * np.pi * fall) * np.exp(-10 * time)
        rattle = self._noise.standard_normal(len(time)) * np.exp(-18 * time)
        self.snare = 0.4 * rattle + 0.5 * np.sin(2 * np.pi * 185 * time) * np.exp(-25 * time)
        hiss = np.diff(self._noise.standard_normal(len(time) + 1))
        self.hat = 0.15 * hiss * np.exp(-60 * time)
        self.click = np.sin(2 * np.pi * 1500 * time) * np.exp(-80 * time)

    def play(self, beats: Doubles, seconds: float, kind: str) -> NDArray[np.float32]:
        """Samples (n,) of one of `KINDS`.

        "drums": kick and snare in turn, a hat on each beat; "eighths": and one between;
        "strong snare": a soft kick, a snare that drowns it, hats on eighths.
        """
        sound = 1e-4 * self._noise.standard_normal(int(seconds * RATE) + RATE)
        loud = (0.5, 3.0) if kind == "strong snare" else (1.0, 1.0)

        def put(part: Doubles, at: float, gain: float = 1.0) -> None:
            start = round(at * RATE)
            sound[start : start + len(part)] += gain * part

        for index, beat in enumerate(beats):
            if kind == "clicks":
                put(self.click, beat)
                continue
            put((self.kick, self.snare)[index % 2], beat, loud[index % 2])
            put(self.hat, beat)
            if kind != "drums" and index + 1 < len(beats):
                put(self.hat, (beat + beats[index + 1]) / 2)
        return (0.4 * sound[: int(seconds * RATE)]).astype(np.float32)


def beat_times(first: float, last: float, seconds: float) -> Doubles:
    """Beats of a tempo that goes from `first` to `last` bpm, s."""
    times = [0.25]
    while times[-1] < seconds - 0.6:
        times.append(times[-1] + 60 / (first + (last - first) * times[-1] / seconds))
    return np.array(times)
