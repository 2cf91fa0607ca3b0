"""Divides bars into sections and names their themes: A A' B A, and so on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

PHRASE: Final = 4
_LENGTHS: Final = range(2, 9)
# What a section's number of bars costs: phrases are of four bars, or of twice as many.
_LENGTH_COST: Final = {2: 3.0, 3: 2.2, 4: 0.0, 5: 1.4, 6: 1.2, 7: 1.6, 8: 0.7}
# Which theme comes when; 32 bars and more go round again with other variations.
_FORM: Final = ("A", "A", "B", "A", "C", "C", "B", "A")


@dataclass(frozen=True)
class SectionSpan:
    """Bars of one section."""

    first: int
    bars: int
    theme: str
    variation: int

    @property
    def name(self) -> str:
        """Such as `A'`."""
        return self.theme + "'" * min(self.variation, 3)


def divide(turns: Sequence[float]) -> tuple[SectionSpan, ...]:
    """Finds the sections.

    Args:
        turns: for each bar how much the film turns at its start, 0 to 1: a kept cut, a change of
            mood. Sections begin where it does, if their length allows.
    """
    count = len(turns)
    costs = [0.0] + [float("inf")] * count
    before = [0] * (count + 1)
    for end in range(1, count + 1):
        for length in _LENGTHS:
            start = end - length
            if start < 0:
                break
            gain = 2.0 * turns[start] if start else 0.0
            cost = costs[start] + _LENGTH_COST[length] - gain
            if cost < costs[end]:
                costs[end], before[end] = cost, start
        if end < min(_LENGTHS):
            costs[end], before[end] = 9.0, 0
    borders = [count]
    while borders[-1] > 0:
        borders.append(before[borders[-1]])
    borders.reverse()
    return tuple(_named(borders))


def _named(borders: Sequence[int]) -> list[SectionSpan]:
    spans: list[SectionSpan] = []
    played: dict[str, int] = {}
    for number, (first, end) in enumerate(pairwise(borders)):
        theme = _FORM[number % len(_FORM)]
        times = played.get(theme, 0)
        played[theme] = times + 1
        # A A' B A: the theme comes back plain after something else.
        again = number > 0 and spans[-1].theme == theme
        variation = 1 if again else (0 if times < 3 else 2)
        spans.append(SectionSpan(first, end - first, theme, variation))
    return spans
