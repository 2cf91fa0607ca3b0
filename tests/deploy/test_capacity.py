"""The capacity model: its arithmetic, and that the page shows what it computes."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import capacity
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .chart import REPOSITORY, chart

COSTS, ASSUMED = capacity.Costs(), capacity.Assumptions()


def test_the_page_shows_what_the_script_computes() -> None:
    page = (REPOSITORY / "docs/operate/size.md").read_text()
    shown = re.search(r"<!-- capacity -->\n(.*?)<!-- /capacity -->", page, re.S)
    printed = subprocess.run(
        [sys.executable, REPOSITORY / "deploy/capacity.py"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown
    assert shown[1] == printed, "put the output of deploy/capacity.py into docs/operate/size.md"


def test_the_measured_cost_is_the_readmes() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    figures = f"| {COSTS.wall_seconds:.0f} s | {COSTS.gigabytes} GB | {COSTS.frames} |"
    assert figures in readme, "put the README's figures of the demo song into deploy/capacity.py"


def test_one_demo_song_a_day_costs_what_it_was_measured_to_cost() -> None:
    fps = COSTS.frames / COSTS.song_seconds
    demo = capacity.plan(1, COSTS, replace(ASSUMED, song_seconds=COSTS.song_seconds, fps=fps))
    assert demo.core_seconds == pytest.approx(COSTS.wall_seconds * COSTS.cores)
    assert demo.job_seconds == pytest.approx(COSTS.wall_seconds)
    assert demo.mean_cores * capacity.DAY == pytest.approx(demo.core_seconds)


@settings(deadline=None)
@given(st.integers(1, 10**6), st.integers(2, 50))
def test_more_videos_need_no_less(videos: int, times: int) -> None:
    few, many = (capacity.plan(n, COSTS, ASSUMED) for n in (videos, videos * times))
    assert many.pods >= few.pods
    assert many.machines >= few.machines
    assert many.price == pytest.approx(few.price * times)


@settings(deadline=None)
@given(st.integers(1, 10**6))
def test_the_pods_can_do_the_work_of_the_busiest_hour(videos: int) -> None:
    need = capacity.plan(videos, COSTS, ASSUMED)
    offered = need.pods * ASSUMED.pod_cores * ASSUMED.busy
    assert offered >= need.mean_cores * ASSUMED.peak * (1 - 1e-9)
    # Little's law: the jobs at once are those that the busy pods hold.
    assert need.jobs_at_once == pytest.approx(need.mean_cores * ASSUMED.peak / ASSUMED.pod_cores)


def test_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        capacity.plan(0, COSTS, ASSUMED)


def test_the_page_speaks_of_values_that_exist() -> None:
    schema = chart().schema
    assert schema
    for path in sorted((REPOSITORY / "docs/operate").glob("*.md")):
        for word in re.findall(r"`([a-z]+(?:\.[a-zA-Z_]+)+)(?:: [^`]*)?`", path.read_text()):
            first, *rest = word.split(".")
            if first not in schema["properties"]:
                continue
            place = schema["properties"][first]
            for part in rest:
                place = resolved(place, schema)
                if isinstance(place.get("additionalProperties"), dict):
                    break
                assert part in place.get("properties", {}), f"{path.name}: no value {word}"
                place = place["properties"][part]


def resolved(place: dict, schema: dict) -> dict:
    reference = place.get("$ref")
    return schema["$defs"][reference.rpartition("/")[2]] if reference else place
