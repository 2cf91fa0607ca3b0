"""Liveness: accept and reject rates of simulated attacks and willing people.

Every session goes through the real tracker, protocol and embeddings in simulated
time; the puppet of the identity service's tests renders the camera. Sizes come from
`SONGREEL_BENCH_ATTACKS` (per kind, 30) and `SONGREEL_BENCH_WILLING` (60); results are
appended to `SONGREEL_BENCH_LOG` (JSON lines) when that is set, and a run goes on
where the log ends.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from bench.machine import describe

ROOT = Path(__file__).resolve().parents[1]
FACES = ROOT.parent / "shared" / "data" / "faces"
WILLING = "willing person"
RESIDUAL = "live puppet, light in time"


def session(kind: str, seed: int) -> str:
    """Simulates one session; its verdict and reason."""
    from puppetry.attacks import ATTACKS, live_puppet_with_light, person
    from puppetry.people import Willing
    from puppetry.simulation import Camera, simulate

    random = Random(f"{kind} {seed}")
    camera = Camera(
        fps=random.uniform(10, 30 if kind == WILLING else 14),
        noise=random.uniform(0.5, 4.0),
        gain=random.uniform(0.75, 1.15),
        quality=random.randrange(60, 96),
        seed=seed,
    )
    if kind == WILLING:
        sitter = Willing(
            person(FACES, seed),
            random,
            reaction=random.uniform(0.25, 0.8),
            reflects=random.uniform(0.6, 1.2),
            dot_delay=random.uniform(0.2, 0.35),
        )
    else:
        make = live_puppet_with_light if kind == RESIDUAL else ATTACKS[kind]
        sitter = make(FACES, seed)
    outcome = simulate(sitter, camera, seed=random.randrange(2**32)).outcome
    return "none" if outcome is None else f"{outcome.verdict} {outcome.reason}"


def main() -> None:
    """Runs what the log lacks, then prints the table."""
    sys.path.insert(0, str(ROOT / "services" / "identity" / "tests"))
    from puppetry.attacks import ATTACKS

    if not FACES.exists():
        print("the pictures of faces are not on this machine: nothing measured")
        return
    attempts = int(os.environ.get("SONGREEL_BENCH_ATTACKS", "30"))
    willing = int(os.environ.get("SONGREEL_BENCH_WILLING", "60"))
    log = os.environ.get("SONGREEL_BENCH_LOG")
    results: dict[tuple[str, int], str] = {}
    if log and Path(log).exists():
        for line in Path(log).read_text().splitlines():
            entry = json.loads(line)
            results[entry["kind"], entry["seed"]] = entry["outcome"]
    # In rounds over the kinds, so that a run that is cut short says something of each.
    wanted = [(kind, n) for n in range(attempts) for kind in ATTACKS]
    wanted += [(RESIDUAL, n) for n in range(min(3, attempts))]
    every = max(1, len(wanted) // max(1, willing))
    for n in range(willing):
        wanted.insert(min(len(wanted), n * (every + 1)), (WILLING, n))
    for kind, seed in wanted:
        if (kind, seed) not in results:
            results[kind, seed] = session(kind, seed)
            if log:
                with Path(log).open("a") as file:
                    entry = {"kind": kind, "seed": seed, "outcome": results[kind, seed]}
                    file.write(json.dumps(entry) + "\n")
    _print([*ATTACKS, RESIDUAL, WILLING], results)


def _print(kinds: list[str], results: dict[tuple[str, int], str]) -> None:
    table = Table(title="simulated sessions, real tracker", caption=describe())
    for heading in ("kind", "sessions", "accepted", "failed", "inconclusive", "reasons"):
        table.add_column(heading, justify="left" if heading in ("kind", "reasons") else "right")
    attacks = accepted = 0
    for kind in kinds:
        outcomes = [outcome for (each, _), outcome in results.items() if each == kind]
        verdicts = Counter(outcome.split()[0] for outcome in outcomes)
        reasons = Counter(outcome.split()[-1] for outcome in outcomes)
        table.add_row(
            kind,
            str(len(outcomes)),
            str(verdicts["pass"]),
            str(verdicts["fail"]),
            str(verdicts["inconclusive"]),
            ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(4)),
        )
        if kind not in (RESIDUAL, WILLING):
            attacks += len(outcomes)
            accepted += verdicts["pass"]
    console = Console(width=160)
    console.print(table)
    console.print(f"simulated-attack accept rate: {accepted} of {attacks} ({RESIDUAL} aside)")
