"""The layout of a video: every frame placed in time, from an analysis and a storyboard."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_kit.bounds.render import MAX_SEED
from songreel_kit.errors import InvalidAnalysis, InvalidStoryboard

from songreel_render.motion.crossfades import FrameMix, mix_scenes
from songreel_render.motion.dissolves import place_dissolves, room_to_move
from songreel_render.motion.frames import FrameGrid, FrameSpan
from songreel_render.motion.schedules import MAX_SPEED, find_schedule
from songreel_render.motion.timeline import SongTimeline, build_timeline

# Seeds are whole numbers that JSON holds exactly.
# Seconds by which scenes may overlap, gap or miss the song's end: rounding by hand, no more.
_SLACK: Final = 0.05


@dataclass(frozen=True)
class Layout:
    """The plan's frames in time, as the renderer uses them."""

    grid: FrameGrid
    timeline: SongTimeline
    spans: list[FrameSpan]
    mix: FrameMix
    fallbacks: tuple[str, ...] = ()
    """What is not as it was asked for, and what stands in."""

    @property
    def shown(self) -> list[int]:
        """Numbers of the scenes that have a frame, in order."""
        return [index for index, (first, end) in enumerate(self.spans) if end > first]


def check_duration(analysis: SongAnalysis) -> float:
    """Length of the video in seconds.

    Raises:
        InvalidAnalysis: no usable length.
    """
    if not (math.isfinite(analysis.duration) and analysis.duration > 0):
        raise InvalidAnalysis(
            f"the analysis gives the song a length of {analysis.duration:g} s; analyse it again"
        )
    return analysis.duration


def check_scenes(storyboard: Storyboard, duration: float) -> Sequence[Scene]:
    """The scenes, if they tile the song.

    Raises:
        InvalidStoryboard: none, out of order, with gaps, or not to the song's end; the message
            names the scene.
    """
    scenes = storyboard.scenes
    if not scenes:
        raise InvalidStoryboard("the storyboard has no scenes")
    reached = 0.0
    for place, scene in enumerate(scenes, start=1):
        if not (math.isfinite(scene.start) and math.isfinite(scene.end)):
            raise InvalidStoryboard(f"scene {place} has no finite start and end")
        if scene.end < scene.start:
            raise InvalidStoryboard(
                f"scene {place} ends at {scene.end:.3f} s, before its start at {scene.start:.3f} s"
            )
        if abs(scene.start - reached) > _SLACK:
            raise InvalidStoryboard(
                f"scene {place} starts at {scene.start:.3f} s but what is before it ends at "
                f"{reached:.3f} s; scenes follow each other without gaps"
            )
        if not scene.prompt.strip():
            raise InvalidStoryboard(f"scene {place} has no prompt")
        if not 0 <= scene.seed <= MAX_SEED:
            raise InvalidStoryboard(
                f"scene {place} has the seed {scene.seed}, outside 0..{MAX_SEED}"
            )
        reached = scene.end
    if abs(reached - duration) > _SLACK:
        raise InvalidStoryboard(
            f"the scenes end at {reached:.3f} s but the song at {duration:.3f} s; write the "
            "storyboard for this analysis again or mend the last scene"
        )
    return scenes


def lay_out(analysis: SongAnalysis, storyboard: Storyboard, settings: RenderSettings) -> Layout:
    """Place every frame: which scene, how far along, crossing into what.

    Raises:
        InvalidAnalysis, InvalidStoryboard: as `check_duration` and `check_scenes`.
    """
    duration = check_duration(analysis)
    scenes = check_scenes(storyboard, duration)
    grid = FrameGrid.over(duration, Fraction(settings.fps))
    spans = grid.spans([scene.start for scene in scenes])
    timeline = build_timeline(analysis, duration)
    schedule = find_schedule(settings.schedule)
    wanted = [scene.transition == "dissolve" for scene in scenes]
    dissolves, cut = place_dissolves(grid, spans, wanted, MAX_SPEED)
    room = room_to_move(dissolves, grid, timeline.times(), MAX_SPEED)
    motion = schedule.motion(timeline, grid, spans, room)
    mix = mix_scenes(grid, spans, dissolves, motion)
    # The paper's schedule goes from scene to scene in its own way.
    crosses = not motion.blend.any()
    stated = (schedule.fallback(timeline), _cut_instead(cut) if crosses else "")
    return Layout(grid, timeline, spans, mix, tuple(text for text in stated if text))


def _cut_instead(scenes: Sequence[int]) -> str:
    if not scenes:
        return ""
    named = ", ".join(str(place + 1) for place in scenes[:10]) + (", ..." if scenes[10:] else "")
    return (
        f"cut instead of dissolved into, because it or the one before is too short: scene {named}"
    )
