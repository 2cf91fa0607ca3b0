"""What is played: notes in seconds with velocities and instruments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from songreel_score.styles import DRUMS, ROLES

DRUM_CHANNEL: Final = 9
CHANNELS: Final = {
    role: DRUM_CHANNEL if role == DRUMS else number + (number >= DRUM_CHANNEL)
    for number, role in enumerate(ROLES)
}
"""MIDI channel of each role, from 0."""


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """A note as it sounds."""

    start: float
    """s from the first picture."""
    end: float
    pitch: int
    velocity: int
    """1 to 127."""
    role: str


@dataclass(frozen=True, slots=True)
class ProgramChange:
    """An instrument is taken up."""

    time: float
    role: str
    program: int
    """General MIDI, from 0; for the drums a kit."""


@dataclass(frozen=True)
class Performance:
    """A whole performance, each part in order of time."""

    duration: float
    notes: tuple[PlayedNote, ...]
    programs: tuple[ProgramChange, ...]
    levels: dict[str, float]
    """Gain of each role that plays, dB."""
