"""Processes that compile functions into one cache at the same moment, and one that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

LIBROSA = """
from songreel_audio.emotion import features
import numpy, librosa
assert librosa.util.localmax(numpy.array([0.0, 1.0, 0.0])).tolist() == [False, True, False]
assert librosa.util.localmin(numpy.array([1.0, 0.0, 1.0])).tolist() == [False, True, False]
"""
SMALL = """
import numpy
from songreel_audio.numba_cache import whole_numba_cache
with whole_numba_cache():
    import compiled
numbers = numpy.arange(4.0)
assert compiled.f0(numbers).tolist() == [1.0, 2.0, 3.0, 4.0]
assert compiled.f5(numbers).tolist() == [6.0, 7.0, 8.0, 9.0]
"""
# As librosa declares its functions; several, so that a process can be killed amid them.
COMPILED = "import numba\n" + "".join(
    f"""
@numba.guvectorize(["void(float64[:], float64[:])"], "(n)->(n)", cache=True, nopython=True)
def f{number}(numbers, sums):
    for i in range(numbers.shape[0]):
        sums[i] = numbers[i] + {number + 1}
"""
    for number in range(6)
)
USES = [
    pytest.param(SMALL, id="small"),
    pytest.param(LIBROSA, id="librosa", marks=pytest.mark.slow),
]


def start(folder: Path, use: str) -> subprocess.Popen[bytes]:
    (folder / "compiled.py").write_text(COMPILED)
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": path}
    return subprocess.Popen([sys.executable, "-c", use], env=environment)


@pytest.mark.parametrize("use", USES)
def test_cold_starts_at_once_and_later_ones_end_well(use: str, tmp_path: Path) -> None:
    # Without the lock, three at once broke librosa's in three of four tries.
    together = [start(tmp_path, use) for _ in range(3)]
    assert [each.wait() for each in together] == [0, 0, 0]
    assert start(tmp_path, use).wait() == 0
    (whole,) = tmp_path.glob("cache/*/whole")
    assert list(whole.parent.rglob("*.nbc")), "nothing was compiled into the folder"


@pytest.mark.parametrize("use", USES)
def test_what_a_killed_process_left_is_not_used(use: str, tmp_path: Path) -> None:
    killed = start(tmp_path, use)
    while not any(tmp_path.rglob("*.nbc")) and killed.poll() is None:
        pass
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not list(tmp_path.glob("cache/*/whole"))
    last = max(each.stat().st_mtime_ns for each in tmp_path.rglob("*.nbc"))
    assert start(tmp_path, use).wait() == 0
    (whole,) = tmp_path.glob("cache/*/whole")
    assert min(each.stat().st_mtime_ns for each in whole.parent.rglob("*.nbc")) > last
