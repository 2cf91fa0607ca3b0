"""What an engine writes, and what every engine is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from songreel_score.plan.score_plan import ScorePlan

Report = Callable[[float], None]
"""Takes the share of the notes written; may raise to give up."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note on the plan's grid of beats."""

    beat: float
    """From the start of the music."""
    length: float
    """Beats."""
    pitch: int
    """MIDI number; in the drums General MIDI's percussion key."""
    role: str
    """One of `styles.ROLES`."""
    weight: float = 0.6
    """How loud it is meant within its role, 0 to 1."""


@dataclass(frozen=True)
class Composition:
    """The notes of a soundtrack in order of time."""

    notes: tuple[Note, ...]
    engine: str
    """Name and version of what wrote them."""


class Engine(Protocol):
    """Writes notes to a plan.

    The plan's bars, chords, scales and hits are given: an engine fills them and changes none.
    The same plan gives the same notes; chance comes from `plan.seed` alone. Pitched notes lie
    within 21 to 108 and notes begin within 0 to `plan.beats`.
    """

    @property
    def version(self) -> str:
        """Name and version; it changes when the same plan would give other notes."""
        ...

    def compose(self, plan: ScorePlan, report: Report) -> Composition:
        """Writes the notes; `report` is called often."""
        ...
