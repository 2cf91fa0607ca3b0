"""Dissolves: how two scenes cross, and what that leaves of the cap on movement."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from songreel_render.motion.angles import CROSSING_ANGLE, JUMP
from songreel_render.motion.frames import FrameGrid, FrameSpan

# Seconds on each side of the boundary that a dissolve takes, at most...
DISSOLVE_SECONDS: Final = 0.8
# ... and the share of a scene that it may take.
_DISSOLVE_SHARE: Final = 0.4
# Share of the window in which a crossing gathers speed, and loses it: about a smoothstep. Less
# where that would be too fast in the middle.
_EASE: Final = 1 / 3
# Less is none; divisions stay finite.
_LEAST_EASE: Final = 1e-3
# Share of the cap on all movement that a crossing may take for itself; scenes go on moving.
_CROSSING_SHARE: Final = 0.9
# Cosine between the way of a crossing and the way of a scene under it, at most: .11 by the
# geometry of way points, and what noise of few pixels adds.
_ALIGNED: Final = 0.15


@dataclass(frozen=True)
class Dissolve:
    """Half of the way before the boundary and half after it: its middle is on the beat."""

    before: int
    """Scene that is left."""
    after: int
    """Scene that is entered."""
    boundary: int
    """First frame of the scene entered."""
    reach: float
    """Frames on each side of the boundary."""
    ease: float
    """Share of the window in which the crossing gathers speed, and loses it: 0, or .001 to 1/3."""

    def crossed(self, frames: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weight of the scene entered at (possibly fractional) frames: 0, .5 at the boundary, 1."""
        share = np.clip((frames - self.boundary + self.reach) / (2 * self.reach), 0.0, 1.0)
        ease, peak = self.ease, 1 / (1 - self.ease)
        even = peak * (share - ease / 2)
        if ease == 0:
            return even
        start = peak * share**2 / (2 * ease)
        end = 1 - peak * (1 - share) ** 2 / (2 * ease)
        return np.where(share < ease, start, np.where(share > 1 - ease, end, even))

    def speed(self, frames: NDArray[np.float64]) -> NDArray[np.float64]:
        """Radians per frame by which the crossing alone moves the picture."""
        share = (frames - self.boundary + self.reach) / (2 * self.reach)
        edge = np.minimum(share, 1 - share)
        inside = edge >= 0
        slope = np.minimum(edge / self.ease, 1.0) if self.ease else np.ones_like(share)
        peak = CROSSING_ANGLE / (2 * self.reach * (1 - self.ease))
        return np.where(inside, peak * slope, 0.0)


def place_dissolves(
    grid: FrameGrid, spans: Sequence[FrameSpan], wanted: Sequence[bool], cap: float
) -> tuple[list[Dissolve], list[int]]:
    """Fit the dissolves into their scenes.

    A crossing keeps below the cap where its scenes are long enough (1.5 s), and below `JUMP` a
    frame always; scenes too short for that cut.

    Args:
        grid: the frames.
        spans: first frame and one past the last of each scene; those without a frame are
            passed over.
        wanted: whether each scene begins with a dissolve; the first one's value is not used.
        cap: radians per second of all movement.

    Returns:
        The dissolves, and the scenes that were to have one and begin with a cut.
    """
    shown = [index for index, (first, end) in enumerate(spans) if end > first]
    most = _CROSSING_SHARE * cap / float(grid.rate)
    placed: list[Dissolve] = []
    cut: list[int] = []
    for before, after in itertools.pairwise(shown):
        if not wanted[after]:
            continue
        reach = DISSOLVE_SECONDS * float(grid.rate)
        for index in (before, after):
            reach = min(reach, _DISSOLVE_SHARE * (spans[index][1] - spans[index][0]))
        even = CROSSING_ANGLE / (2 * reach)
        if reach < 1.0 or even > JUMP:
            cut.append(after)
            continue
        ease = min(_EASE, max(0.0, 1 - even / most))
        ease = ease if ease > _LEAST_EASE else 0.0
        placed.append(Dissolve(before, after, spans[after][0], reach, ease))
    return placed, cut


def room_to_move(
    dissolves: Sequence[Dissolve], grid: FrameGrid, seconds: NDArray[np.float64], cap: float
) -> NDArray[np.float64]:
    """Radians per second that scenes may move by themselves: the cap, less in a crossing.

    Args:
        dissolves: all of the song.
        grid: the frames.
        seconds: (n,) times asked about, ascending.
        cap: radians per second of all movement.

    Returns:
        (n,) in [0, cap].
    """
    rate = float(grid.rate)
    # Frames show their scenes' paths as they are in the middle of their time.
    frames = seconds * rate - 0.5
    room = np.full(len(seconds), cap)
    for dissolve in dissolves:
        # A frame more on each side: a step into the window is partly outside it.
        low, high = dissolve.boundary - dissolve.reach - 1, dissolve.boundary + dissolve.reach + 1
        first, end = np.searchsorted(frames, [low, high])
        crossing = rate * dissolve.speed(frames[first:end])
        # Length of the sum of two ways that are nearly at right angles.
        across = np.maximum(cap**2 - crossing**2 * (1 - _ALIGNED**2), 0.0)
        free = np.maximum(np.sqrt(across) - _ALIGNED * crossing, 0.0)
        room[first:end] = np.minimum(room[first:end], free)
    return room
