import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.progress import Progress, TextColumn
from songreel_app.jobs.display import (
    BarDisplay,
    JobStatus,
    LineDisplay,
    clock,
    detail_text,
    stage_text,
)


def lines_of(*statuses: JobStatus) -> list[str]:
    out = io.StringIO()
    display = LineDisplay(Console(file=out, width=40))
    for status in statuses:
        display.show(status)
    return out.getvalue().splitlines()


def test_a_line_tells_stage_frames_speed_and_rest() -> None:
    status = JobStatus(
        stage="render",
        step="frames",
        fraction=0.5,
        frames_done=120,
        frames_total=360,
        frames_per_second=14.25,
        rest_seconds=16.8,
    )
    assert lines_of(status) == [" 50% render: frames, 120/360 frames, 14.2 frames/s, 0:17 left"]


def test_what_is_unknown_is_left_out() -> None:
    assert detail_text(JobStatus(stage="analyze", step="beats")) == ""
    assert stage_text(JobStatus(stage="queued", step="queued")) == "queued"


def test_a_second_attempt_is_named() -> None:
    assert stage_text(JobStatus(stage="render", step="frames", attempt=2)).endswith("(attempt 2)")


def test_plain_lines_come_for_stages_and_for_every_twentieth_of_the_job() -> None:
    many = [JobStatus("render", "frames", k / 1000, k, 1000) for k in range(1001)]
    lines = lines_of(JobStatus("analyze", "decode"), JobStatus("analyze", "beats"), *many)
    assert len(lines) == 2 + 21
    assert lines[-1].startswith("100%")


def test_the_same_standing_is_not_told_twice() -> None:
    status = JobStatus("render", "frames", 0.5)
    assert len(lines_of(status, status)) == 1


def test_a_terminal_gets_a_bar_with_the_same_facts() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=120)
    columns = (TextColumn("{task.description}"), TextColumn("{task.fields[detail]}"))
    with Progress(*columns, console=console) as progress:
        BarDisplay(progress).show(
            JobStatus("render", "frames", 0.5, frames_done=3, frames_total=9, rest_seconds=61)
        )
    assert "render: frames" in out.getvalue()
    assert "3/9 frames, 1:01 left" in out.getvalue()


@given(st.integers(0, 10**6))
def test_a_clock_can_be_read_back(seconds: int) -> None:
    total = 0
    for part in clock(seconds).split(":"):
        total = total * 60 + int(part)
    assert total == seconds


@pytest.mark.parametrize(("seconds", "text"), [(-3, "0:00"), (59.6, "1:00"), (3661, "1:01:01")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text
