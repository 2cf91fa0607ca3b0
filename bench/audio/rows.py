"""A row of the table."""

from __future__ import annotations

from dataclasses import dataclass

NONE = "-"


@dataclass(frozen=True)
class Row:
    """One figure, its target and librosa's figure on the same sound."""

    what: str
    target: str
    songreel: str
    librosa: str = NONE
    met: bool | None = None
    """None where there is no target, or no data."""


def absent(what: str, target: str, why: str) -> Row:
    """The row of a figure that cannot be taken here."""
    return Row(what, target, f"absent: {why}")


def at_least(what: str, target: float, value: float, librosa: float | None = None) -> Row:
    """A figure in [0, 1] that should be at least `target`."""
    other = NONE if librosa is None else f"{librosa:.3f}"
    return Row(what, f">= {target:.2f}", f"{value:.3f}", other, value >= target)


def at_most(what: str, target: float, value: float, unit: str, librosa: float | None = None) -> Row:
    """A figure in `unit` that should be at most `target`."""
    other = NONE if librosa is None else f"{librosa:.1f} {unit}"
    return Row(what, f"<= {target:g} {unit}", f"{value:.1f} {unit}", other, value <= target)
