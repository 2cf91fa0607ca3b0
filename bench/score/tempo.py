"""Do kept cuts start bars, how many are kept, and how much does that bend the tempo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from songreel_score.plan.planner import make_plan

from bench.score.analyses import random_film
from bench.tables import Table

SHOTS = {4.0: 0.95, 2.5: 0.90, 1.5: None}
"""Mean length of shots, s, and the share of cuts to keep."""
FILMS, SECONDS = 40, 60.0
BAR_TOLERANCE = 1e-6
CHANGE_TARGET = 0.09


def tempo_table(_folder: Path) -> Table:
    """The tempo map on random films."""
    table = Table(
        "Tempo map",
        ("shots of", "cuts", "kept", "target", "start a bar", "tempo change p90", "target"),
        f"{FILMS} random films of {SECONDS:g} s for each length of shots, `--sync hard`, default "
        "style. Start a bar: the share of kept cuts that do.",
    )  # fmt: skip
    for shot, target in SHOTS.items():
        cuts = kept = on_bars = 0
        changes: list[float] = []
        for seed in range(FILMS):
            film = random_film(SECONDS, shot, seed)
            plan = make_plan(film)
            bars = np.array([bar.start for bar in plan.bars()])
            cuts += len(film.cuts)
            kept += len(plan.hits)
            on_bars += sum(bool(np.abs(bars - h.time).min() < BAR_TOLERANCE) for h in plan.hits)
            changes += plan.tempo_changes()
        table.add(
            f"{shot:g} s", cuts, f"{kept / cuts:.3f}", f">= {target:.2f}" if target else "-",
            f"{on_bars / kept:.3f}", f"{np.percentile(changes, 90):.1%}", f"<= {CHANGE_TARGET:.0%}",
        )  # fmt: skip
    return table
