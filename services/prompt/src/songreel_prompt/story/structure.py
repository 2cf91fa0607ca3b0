"""What part each stretch of the song plays in a story: verse, refrain, bridge, ..."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Final, Literal

from songreel_prompt.song import Section, Song

Role = Literal["opening", "verse", "refrain", "bridge", "ending"]

_ACT_S: Final = 28.0
"""Length of an act where the song gives no sections: about eight bars of verse."""
_EDGE_SHARE: Final = 0.2
"""An opening or ending is at most this share of the song."""


@dataclass(frozen=True)
class Part:
    """A stretch of the song with one role."""

    start: float
    end: float
    key: str
    """Equal keys sound alike and share a place and a motif."""
    role: Role
    occurrence: int
    """How often its key came before: 0 the first time."""


def song_parts(song: Song) -> tuple[Part, ...]:
    """The parts in order; they cover [0, duration] without gaps.

    A label that returns is a refrain if it is the loudest and most repeated of those
    that return, else a verse. A label heard once, late and not last, is a bridge.
    Without at least two different sections the song is split into acts.
    """
    sections = _joined(song)
    if len({s.label for s in sections}) < 2:
        return _acts(song)
    roles = _roles(song, sections)
    visits: defaultdict[str, int] = defaultdict(int)
    parts: list[Part] = []
    for index, section in enumerate(sections):
        start = 0.0 if index == 0 else section.start
        last = index == len(sections) - 1
        end = song.duration if last else sections[index + 1].start
        parts.append(Part(start, end, section.label, roles[index], visits[section.label]))
        visits[section.label] += 1
    return tuple(parts)


def part_at(parts: tuple[Part, ...], time: float) -> int:
    """Index of the part that a time falls into."""
    for index, part in enumerate(parts):
        if time < part.end:
            return index
    return len(parts) - 1


def _joined(song: Song) -> list[Section]:
    """Neighbours of the same label as one section."""
    joined: list[Section] = []
    for section in song.sections:
        if joined and joined[-1].label == section.label:
            energy = max(joined[-1].energy, section.energy)
            joined[-1] = Section(joined[-1].start, section.end, section.label, energy)
        else:
            joined.append(section)
    return joined


def _roles(song: Song, sections: list[Section]) -> list[Role]:
    counts: defaultdict[str, int] = defaultdict(int)
    for section in sections:
        counts[section.label] += 1
    refrain = _refrain(song, sections, counts)
    roles: list[Role] = []
    for index, section in enumerate(sections):
        short = section.end - section.start <= max(12.0, _EDGE_SHARE * song.duration)
        sung = bool(song.lines_between(section.start, section.end))
        alone = counts[section.label] == 1
        if section.label == refrain:
            roles.append("refrain")
        elif index == 0 and short and not sung and len(sections) > 2:
            roles.append("opening")
        elif index == len(sections) - 1 and len(sections) > 2 and (short or alone):
            roles.append("ending")
        elif alone and section.start >= 0.45 * song.duration:
            roles.append("bridge")
        else:
            roles.append("verse")
    return roles


def _refrain(song: Song, sections: list[Section], counts: dict[str, int]) -> str:
    """Label of the refrain: of those that return (or of all) the loudest, most repeated.

    Where nothing returns, the beginning is no refrain: nothing has led to it yet.
    """
    candidates = [label for label, count in counts.items() if count > 1]
    candidates = candidates or list(counts)[1:] or list(counts)
    sung: defaultdict[str, int] = defaultdict(int)
    for line in song.lines:
        sung[line.text.casefold()] += 1

    def strength(label: str) -> tuple[float, str]:
        own = [s for s in sections if s.label == label]
        lines = [line for s in own for line in song.lines_between(s.start, s.end)]
        repeated = sum(sung[line.text.casefold()] > 1 for line in lines)
        energy = sum(s.energy for s in own) / len(own)
        return (energy + (0.6 * repeated / len(lines) if lines else 0.0), label)

    return max(candidates, key=strength)


def _acts(song: Song) -> tuple[Part, ...]:
    """Parts by time alone: opening, verse and refrain in turn, a late bridge, ending."""
    count = max(1, round(song.duration / _ACT_S))
    if song.duration > 2 * _ACT_S / 3:
        count = max(3, count)
    middle: list[tuple[str, Role]] = []
    bridge = math.ceil(count * 0.66)
    for index in range(count):
        if index == 0:
            middle.append(("opening", "opening") if count > 3 else ("verse", "verse"))
        elif index == count - 1:
            middle.append(("ending", "ending"))
        elif index == bridge and count >= 5:
            middle.append(("bridge", "bridge"))
        else:
            name: Role = "verse" if index % 2 and count > 3 else "refrain"
            middle.append((name, name))
    edges = [song.duration * k / count for k in range(count)] + [song.duration]
    visits: defaultdict[str, int] = defaultdict(int)
    parts: list[Part] = []
    for index, (key, role) in enumerate(middle):
        parts.append(Part(edges[index], edges[index + 1], key, role, visits[key]))
        visits[key] += 1
    return tuple(parts)
