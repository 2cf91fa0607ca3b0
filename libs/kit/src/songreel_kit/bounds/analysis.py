"""Bounds of `AnalyzeOptions`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from songreel_kit.errors import InvalidRequest

MIN_BPM: Final = 30.0
MAX_BPM: Final = 300.0
OCTAVES: Final = ("", "half", "double")


def faults_of(
    *, tempo_octave: str, tempo_bpm: float, start: float, seconds: float
) -> list[InvalidRequest]:
    """Every value that fits no song, each as its error; named as in `AnalyzeOptions`."""

    def faults() -> Iterator[InvalidRequest]:
        if tempo_octave not in OCTAVES:
            yield InvalidRequest(
                f'tempo_octave is {tempo_octave[:40]!r}; it may be "half", "double" or empty',
                field="tempo_octave",
            )
        if tempo_bpm and not MIN_BPM <= tempo_bpm <= MAX_BPM:
            yield InvalidRequest(
                f"tempo_bpm is {tempo_bpm:g}; give {MIN_BPM:g} to {MAX_BPM:g} beats per minute, "
                "or 0",
                field="tempo_bpm",
            )
        for field, value in (("start", start), ("seconds", seconds)):
            if value < 0.0:
                yield InvalidRequest(f"{field} is {value:g}; it must be 0 or more", field=field)

    return list(faults())
