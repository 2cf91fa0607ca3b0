"""Bounds that gateway and services share, and errors that tell all faults at once."""

from __future__ import annotations

from google.rpc import error_details_pb2
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel_kit.bounds import analysis, render, storyboard
from songreel_kit.errors import (
    InvalidRenderSettings,
    InvalidRequest,
    UnknownSchedule,
    all_faults,
    from_status,
    to_status,
)

WRONG = {
    "size": 100,
    "fps": "a dozen",
    "steps": 5000,
    "seed": -1,
    "schedule": "waltz",
    "guidance_scale": 0.5,
    "scheduler": "magic",
    "cadence": 2.0,
    "colour_match": -0.5,
    "format": "avi",
    "mark": "m" * 61,
    "in_betweens": "guesses",
    "animatic": "sometimes",
}


def test_every_bound_is_its_own_fault() -> None:
    for field, value in WRONG.items():
        (fault,) = render.faults_of(RenderSettings(**{field: value}))
        assert fault.metadata["field"] == field
    faults = render.faults_of(RenderSettings(**WRONG, loras=[{"weight": 9.0}]))
    assert {each.metadata["field"] for each in faults} == {*WRONG, "loras.weight"}
    assert render.faults_of(RenderSettings()) == []
    good = {"size": 512, "fps": "23.976", "steps": 50, "scheduler": "lcm", "animatic": "0.4"}
    assert render.faults_of(RenderSettings(**good)) == []
    (fault,) = render.faults_of(RenderSettings(steps=51, scheduler="lcm"))
    assert "1..50 of lcm" in fault.message


def test_bounds_of_the_other_stages() -> None:
    faults = analysis.faults_of(tempo_octave="third", tempo_bpm=10.0, start=-1.0, seconds=-2.0)
    assert [each.metadata["field"] for each in faults] == [
        "tempo_octave",
        "tempo_bpm",
        "start",
        "seconds",
    ]
    assert analysis.faults_of(tempo_octave="", tempo_bpm=0.0, start=0.0, seconds=0.0) == []
    for share, wrong in ((0.0, 0), (1.0, 0), (1.5, 1), (float("nan"), 1)):
        assert len(storyboard.faults_of(protagonist_share=share)) == wrong


def violations(error: InvalidRequest) -> list[tuple[str, str]]:
    bad = error_details_pb2.BadRequest()
    for detail in to_status(error).details:
        detail.Unpack(bad)
    return [(each.field, each.description) for each in bad.field_violations]


def test_one_fault_stays_itself_and_several_are_listed() -> None:
    one = UnknownSchedule("no such schedule", field="schedule").within("video")
    assert all_faults([one]) is one
    assert violations(one) == [("video.schedule", "no such schedule")]
    two = [InvalidRenderSettings(f"{field} is wrong", field=field) for field in ("size", "mark")]
    both = all_faults(two).within("video")
    assert type(both) is InvalidRenderSettings
    assert "size is wrong; mark is wrong" in both.message
    assert violations(both) == [("video.size", "size is wrong"), ("video.mark", "mark is wrong")]
    back = from_status(to_status(both))
    assert isinstance(back, InvalidRequest)
    assert back.violations == both.violations
    assert type(all_faults([one, *two])) is InvalidRequest


def test_all_faults_at_once_fit_into_grpcs_metadata() -> None:
    wrong = dict(WRONG, schedule="ß" * 40, format="ß" * 40, fps="ß" * 40)
    error = all_faults(render.faults_of(RenderSettings(**wrong))).within("video.render_settings")
    # The status travels in base64, its message once more percent-encoded.
    size = len(to_status(error).SerializeToString()) * 4 / 3 + 3 * len(error.message.encode()[:900])
    assert size < 8000
