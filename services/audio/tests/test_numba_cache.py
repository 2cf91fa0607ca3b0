"""Processes that compile librosa's functions at the same moment, and one that is killed at it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

USE = """
from songreel_audio.emotion import features as emotion_features
import numpy, librosa
assert librosa.util.localmax(numpy.array([0.0, 1.0, 0.0])).tolist() == [False, True, False]
assert librosa.util.localmin(numpy.array([1.0, 0.0, 1.0])).tolist() == [False, True, False]
"""


def start(cache: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    return subprocess.Popen([sys.executable, "-c", USE], env=environment)


def test_cold_starts_at_once_and_later_ones_end_well(tmp_path: Path) -> None:
    # Without the lock, three at once broke it in three of four tries.
    together = [start(tmp_path) for _ in range(3)]
    assert [each.wait() for each in together] == [0, 0, 0]
    assert start(tmp_path).wait() == 0
    (whole,) = tmp_path.glob("*/whole")
    assert list(whole.parent.rglob("guf-*.nbc")), "nothing was compiled into the folder"


def test_what_a_killed_process_left_is_not_used(tmp_path: Path) -> None:
    killed = start(tmp_path)
    while not any(tmp_path.rglob("*.nbc")) and killed.poll() is None:
        pass
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not list(tmp_path.glob("*/whole"))
    last = max(each.stat().st_mtime_ns for each in tmp_path.rglob("*.nbc"))
    assert start(tmp_path).wait() == 0
    (whole,) = tmp_path.glob("*/whole")
    assert min(each.stat().st_mtime_ns for each in whole.parent.rglob("*.nbc")) > last
