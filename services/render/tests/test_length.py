"""Three minutes of video take no more memory than half a minute."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_memory_is_flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured as the benchmark does, each length in a fresh process."""
    from bench.render.resume_and_memory import LONG, SHORT, finished, start, write_inputs

    peaks: list[float] = []
    for frames in (SHORT, LONG):
        outcome = finished(start(write_inputs(tmp_path / str(frames), frames), frames))
        assert outcome["frames"] == frames
        peaks.append(outcome["peak_mib"])
    assert peaks[1] < 1.10 * peaks[0]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_figures_of_a_gpu_can_be_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a CPU and small: nobody should find out on the GPU that they cannot."""
    monkeypatch.syspath_prepend(str(ROOT))
    from bench.render.gpu import Case, measure
    from bench.render.random_checkpoints import write_checkpoint

    checkpoint = write_checkpoint(tmp_path / "tiny", size=64, widths=(16, 16, 32, 32))
    table = measure(Case(checkpoint, size=64, frames=24, device="cpu", matrix=256))
    assert len(table.rows) == 9
    rates = [float(row[1]) for row in table.rows]
    assert min(rates) > 0
    assert "denoised" in table.markdown()
