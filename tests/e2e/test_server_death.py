"""Only the server dies: the command starts it again and goes on."""

import json
import os
import re
import signal
from pathlib import Path

import pytest

from .conftest import SMALL, Desk
from .songs import band, write_song


def test_make_outlives_its_server(desk: Desk) -> None:
    song = desk.folder / "short.mp3"
    write_song(song, band(4.0), "mp3")
    # A folder that does not exist is made.
    video: Path = desk.folder / "out" / "clips" / "video.mp4"
    process = desk.start("make", song, "-o", video, "--json", *SMALL)
    assert process.stderr is not None
    printed = []
    for line in process.stderr:
        printed.append(line)
        # Two segments drawn: the first is then encoded and kept.
        if re.search(r"(?:32|40)/48 frames", line):
            os.kill(json.loads((desk.data / "server.json").read_text())["pid"], signal.SIGKILL)
            break
    else:
        pytest.fail(f"was never seen drawing: {printed}")
    out, err = process.communicate(timeout=240)
    printed += err.splitlines(keepends=True)
    assert process.returncode == 0, printed
    result = json.loads(out)
    assert result["frames"] == 48
    assert result["frames_reused"] >= 16, "".join(printed)
    # All that is said besides the result is progress ("NN% stage: step, ...") and notes.
    said = [line for line in printed if not line.startswith("note: ")]
    assert [line for line in said if not line[:4].strip().endswith("%")] == []
    assert sorted(path.name for path in video.parent.iterdir()) == [
        "video.analysis.json",
        "video.mp4",
        "video.storyboard.png",
        "video.storyboard.yaml",
        "video.timeline.png",
    ]
    jobs = json.loads(desk.run("jobs", "--json").stdout)["jobs"]
    assert [(job["name"], job["state"]) for job in jobs] == [(result["operation"], "done")]
