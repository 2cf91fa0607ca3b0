"""Videos that are drawn from the animatic, alone or anew by a checkpoint of random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from songreel.prompt.v1.storyboard_pb2 import Composition, Storyboard, Subject
from songreel.render.v1.render_service_pb2 import RenderRequest
from songreel_kit.errors import CheckpointNotFound
from songreel_kit.work import CancelToken
from songreel_render.backends.segments import SegmentDrawing
from songreel_render.plan.planner import PreparedRender, RenderJob
from songreel_testing.render.click_track import analysis_of
from songreel_testing.render.harness import RenderHarness, ignore
from songreel_testing.render.storyboards import scene, storyboard_of


def dance(**more: Any) -> Storyboard:
    said = Composition(
        place="meadow", time="day", subjects=[Subject(kind="dancer", action="dance")]
    )
    other = Composition(place="city", time="night", subjects=[Subject(kind="car", action="move")])
    return storyboard_of(
        scene(0, 1, "a dancer", 1, composition=said),
        scene(1, 2, "a car", 2, composition=other, **more),
    )


def prepared(harness: RenderHarness, request: RenderRequest) -> PreparedRender:
    job = RenderJob(request.song, request.analysis, request.storyboard, request.settings)
    return harness.renderer.prepare(job, ignore, CancelToken())


def test_the_animatic_alone_needs_no_checkpoint(tmp_path: Path, song: Path) -> None:
    harness = RenderHarness(tmp_path, tmp_path / "nowhere")
    request = harness.request(song, analysis_of(2.0), dance(), animatic="only", size=96)
    plan = prepared(harness, request).plan
    assert (plan.settings.animatic, plan.settings.checkpoint, plan.checkpoint_sha256) == (
        "only", "", "",
    )  # fmt: skip
    result = harness.render(request)
    assert (result.frames, result.frames_denoised, list(result.fallbacks)) == (24, 0, [])
    frames = harness.decode(result.video).frames
    assert frames.shape[1:3] == (96, 96)
    change = harness.decode(result.video).changes()
    within = np.delete(change, [0, 12])
    assert change[12] > 3 * within.max(), "the cut"
    assert (within > 0).all(), "nothing stands still"
    with pytest.raises(CheckpointNotFound):
        prepared(harness, harness.request(song, analysis_of(2.0), dance(), animatic="0.5"))


def test_two_scenes_of_the_animatic_dissolve(harness: RenderHarness, song: Path) -> None:
    jumps: list[float] = []
    for transition in ("cut", "dissolve"):
        board = dance(transition=transition)
        request = harness.request(song, analysis_of(2.0), board, fps="24", animatic="only", size=64)
        jumps.append(harness.decode(harness.render(request).video).changes()[20:27].max())
    assert jumps[1] < 0.5 * jumps[0]


def test_the_drawing_shows_less_with_more_strength(harness: RenderHarness, song: Path) -> None:
    """Even through networks of random weights, which know no drawing at all."""

    def edges(animatic: str) -> np.ndarray:
        request = harness.request(
            song, analysis_of(2.0), dance(), animatic=animatic, size=64, steps=2
        )
        result = harness.render(request)
        assert (result.frames_denoised > 0) == (animatic != "only")
        frames = harness.decode(result.video).frames.astype(float)
        return np.abs(np.diff(frames.mean(-1), axis=2)).reshape(-1)

    drawn = edges("only")
    alike = {name: float(np.corrcoef(drawn, edges(name))[0, 1]) for name in ("0.05", "1")}
    assert alike["0.05"] > 0.15
    assert alike["1"] < 0.5 * alike["0.05"]


def test_a_preview_is_the_animatic(harness: RenderHarness, song: Path) -> None:
    request = harness.request(
        song, analysis_of(2.0), dance(), animatic="0.5", size=64, preview=True
    )
    result = harness.render(request)
    assert result.frames_denoised == 0
    frames = harness.decode(result.video).frames
    alone = harness.request(song, analysis_of(2.0), dance(), animatic="only", size=64)
    assert np.array_equal(frames, harness.decode(harness.render(alone).video).frames)


@pytest.mark.parametrize("animatic", ["only", "0.3"])
def test_segments_drawn_one_by_one_have_the_same_frames(
    harness: RenderHarness, song: Path, animatic: str
) -> None:
    """What a killed render goes on from, and what replicas draw at the same time."""
    request = harness.request(song, analysis_of(2.0), dance(), animatic=animatic, size=64, steps=1)
    ready = prepared(harness, request)
    source = harness.renderer.backend._pipeline.source(ready, None)
    whole = [np.concatenate(list(source.frames(first, first + 6))) for first in range(0, 24, 6)]
    again = harness.renderer.backend._pipeline.source(ready, None)
    for place in (3, 0, 2, 1):
        part = np.concatenate(list(again.frames(6 * place, 6 * place + 6)))
        assert np.array_equal(part, whole[place])
    assert not SegmentDrawing(harness.settings, harness.store, ready.plan).complete


def test_pictures_of_people_are_not_replaced_by_drawings(
    harness: RenderHarness, song: Path
) -> None:
    """`auto` leaves the checkpoint alone where a person's adapter is drawn with."""
    from songreel.render.v1.render_plan_pb2 import Lora, RenderSettings
    from songreel_render.plan.settings_resolution import resolve_settings

    shape = harness.renderer.find_checkpoint("")
    person = RenderSettings(loras=[Lora(adapter_sha256="0" * 64)])
    assert resolve_settings(person, shape, shape.path).animatic == "off"
    assert resolve_settings(RenderSettings(), shape, shape.path).animatic == "0.55"
    person.animatic = "0.2"
    assert resolve_settings(person, shape, shape.path).animatic == "0.2"
