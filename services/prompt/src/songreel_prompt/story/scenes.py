"""Scene boundaries: cover the song exactly, cut on beats, faster where it is loud.

The cuts are the cheapest path through candidate times (dynamic programming): a cut
costs by how musical its place is, a scene by how far its length is from what the
intensity asks for.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from songreel_prompt.song import Song
from songreel_prompt.storyboard.rules import BEATLESS_S, LONGEST_S, SHORTEST_S

CALM_TARGET_S: Final = 7.5
"""Length aimed at where the song is quietest."""
LOUD_TARGET_S: Final = 2.8
"""Length aimed at where it is loudest."""

_DENSEST_S: Final = 0.2  # candidates closer than this are one place to the eye
_SNAP_S: Final = 1.0  # sections and lines move a cut to a beat no farther than this

# Costs of a cut by its place; a scene of twice or half the target length costs 1.4.
_BEAT: Final = 1.0
_DOWNBEAT: Final = 0.4
_FREE: Final = 1.3
_SECTION_GAIN: Final = 3.0
_LINE_GAIN: Final = 1.6
_LENGTH_WEIGHT: Final = 3.0


@dataclass
class _Place:
    time: float
    cost: float


def scene_spans(song: Song) -> list[tuple[float, float]]:
    """Start and end in seconds of every scene.

    The first start is 0.0, the last end is `song.duration`, and every end is the
    next start, all exactly. Scenes last 2 to 12 s (a song below 4 s is one scene).
    Inner cuts are beats rounded to the millisecond, or free places in stretches of
    more than 3 s without beats.
    """
    cuts = [0.0, *_cheapest(song, _places(song)), song.duration]
    return list(pairwise(cuts))


def _places(song: Song) -> list[_Place]:
    """Where a cut may be, sorted by time."""
    room = (SHORTEST_S, song.duration - SHORTEST_S)
    downbeats = set(song.downbeats)
    beats = sorted(downbeats.union(song.beats))
    places = [_Place(t, _DOWNBEAT if t in downbeats else _BEAT) for t in beats]
    places += [_Place(t, _FREE) for t in _free_places(beats, song.duration)]
    places.sort(key=lambda place: place.time)
    places = _thinned(places)
    _favour(places, [s.start for s in song.sections], _SECTION_GAIN, beats)
    _favour(places, [line.start for line in song.lines], _LINE_GAIN, beats)
    rounded: dict[float, _Place] = {}
    for place in places:
        time = round(place.time, 3)
        if room[0] <= time <= room[1]:
            rounded.setdefault(time, _Place(time, place.cost))
    return list(rounded.values())


def _free_places(beats: Sequence[float], duration: float) -> list[float]:
    """About one a second inside the stretches without beats."""
    edges = [0.0, *beats, duration]
    free: list[float] = []
    for left, right in pairwise(edges):
        if right - left > BEATLESS_S:
            steps = math.ceil(right - left)
            free += [left + (right - left) * k / steps for k in range(1, steps)]
    return free


def _thinned(places: Sequence[_Place]) -> list[_Place]:
    """Of places closer together than 0.2 s keeps the cheaper one, then the earlier."""
    kept: list[_Place] = []
    for place in places:
        if kept and place.time - kept[-1].time < _DENSEST_S:
            if place.cost < kept[-1].cost:
                kept[-1] = place
        else:
            kept.append(place)
    return kept


def _favour(
    places: list[_Place], times: Sequence[float], gain: float, beats: Sequence[float]
) -> None:
    """Makes the place nearest to each time cheaper; where no beats are, the time itself."""
    favoured: set[float] = set()
    for time in times:
        index = bisect_left(places, time, key=lambda place: place.time)
        near = [places[i] for i in (index - 1, index) if 0 <= i < len(places)]
        if not near:
            continue
        place = min(near, key=lambda p: abs(p.time - time))
        if abs(place.time - time) > _SNAP_S or place.time in favoured:
            continue
        if place.cost == _FREE and _clear_of(beats, time):
            place.time = time  # a free place may as well be the very moment
            places.sort(key=lambda each: each.time)
        favoured.add(place.time)
        place.cost -= gain


def _clear_of(beats: Sequence[float], time: float) -> bool:
    index = bisect_left(beats, time)
    return all(abs(beats[i] - time) >= 0.5 for i in (index - 1, index) if 0 <= i < len(beats))


def _cheapest(song: Song, places: Sequence[_Place]) -> list[float]:
    """The inner cuts of the cheapest path from 0 to the song's end."""
    if song.duration <= SHORTEST_S * 2 or not places:
        return []
    times = [0.0, *(place.time for place in places), song.duration]
    costs = [0.0, *(place.cost for place in places), 0.0]
    targets = [_target(song, time) for time in times]
    best = [0.0] + [math.inf] * (len(times) - 1)
    previous = [0] * len(times)
    for i in range(1, len(times)):
        first = bisect_left(times, times[i] - LONGEST_S - 1e-9)
        last = bisect_right(times, times[i] - SHORTEST_S + 1e-9)
        for j in range(first, last):
            length = times[i] - times[j]
            if best[j] == math.inf or not SHORTEST_S - 1e-9 <= length <= LONGEST_S + 1e-9:
                continue
            off = math.log(length * 2 / (targets[j] + targets[i]))
            total = best[j] + costs[i] + _LENGTH_WEIGHT * off * off
            if total < best[i]:
                best[i], previous[i] = total, j
    cuts: list[float] = []
    index = previous[-1]
    while index:
        cuts.append(times[index])
        index = previous[index]
    return cuts[::-1]


def _target(song: Song, time: float) -> float:
    """Length in seconds that suits the song around a time."""
    intensity = song.intensity_between(max(0.0, time - 1), min(song.duration, time + 1))
    return CALM_TARGET_S * (LOUD_TARGET_S / CALM_TARGET_S) ** intensity
