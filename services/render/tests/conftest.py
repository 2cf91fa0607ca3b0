from __future__ import annotations

from pathlib import Path

import pytest
from songreel_testing.render.click_track import write_song
from songreel_testing.render.harness import RenderHarness
from songreel_testing.render.tiny_checkpoint import write_checkpoint


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """A Stable Diffusion 1.x of tiny widths with random weights, as a diffusers folder."""
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny")


@pytest.fixture(scope="session")
def song(tmp_path_factory) -> Path:
    """Two seconds of clicks at 120 bpm, as mp3."""
    return write_song(tmp_path_factory.mktemp("songs") / "clicks.mp3", 2.0)


@pytest.fixture
def harness(tmp_path: Path, checkpoint: Path) -> RenderHarness:
    return RenderHarness(tmp_path, checkpoint)
