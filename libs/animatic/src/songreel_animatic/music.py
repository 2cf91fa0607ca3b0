"""The song as the animatic hears it: where every beat, drum hit and sung word is."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

BANDS: Final = ("low", "mid", "high")
# Beats a second where a song has no steady beat: figures breathe and sway at a walk.
_WITHOUT_BEAT: Final = 1.2
# Seconds (time constants) in which a band's envelope rises and falls.
_ATTACK, _RELEASE = 0.015, 0.18


@dataclass(frozen=True)
class Section:
    """A stretch of the song that sounds alike."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""
    label: str
    """Equal letters sound alike."""
    energy: float
    """Loudness relative to the song's loudest section, in [0, 1]."""


@dataclass(frozen=True)
class Word:
    """A sung word."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""
    text: str


@dataclass(frozen=True)
class Music:
    """What moves the pictures. All functions of a time take seconds and may be asked for any."""

    duration: float
    """Seconds, > 0."""
    beats: tuple[float, ...] = ()
    """Seconds, increasing; none where the song has no steady beat."""
    downbeats: tuple[float, ...] = ()
    """Seconds, increasing: first beats of bars."""
    onset_rate: float = 0.0
    """Values a second of `onsets`."""
    onsets: dict[str, NDArray[np.float32]] = field(default_factory=dict[str, NDArray[np.float32]])
    """Onset strength by band ("low", "mid", "high"), (n,) each, 1 = 99th percentile."""
    sections: tuple[Section, ...] = ()
    vocals: tuple[tuple[float, float], ...] = ()
    """Start and end, in seconds, of what is sung."""
    words: tuple[Word, ...] = ()

    @cached_property
    def _grid(self) -> NDArray[np.float64]:
        """Beats that reach past both ends of the song."""
        beats = np.unique(np.asarray(self.beats, dtype=np.float64))
        if beats.size < 2:
            return np.arange(-4.0, self.duration + 4.0, 1.0 / _WITHOUT_BEAT)
        period = float(np.median(np.diff(beats)))
        before = beats[0] - period * np.arange(np.ceil(beats[0] / period) + 4, 0, -1)
        rest = np.ceil(max(0.0, self.duration - beats[-1]) / period) + 4
        return np.concatenate([before, beats, beats[-1] + period * np.arange(1, rest + 1)])

    @cached_property
    def _first_downbeat(self) -> int:
        """Index in the grid of a beat that opens a bar."""
        if not self.downbeats:
            return 0
        return int(np.abs(self._grid - self.downbeats[0]).argmin())

    @cached_property
    def metre(self) -> int:
        """Beats to the bar; 4 where it is unknown."""
        if len(self.downbeats) < 2 or len(self.beats) < 2:
            return 4
        bar = float(np.median(np.diff(self.downbeats)))
        beat = float(np.median(np.diff(self.beats)))
        return max(1, min(12, round(bar / beat)))

    @cached_property
    def period(self) -> float:
        """Seconds from beat to beat, typically."""
        return float(np.median(np.diff(self._grid)))

    @property
    def steady(self) -> bool:
        """Whether the song has a beat."""
        return len(self.beats) >= 2

    def beat(self, t: float) -> float:
        """Beats since a first beat of a bar near the song's start; whole on each beat."""
        return float(np.interp(t, self._grid, np.arange(self._grid.size))) - self._first_downbeat

    def bar(self, t: float) -> float:
        """Bars, whole on each downbeat."""
        return self.beat(t) / self.metre

    def pulse(self, t: float, decay: float = 4.0) -> float:
        """1 on each beat, falling as exp(-decay * part of the beat); with a rise just before it."""
        phase = self.beat(t) % 1.0
        return float(np.exp(-decay * phase) + np.exp(-30.0 * (1.0 - phase))) / (1 + np.exp(-decay))

    def energy(self, t: float) -> float:
        """Loudness of the section, in [0, 1], eased over half a second where one ends."""
        if not self.sections:
            return 0.6
        before, after = self._energy_at(t - 0.25), self._energy_at(t + 0.25)
        return 0.5 * (before + after)

    def _energy_at(self, t: float) -> float:
        return self.sections[self.section_index(t)].energy

    def section_index(self, t: float) -> int:
        """Which section sounds at t; the first or last outside the song."""
        starts = [section.start for section in self.sections]
        return max(0, bisect_right(starts, t) - 1)

    def band(self, name: str, t: float) -> float:
        """How hard a band ("low": kick and bass, "mid", "high": hats) was struck lately, 0 to 1."""
        envelope = self._envelopes.get(name)
        if envelope is None:
            return self.pulse(t) * 0.6
        return float(np.interp(t * self.onset_rate, np.arange(envelope.size), envelope))

    @cached_property
    def _envelopes(self) -> dict[str, NDArray[np.float64]]:
        """Fast attack, slow release."""
        found: dict[str, NDArray[np.float64]] = {}
        for name, strength in self.onsets.items():
            if not strength.size or self.onset_rate <= 0:
                continue
            up = np.exp(-1.0 / (_ATTACK * self.onset_rate))
            down = np.exp(-1.0 / (_RELEASE * self.onset_rate))
            level, out = 0.0, np.empty(strength.size)
            for i, value in enumerate(np.clip(strength, 0.0, 1.0)):
                keep = up if value > level else down
                level = keep * level + (1.0 - keep) * float(value)
                out[i] = level
            top = out.max()
            found[name] = out / top if top > 1e-6 else out
        return found

    def sings(self, t: float) -> bool:
        """Whether somebody sings at t."""
        return any(start <= t < end for start, end in self.vocals)

    def mouth(self, t: float) -> float:
        """How far a singer's mouth is open, 0 to 1: by the words, else by the singing."""
        for word in self.words:
            if word.start <= t < word.end:
                syllables = max(1, sum(c in "aeiouyäöüáéíóúàèìòùâêîôû" for c in word.text.lower()))
                part = (t - word.start) / max(1e-3, word.end - word.start) * syllables % 1.0
                return float(np.sin(np.pi * min(1.0, part * 1.1)) ** 0.6)
        if not self.words and self.sings(t):
            return 0.25 + 0.75 * self.band("mid", t)
        return 0.0

    def progress(self, t: float) -> float:
        """How far the song is, 0 to 1."""
        return min(1.0, max(0.0, t / self.duration))


def accented(beats: float, sharpness: float = 0.9) -> float:
    """Beats that hurry over each whole number and wait between: movement lands on the beat.

    Args:
        beats: from `Music.beat` (or any multiple of it).
        sharpness: 0 is even movement; at 1 there is rest half-way between two beats.

    Returns:
        An increasing function with the same whole numbers.
    """
    turn = 2.0 * np.pi * beats
    return float(beats + sharpness * np.sin(turn) / (2.0 * np.pi))
