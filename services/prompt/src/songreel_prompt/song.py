"""The song as the storyteller sees it: a checked, sorted view of a `SongAnalysis`."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Final

from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel_kit.errors import InvalidAnalysis

MAX_DURATION_S: Final = 4 * 3600.0
"""Longer analyses are refused; the audio service refuses long before."""


@dataclass(frozen=True)
class Feeling:
    """A point of the valence-arousal plane."""

    valence: float
    """Pleasure, in [-1, 1]."""
    arousal: float
    """Excitement, in [-1, 1]."""


@dataclass(frozen=True)
class Section:
    """A stretch of the song; equal labels sound alike."""

    start: float
    end: float
    label: str
    energy: float
    """Loudness relative to the loudest section, in [0, 1]."""


@dataclass(frozen=True)
class Line:
    """A line of the lyrics, in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Song:
    """All that the storyteller reads; times in seconds, sorted, within [0, duration]."""

    duration: float
    title: str
    beats: tuple[float, ...]
    downbeats: tuple[float, ...]
    sections: tuple[Section, ...]
    lines: tuple[Line, ...]
    language: str
    curve: tuple[tuple[float, Feeling], ...]
    """(time, feeling), sorted by time; empty when only the mean is known."""
    feeling: Feeling
    """Mean of the song."""
    artist: str = ""
    """Who plays it, by the file's tags: a name that no prompt may hold."""
    vocals: tuple[tuple[float, float], ...] = ()
    """(start, end) of where somebody sings, sorted; empty when nobody does or it is not known."""

    def feeling_between(self, start: float, end: float) -> Feeling:
        """Mean feeling of a stretch; the nearest point when none falls into it."""
        if not self.curve:
            return self.feeling
        first = bisect_left(self.curve, start, key=itemgetter(0))
        last = bisect_left(self.curve, end, key=itemgetter(0))
        if first == last:
            near = [self.curve[i] for i in (first - 1, first) if 0 <= i < len(self.curve)]
            middle = (start + end) / 2
            return min(near, key=lambda point: abs(point[0] - middle))[1]
        points = [feeling for _, feeling in self.curve[first:last]]
        count = len(points)
        return Feeling(
            sum(p.valence for p in points) / count, sum(p.arousal for p in points) / count
        )

    def energy_at(self, time: float) -> float | None:
        """Energy of the section at a time; None where no section is known."""
        index = bisect_right(self.sections, time, key=attrgetter("start")) - 1
        if index < 0 or time >= self.sections[index].end:
            return None
        return self.sections[index].energy

    def intensity_between(self, start: float, end: float) -> float:
        """How loud and excited a stretch is, in [0, 1]."""
        arousal = (self.feeling_between(start, end).arousal + 1) / 2
        energy = self.energy_at((start + end) / 2)
        return arousal if energy is None else (arousal + energy) / 2

    def lines_between(self, start: float, end: float) -> tuple[Line, ...]:
        """The lines sung in a stretch: each belongs where most of it is sung."""
        return tuple(
            line for line in self.lines if start <= min((line.start + line.end) / 2, end) < end
        )

    def sung_between(self, start: float, end: float) -> bool:
        """Whether a stretch has words, or a voice for at least half of it."""
        voice = sum(max(0.0, min(end, b) - max(start, a)) for a, b in self.vocals)
        return bool(self.lines_between(start, end)) or voice >= 0.5 * (end - start) > 0.0


def read_song(analysis: SongAnalysis) -> Song:
    """Checks and sorts an analysis.

    Raises:
        InvalidAnalysis: no usable duration, or numbers that are not finite.
    """
    duration = analysis.duration
    if not math.isfinite(duration) or duration <= 0:
        raise InvalidAnalysis(
            f"the analysis gives a duration of {duration} s; it must be above 0: analyse the "
            "song again"
        )
    if duration > MAX_DURATION_S:
        raise InvalidAnalysis(
            f"the analysis gives a duration of {duration:.0f} s; at most {MAX_DURATION_S:.0f} s "
            "fit into one story"
        )
    emotion = analysis.emotion
    title = " ".join(analysis.title.split())
    # Files without an artist tag are often titled "Artist - Title".
    artist = analysis.artist or (title.partition(" - ")[0] if " - " in title else "")
    return Song(
        duration=duration,
        title=title[:120],
        artist=" ".join(artist.split())[:120],
        beats=_times("beats", analysis.beats, duration),
        downbeats=_times("downbeats", analysis.downbeats, duration),
        sections=_sections(analysis, duration),
        lines=_lines(analysis, duration),
        language=analysis.language.strip().lower(),
        curve=tuple(
            sorted(
                (
                    (
                        _finite("emotion.curve.time", point.time),
                        Feeling(
                            _unit("emotion.curve.valence", point.valence),
                            _unit("emotion.curve.arousal", point.arousal),
                        ),
                    )
                    for point in emotion.curve
                ),
                key=lambda item: item[0],
            )
        ),
        feeling=Feeling(
            _unit("emotion.valence", emotion.valence), _unit("emotion.arousal", emotion.arousal)
        ),
        vocals=_vocals(analysis, duration),
    )


def _finite(field: str, value: float) -> float:
    if not math.isfinite(value):
        raise InvalidAnalysis(f"the analysis has {value} in {field}; only finite numbers can be")
    return value


def _unit(field: str, value: float) -> float:
    return min(1.0, max(-1.0, _finite(field, value)))


def _times(field: str, values: Iterable[float], duration: float) -> tuple[float, ...]:
    return tuple(sorted({v for v in values if 0 <= _finite(field, v) <= duration}))


def _sections(analysis: SongAnalysis, duration: float) -> tuple[Section, ...]:
    sections: list[Section] = []
    for section in sorted(analysis.sections, key=lambda s: (s.start, s.end)):
        start = max(0.0, _finite("sections.start", section.start))
        if sections:
            start = max(start, sections[-1].end)
        end = min(duration, _finite("sections.end", section.end))
        if end > start:
            energy = min(1.0, max(0.0, _finite("sections.energy", section.energy)))
            sections.append(Section(start, end, section.label.strip(), energy))
    return tuple(sections)


def _lines(analysis: SongAnalysis, duration: float) -> tuple[Line, ...]:
    lines: list[Line] = []
    for line in sorted(analysis.lyrics, key=lambda each: each.start):
        start = max(0.0, _finite("lyrics.start", line.start))
        end = min(duration, max(start, _finite("lyrics.end", line.end)))
        text = " ".join(line.text.split())
        if text and start < duration:
            lines.append(Line(start, end, text))
    return tuple(lines)


def _vocals(analysis: SongAnalysis, duration: float) -> tuple[tuple[float, float], ...]:
    spans: list[tuple[float, float]] = []
    for span in sorted(analysis.vocals, key=lambda each: each.start):
        start = max(_finite("vocals.start", span.start), spans[-1][1] if spans else 0.0)
        end = min(duration, _finite("vocals.end", span.end))
        if end > start:
            spans.append((start, end))
    return tuple(spans)
