"""`songreel make --render ray`: the same film, and nothing left running."""

import importlib.util
import json
from pathlib import Path

import psutil
import pytest

from ..conftest import SMALL, Workspace
from ..video_contents import frames_hash

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None, reason="songreel-render[ray] is not installed"
    ),
]


def children_of(workspace: Workspace) -> list[str]:
    """Living processes started for the data folder, whoever their parent is."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("SONGREEL_DATA") == str(workspace.data):
                found.append(" ".join(process.cmdline())[:200])
        except psutil.Error:
            continue
    return found


def test_a_video_drawn_on_ray_is_the_same_and_leaves_no_process(
    workspace: Workspace, song: Path
) -> None:
    video = workspace.folder / "video.mp4"
    process = workspace.start("make", song, "-o", video, "--json", "--render", "ray", *SMALL)
    out, err = process.communicate(timeout=1200)
    assert process.returncode == 0, err
    assert json.loads(out)["frames"] == 120
    assert not children_of(workspace)
    whole = workspace.folder / "whole.mp4"
    workspace.make(song, whole, "--data", workspace.folder / "other-data")
    assert frames_hash(video) == frames_hash(whole)
