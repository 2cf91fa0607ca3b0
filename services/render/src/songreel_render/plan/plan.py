"""The render plan: everything that decides the frames, resolved to numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from typing import Final

import torch
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard
from songreel.render.v1.render_plan_pb2 import RenderPlan, RenderSettings, ScenePlan, SegmentPlan
from songreel_kit.artifacts.documents import stage_key
from songreel_kit.errors import InvalidAnalysis, InvalidStoryboard

from songreel_render import VERSION
from songreel_render.motion.crossfades import FrameRecipe, mix_scenes
from songreel_render.motion.dissolves import place_dissolves, room_to_move
from songreel_render.motion.frames import FrameGrid, FrameSpan
from songreel_render.motion.keyframes import FLOW
from songreel_render.motion.schedules import MAX_SPEED, find_schedule
from songreel_render.motion.timeline import SongTimeline, build_timeline
from songreel_render.plan.settings_resolution import MAX_SEED

# Seconds by which scenes may overlap, gap or miss the song's end: rounding by hand, no more.
_SLACK: Final = 0.05


@dataclass(frozen=True)
class Machine:
    """What of this process has a say in the frames, down to the last bit."""

    device: str
    dtype: str
    batch_frames: int
    segment_frames: int
    crf: int
    encode_threads: int
    compiled: bool = False
    preview_autoencoder: bool = False

    def describe(self) -> str:
        """As the plan names it."""
        return (
            f"songreel-render {VERSION}; {self.device} {self.dtype}"
            f"{' compiled' if self.compiled else ''}; batch {self.batch_frames}; "
            f"{'small autoencoder; ' if self.preview_autoencoder else ''}"
            f"crf {self.crf}; encoder threads {self.encode_threads}; "
            f"torch {torch.__version__}; diffusers {version('diffusers')}"
        )


@dataclass(frozen=True)
class Layout:
    """The plan's frames in time, as the renderer uses them."""

    grid: FrameGrid
    timeline: SongTimeline
    spans: list[FrameSpan]
    recipe: FrameRecipe
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
    recipe = mix_scenes(grid, spans, dissolves, motion)
    # The paper's schedule goes from scene to scene in its own way.
    crosses = not motion.blend.any()
    stated = (schedule.fallback(timeline), _cut_instead(cut) if crosses else "")
    return Layout(grid, timeline, spans, recipe, tuple(text for text in stated if text))


def build_plan(
    settings: RenderSettings,
    layout: Layout,
    machine: Machine,
    *,
    checkpoint_sha256: str,
    song_sha256: str,
    analysis_sha256: str,
    storyboard_sha256: str,
) -> RenderPlan:
    """Write the plan down.

    A scene's `path_length` is the way of its noise in radians, dissolves not counted.
    """
    count, per_segment = layout.grid.count, machine.segment_frames
    return RenderPlan(
        settings=settings,
        checkpoint_sha256=checkpoint_sha256,
        song_sha256=song_sha256,
        analysis_sha256=analysis_sha256,
        storyboard_sha256=storyboard_sha256,
        duration=float(count / layout.grid.rate),
        frames=count,
        scenes=[
            ScenePlan(
                index=index, first_frame=first, end_frame=end, path_length=_way(layout, first, end)
            )
            for index, (first, end) in enumerate(layout.spans)
        ],
        segments=[
            SegmentPlan(index=index, first_frame=first, end_frame=min(first + per_segment, count))
            for index, first in enumerate(range(0, count, per_segment))
        ],
        renderer=machine.describe() + _flow_version(settings),
    )


def plan_key(plan: RenderPlan) -> str:
    """Key of everything drawn from a plan; where checkpoint and LoRA lie does not matter."""
    nameless = RenderPlan()
    nameless.CopyFrom(plan)
    nameless.settings.checkpoint = ""
    for lora in nameless.settings.loras:
        lora.path = ""
        lora.ClearField("artifact")
    return stage_key("render.plan", VERSION, nameless)


def segment_key(plan: str, index: int) -> str:
    """Key of a finished segment; `plan` is the plan's own key."""
    return stage_key("render.segment", VERSION, plan, str(index))


def stills_key(plan: str) -> str:
    """Key of the stills of a plan's scenes; `plan` is the plan's own key."""
    return stage_key("render.stills", VERSION, plan)


def _flow_version(settings: RenderSettings) -> str:
    return f"; opencv {version('opencv-python-headless')}" if settings.in_betweens == FLOW else ""


def _cut_instead(scenes: Sequence[int]) -> str:
    if not scenes:
        return ""
    named = ", ".join(str(place + 1) for place in scenes[:10]) + (", ..." if scenes[10:] else "")
    return (
        f"cut instead of dissolved into, because it or the one before is too short: scene {named}"
    )


def _way(layout: Layout, first: int, end: int) -> float:
    if end <= first:
        return 0.0
    return float(layout.recipe.travel[end - 1])
