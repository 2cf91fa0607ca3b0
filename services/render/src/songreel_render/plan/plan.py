"""The render plan: everything that decides the frames, resolved to numbers."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

import torch
from songreel.render.v1.render_plan_pb2 import RenderPlan, RenderSettings, ScenePlan, SegmentPlan
from songreel_kit.artifacts.documents import stage_key

from songreel_render import VERSION
from songreel_render.animatic.mode import is_drawn
from songreel_render.motion.keyframes import FLOW
from songreel_render.motion.layout import Layout


@dataclass(frozen=True)
class RenderEnvironment:
    """What of a process affects the frames, down to the last bit."""

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


def build_plan(
    settings: RenderSettings,
    layout: Layout,
    environment: RenderEnvironment,
    *,
    checkpoint_sha256: str,
    song_sha256: str,
    analysis_sha256: str,
    storyboard_sha256: str,
) -> RenderPlan:
    """Write the plan down.

    A scene's `path_length` is the way of its noise in radians, dissolves not counted.
    """
    count, per_segment = layout.grid.count, environment.segment_frames
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
        renderer=environment.describe() + _drawing_versions(settings),
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


def _drawing_versions(settings: RenderSettings) -> str:
    used: list[str] = []
    if settings.in_betweens == FLOW or is_drawn(settings.animatic):
        used.append("opencv-python-headless")
    if is_drawn(settings.animatic):
        used += ["songreel-animatic", "skia-python"]
    return "".join(f"; {name} {version(name)}" for name in used)


def _way(layout: Layout, first: int, end: int) -> float:
    if end <= first:
        return 0.0
    return float(layout.mix.travel[end - 1])
