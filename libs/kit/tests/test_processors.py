from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from songreel_kit.processors import processors

ALL = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("text", "count"),
    [("max 100000", ALL), ("150000 100000", min(2, ALL)), ("50000 100000", 1), ("broken", ALL)],
)
def test_a_quota_of_the_second_version(tmp_path: Path, text: str, count: int) -> None:
    (tmp_path / "cpu.max").write_text(f"{text}\n")
    assert processors(tmp_path) == count


@pytest.mark.parametrize(("quota", "count"), [("-1", ALL), ("100000", 1)])
def test_a_quota_of_the_first_version(tmp_path: Path, quota: str, count: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(f"{quota}\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert processors(tmp_path) == count


def test_without_a_quota_the_affinity_counts(tmp_path: Path) -> None:
    assert processors(tmp_path) == ALL


@pytest.mark.parametrize(
    "package",
    [
        "songreel_app", "songreel_audio", "songreel_identity", "songreel_kit", "songreel_render",
        "songreel_score", "songreel_sprout",
    ],
)  # fmt: skip
def test_threads_wait_passively_before_torch_is_loaded(package: str) -> None:
    """Threads that spin take the processor from whoever shares the machine."""
    code = (
        f"import {package}, os, sys; print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)"
    )
    environment = {name: v for name, v in os.environ.items() if name != "OMP_WAIT_POLICY"}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["PASSIVE", "False"]
