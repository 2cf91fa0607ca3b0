"""Networks of the published sizes, with random weights: shapes and memory."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from songreel_testing.render.click_track import analysis_of
from songreel_testing.render.harness import RenderHarness
from songreel_testing.render.storyboards import equal_scenes, storyboard_of

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("family", "size", "text", "pooled"),
    [
        ("sd1", 512, [1, 77, 768], None), ("sd2", 768, [1, 77, 1024], None),
        ("sdxl", 1024, [1, 77, 2048], [1, 1280]),
    ],
)  # fmt: skip
def test_a_picture_with_networks_of_the_real_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str, size: int, text: list[int],
    pooled: list[int] | None,
) -> None:  # fmt: skip
    """Loaded once, at the precision that is drawn with: never in float32 beside it."""
    monkeypatch.syspath_prepend(str(ROOT))
    from bench.render.random_checkpoints import write_real_size

    folder = write_real_size(tmp_path / family, family)
    try:
        command = [sys.executable, "-m", "bench.render.one_picture", str(folder), "256"]
        output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
        found = json.loads(output.splitlines()[-1])
    finally:
        shutil.rmtree(folder)  # pytest would keep 7 GB
    print(found)
    assert found["family"] == family
    assert found["native_size"] == size
    assert found["text"] == text
    assert found["pooled"] == pooled
    assert found["picture"] == [1, 3, 256, 256]
    assert found["finite"]
    assert found["varied"] > 0.01
    assert found["loaded_mib"] < 1.1 * found["weights_mib"] + 700
    # The file is read through the page cache, which counts as this process's for a while.
    assert found["peak_mib"] < 2.1 * found["weights_mib"] + 2000


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_video_with_networks_of_the_real_size(
    tmp_path: Path, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stable Diffusion 1.5's, from the storyboard to the file."""
    monkeypatch.syspath_prepend(str(ROOT))
    from bench.render.random_checkpoints import write_real_size

    folder = write_real_size(tmp_path / "sd1")
    try:
        harness = RenderHarness(tmp_path / "stage", folder, {"dtype": "auto", "batch_frames": None})
        request = harness.request(
            song, analysis_of(2.0), storyboard_of(*equal_scenes(2.0, 1)), fps="2", steps=1,
            size=256, guidance_scale=1.0, colour_match=0.0, cadence=0.0,
        )  # fmt: skip
        assert harness.decode(harness.render(request).video).frames.shape == (4, 256, 256, 3)
    finally:
        shutil.rmtree(folder)
