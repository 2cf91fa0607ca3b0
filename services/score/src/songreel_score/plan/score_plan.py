"""`ScorePlan`: everything that is decided before a note is written.

Times are seconds from the video's first picture. Its YAML is written and read by
`plan_document.py`; people edit it, so each field says what changing it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

FILM: Final = "film"
PERSON: Final = "person"


@dataclass(frozen=True)
class Hit:
    """A moment of the film that the music marks."""

    time: float
    """Where it is in the film, s."""
    music_time: float
    """Where the music marks it, s."""
    strength: float = 1.0
    """0 to 1: how loud the accent is."""
    by: str = FILM
    """`film` for a cut, `person` for one that was asked for."""

    @property
    def error_ms(self) -> float:
        """How late the music is, ms."""
        return (self.music_time - self.time) * 1000.0


@dataclass(frozen=True)
class SkippedCut:
    """A cut that the music passes over, and why."""

    time: float
    reason: str


@dataclass(frozen=True)
class MoodPoint:
    """Mood at a moment; between points it changes evenly."""

    time: float
    valence: float
    """-1 sad or angry, to 1 happy."""
    arousal: float
    """-1 still, to 1 excited."""
    by: str = FILM
    """`person` for a keyframe that was set by hand."""


@dataclass(frozen=True)
class Bar:
    """A bar of the music."""

    beats: int
    """1 to 8."""
    chords: tuple[str, ...]
    """Numerals, dividing the bar evenly."""


@dataclass(frozen=True)
class Stretch:
    """From one kept cut to the next, at one tempo. Its tempo follows from its beats."""

    start: float
    end: float
    bars: tuple[Bar, ...]

    @property
    def beats(self) -> int:
        """Of all its bars."""
        return sum(bar.beats for bar in self.bars)

    @property
    def bpm(self) -> float:
        """Beats a minute."""
        return 60.0 * self.beats / (self.end - self.start)


@dataclass(frozen=True)
class Section:
    """Some bars with one theme."""

    name: str
    """`A`; `A'` for a variation."""
    theme: str
    """Name in `ScorePlan.themes`."""
    variation: int
    """0 plays the theme as it is; 1 and above ornament it."""
    scale: str
    """`major`, `minor`, ... (see `harmony.SCALES`)."""
    bars: int


@dataclass(frozen=True)
class ThemeNote:
    """A note of a theme."""

    bar: int
    """0 for the theme's first."""
    beat: float
    """From the bar's start."""
    length: float
    """Beats."""
    step: int
    """Steps of the scale above the tonic; 7 is an octave."""


@dataclass(frozen=True)
class PlacedBar:
    """A bar with its place."""

    number: int
    start: float
    """s."""
    end: float
    first_beat: int
    """Beats before it."""
    bar: Bar
    bpm: float
    section: Section
    section_bar: int
    """Its place within the section."""


@dataclass(frozen=True)
class ScorePlan:
    """The plan of a soundtrack."""

    duration: float
    """s; the music lasts exactly as long."""
    style: str
    key: str
    """The tonic; the scales of the sections say the mode."""
    sync: str
    """`hard`: kept cuts start bars; `soft`: one tempo that meets many; `off`: one tempo."""
    seed: int
    mood: tuple[MoodPoint, ...]
    hits: tuple[Hit, ...]
    skipped: tuple[SkippedCut, ...]
    sections: tuple[Section, ...]
    themes: dict[str, tuple[ThemeNote, ...]]
    stretches: tuple[Stretch, ...]
    warnings: tuple[str, ...] = ()

    @property
    def beats(self) -> int:
        """Of the whole music."""
        return sum(stretch.beats for stretch in self.stretches)

    def bars(self) -> tuple[PlacedBar, ...]:
        """All bars in order, with their places."""
        return tuple(self._placed())

    def _placed(self) -> Iterator[PlacedBar]:
        owners = iter([(s, i) for s in self.sections for i in range(s.bars)])
        number = first = 0
        for stretch in self.stretches:
            beat = (stretch.end - stretch.start) / stretch.beats
            done = 0
            for bar in stretch.bars:
                start = stretch.start + done * beat
                done += bar.beats
                end = stretch.start + done * beat if done < stretch.beats else stretch.end
                section, place = next(owners)
                yield PlacedBar(number, start, end, first, bar, stretch.bpm, section, place)
                number, first = number + 1, first + bar.beats

    def tempo_points(self) -> tuple[np.ndarray, np.ndarray]:
        """Beats (n,) and their seconds (n,), between which time runs evenly."""
        beats, seconds = [0.0], [self.stretches[0].start]
        for stretch in self.stretches:
            beats.append(beats[-1] + stretch.beats)
            seconds.append(stretch.end)
        return np.array(beats), np.array(seconds)

    def seconds_at(self, beats: np.ndarray) -> np.ndarray:
        """Seconds of beats counted from the start; beats before 0 and past the end go on evenly."""
        known, seconds = self.tempo_points()
        inside = np.interp(beats, known, seconds)
        over = np.maximum(0.0, beats - known[-1]) * 60.0 / self.stretches[-1].bpm
        under = np.minimum(0.0, beats) * 60.0 / self.stretches[0].bpm
        return inside + over + under

    def mood_at(self, time: float) -> tuple[float, float]:
        """Valence and arousal at a time."""
        times = [point.time for point in self.mood]
        return (
            float(np.interp(time, times, [point.valence for point in self.mood])),
            float(np.interp(time, times, [point.arousal for point in self.mood])),
        )

    def tempo_changes(self) -> tuple[float, ...]:
        """Relative change of tempo at each joint of stretches."""
        return tuple(abs(b.bpm / a.bpm - 1.0) for a, b in pairwise(self.stretches))
