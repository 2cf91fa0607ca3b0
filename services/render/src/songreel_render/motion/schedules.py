"""Motion schedules: how far along its latent path the picture is at each frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from songreel_kit.errors import UnknownSchedule

from songreel_render.motion.frames import FrameGrid, FrameSpan
from songreel_render.motion.timeline import GRID_RATE, SongTimeline

DEFAULT_SCHEDULE: Final = "onset"

# Radians per second along the latent path at medium energy. With a speed of 1 the noise turns
# by one radian a second; beyond about 0.15 rad a frame pictures lose their continuity.
MEAN_SPEED: Final = 0.30
# No frame moves faster than this, whatever the music does.
MAX_SPEED: Final = 1.20
# Seconds by which movement is ahead of the onsets: smoothed, they are strongest a little late.
# Chosen with the beat alignment of three songs and a click track (docs/render/figures.md).
ONSET_LEAD: Final = 0.015
# Share of the movement that follows the accents; the rest is even, so nothing stands still.
ACCENT_SHARE: Final = 0.65
# Speed at energy 0 and at energy 1, relative to `MEAN_SPEED`.
_QUIET, _LOUD = 0.5, 1.5


@dataclass(frozen=True)
class Motion:
    """Where each frame is on the way; both arrays are (frames,) float64."""

    travel: NDArray[np.float64]
    """Radians gone along the latent path since the song's start; never falls."""
    blend: NDArray[np.float64]
    """Weight of the next scene in [0, 1]; zero except for schedules that go from scene to scene."""


class Schedule(Protocol):
    """A way to turn the timeline into motion."""

    def motion(
        self,
        timeline: SongTimeline,
        grid: FrameGrid,
        spans: Sequence[FrameSpan],
        room: NDArray[np.float64] | None = None,
    ) -> Motion:
        """Compute the motion of every frame of `grid`.

        Args:
            timeline: of the song.
            grid: the frames.
            spans: the scenes' frames.
            room: radians per second that scenes may move at each grid point of the timeline;
                None is `MAX_SPEED` throughout.
        """
        ...

    def fallback(self, timeline: SongTimeline) -> str:
        """What the song lacks for this schedule and what stands in; empty if nothing."""
        ...


@dataclass(frozen=True)
class PacedSchedule:
    """Even movement plus accents, on one song-level path with a cap on the speed.

    travel(t) is the integral of MEAN_SPEED * energy * ((1 - a) + a * accent(t)); what the cap
    holds back at an accent is made up right after it. Computed on the fine grid of the
    timeline, so every frame rate samples the same path. A frame shows the path as it is in the
    middle of its time: the step to it is then centred on its appearance, which is when the
    movement is seen. By its start, all movement would be seen half a frame late.
    """

    accent_share: float
    """In [0, 1): 0 is even movement."""
    accents: str = "accent"
    """Field of the timeline that is followed: "accent", "percussion" or "pulse"."""
    by_energy: bool = True
    """Whether loud sections travel further."""
    lead: float = 0.0
    """Seconds by which the movement is ahead of what it follows."""

    def motion(
        self,
        timeline: SongTimeline,
        grid: FrameGrid,
        spans: Sequence[FrameSpan],
        room: NDArray[np.float64] | None = None,
    ) -> Motion:
        """See `Schedule`."""
        share = self.accent_share
        seconds = timeline.times()
        accents = np.interp(seconds + self.lead, seconds, getattr(timeline, self.accents))
        pace = MEAN_SPEED * ((1.0 - share) + share * accents)
        if self.by_energy:
            pace = pace * (_QUIET + (_LOUD - _QUIET) * timeline.energy)
        most = np.full(len(pace), MAX_SPEED) if room is None else np.minimum(room, MAX_SPEED)
        path = np.concatenate([[0.0], np.cumsum(_limited(pace[:-1], most[:-1])) / GRID_RATE])
        travel = np.interp(grid.times() + 0.5 / float(grid.rate), seconds, path)
        return Motion(travel, np.zeros(grid.count))

    def fallback(self, timeline: SongTimeline) -> str:
        """See `Schedule`."""
        return timeline.missing.get(self.accents, "") if self.accent_share else ""


@dataclass(frozen=True)
class PaperSchedule:
    """The paper's: t = normalised cumulative onset strength of each scene, from scene to scene.

    Kept for comparison: no cap, no floor, each scene normalised by itself. A silent scene moves
    evenly, where the paper's formula would divide by zero.
    """

    def motion(
        self,
        timeline: SongTimeline,
        grid: FrameGrid,
        spans: Sequence[FrameSpan],
        room: NDArray[np.float64] | None = None,
    ) -> Motion:
        """See `Schedule`."""
        onset = np.interp(grid.times(), timeline.times(), timeline.onset)
        blend = np.zeros(grid.count)
        for first, end in spans:
            weights = onset[first:end]
            total = weights.sum()
            if total <= 1e-9:
                weights = np.ones(end - first)
                total = float(end - first)
            # Exclusive sum: the first frame of a scene is the scene's own picture.
            shares = (np.cumsum(weights) - weights) / max(total, 1e-9)
            # A sum taken in another order may end a last digit beyond 1.
            blend[first:end] = np.minimum(shares, 1.0)
        return Motion(np.zeros(grid.count), blend)

    def fallback(self, timeline: SongTimeline) -> str:
        """See `Schedule`."""
        return ""


SCHEDULES: Final[dict[str, Schedule]] = {
    "onset": PacedSchedule(accent_share=ACCENT_SHARE, lead=ONSET_LEAD),
    "percussive": PacedSchedule(accent_share=ACCENT_SHARE, accents="percussion", lead=ONSET_LEAD),
    "sine": PacedSchedule(accent_share=ACCENT_SHARE, accents="pulse"),
    "linear": PacedSchedule(accent_share=0.0, by_energy=False),
    "paper": PaperSchedule(),
}


def find_schedule(name: str) -> Schedule:
    """Look up a schedule by name.

    Raises:
        UnknownSchedule: no such name; the message lists the known ones.
    """
    schedule = SCHEDULES.get(name)
    if schedule is None:
        raise UnknownSchedule(
            f"there is no motion schedule {name!r}; known: {', '.join(sorted(SCHEDULES))}"
        )
    return schedule


def _limited(pace: NDArray[np.float64], most: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cap a pace (rad/s) moment by moment, carrying the excess on to the moments after."""
    limited = pace.copy()
    if (pace <= most).all():
        return limited
    carry = 0.0
    for index, (wanted, cap) in enumerate(zip(pace.tolist(), most.tolist(), strict=True)):
        limited[index] = min(wanted + carry, cap)
        carry += wanted - limited[index]
    return limited
