"""Moods as people give them: `V,A` for a whole film, or a table of keyframes."""

from __future__ import annotations

import csv
from pathlib import Path

from songreel_kit.errors import InvalidRequest

Keyframe = tuple[float, float, float]
"""Time in s, valence, arousal."""


def read_mood(text: str) -> tuple[Keyframe, ...]:
    """Reads `0.6,-0.2`, or a CSV file with rows of time in s, valence, arousal.

    Raises:
        InvalidRequest: neither a pair of numbers nor such a file.
    """
    pair = _numbers(text.split(","))
    if pair is not None and len(pair) == 2:
        return ((0.0, pair[0], pair[1]),)
    path = Path(text)
    if not path.is_file():
        raise InvalidRequest(
            f"--mood {text} is neither VALENCE,AROUSAL nor a CSV file of time, valence, arousal"
        )
    points: list[Keyframe] = []
    with path.open(newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.reader(file), 1):
            values = _numbers(row)
            if values is not None and len(values) == 3:
                time, valence, arousal = values
                points.append((time, valence, arousal))
            elif number > 1 and row:  # The first row may be a heading.
                raise InvalidRequest(f"line {number} of {path} is not time,valence,arousal")
    if not points:
        raise InvalidRequest(f"{path} holds no row of time,valence,arousal")
    return tuple(points)


def _numbers(cells: list[str]) -> list[float] | None:
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        return None
