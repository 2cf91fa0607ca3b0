"""Three minutes of video take no more memory than half a minute."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_memory_is_flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured as the benchmark does, each length in a fresh process."""
    monkeypatch.syspath_prepend(str(ROOT))
    assert str(ROOT) in sys.path
    from bench.render.length import LONG, SHORT, finished, stage_at, start

    peaks: list[float] = []
    for frames in (SHORT, LONG):
        outcome = finished(start(stage_at(tmp_path / str(frames), frames), frames))
        assert outcome["frames"] == frames
        peaks.append(outcome["peak_mib"])
    assert peaks[1] < 1.10 * peaks[0]
