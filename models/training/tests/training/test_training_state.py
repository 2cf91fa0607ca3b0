"""A run goes on until its time is spent, and is saved on the way and at the end."""

from __future__ import annotations

import pytest
from songreel_sprout.training import training_state
from songreel_sprout.training.training_state import train_until


class CountedRun:
    """Updates of a second each on a clock of its own; a save takes ten."""

    def __init__(self, clock: list[float]) -> None:
        self.clock, self.step, self.spent = clock, 0, 0.0
        self.saved: list[int] = []

    def update(self) -> float:
        self.clock[0] += 1.0
        self.step += 1
        return 1.0 / self.step

    def save(self) -> None:
        self.clock[0] += 10.0
        self.saved.append(self.step)


def test_time_for_saving_is_not_spent(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    clock = [5.0]
    monkeypatch.setattr(training_state.time, "monotonic", lambda: clock[0])
    run = CountedRun(clock)
    sheets: list[int] = []
    train_until(run, 100.0, 39.0, name="test", on_saved=lambda: sheets.append(run.step))
    assert (run.step, run.spent) == (100, 100.0)
    assert (run.saved, sheets) == ([40, 80, 100], [40, 80])
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["50", "100"]
    # Nothing is left to be spent: the run is only saved.
    train_until(run, 100.0, 39.0, name="test")
    assert (run.step, run.saved[-1]) == (100, 100)
