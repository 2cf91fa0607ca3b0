"""Accept and reject rates of simulated attacks and of willing people.

Every session passes through the real tracker, protocol and embeddings, one after the other
in simulated time; a puppet plays the camera. `SONGREEL_BENCH_ATTACKS` (per kind, 30) and
`SONGREEL_BENCH_WILLING` (60) set the numbers of sessions. If `SONGREEL_BENCH_LOG` is set,
results are appended to it as JSON lines and a later run continues after them; start a new
log when the code that is measured has changed. `SONGREEL_BENCH_MINUTES` ends a run after
that time and prints the table of what is done.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from random import Random
from statistics import median

from bench import data
from bench.machine import describe
from bench.tables import Table

ROOT = Path(__file__).resolve().parents[1]
WILLING = "willing person"
RESIDUAL = "live puppet, light in time"
PACKAGES = ("mediapipe", "dlib-bin", "opencv-python-headless", "numpy", "scipy")


@dataclass(frozen=True)
class Result:
    """How one simulated session ended."""

    kind: str
    seed: int
    outcome: str
    """Verdict and reason."""
    seconds: float
    """From the first prompt to the verdict, on the session's clock."""


def session(kind: str, seed: int) -> Result:
    """Simulates one session with a camera of its own."""
    from songreel_testing.puppet.attacks import ATTACKS, live_puppet_with_light, person
    from songreel_testing.puppet.simulation import Camera, simulate
    from songreel_testing.puppet.subjects import WillingPerson

    faces = data.folder() / "faces"
    random = Random(f"{kind} {seed}")
    camera = Camera(
        fps=random.uniform(10, 30 if kind == WILLING else 14),
        noise=random.uniform(0.5, 4.0),
        gain=random.uniform(0.75, 1.15),
        quality=random.randrange(60, 96),
        seed=seed,
    )
    if kind == WILLING:
        subject = WillingPerson(
            person(faces, seed),
            random,
            reaction=random.uniform(0.25, 0.8),
            reflects=random.uniform(0.6, 1.2),
            dot_delay=random.uniform(0.2, 0.35),
        )
    else:
        make = live_puppet_with_light if kind == RESIDUAL else ATTACKS[kind]
        subject = make(faces, seed)
    record = simulate(subject, camera, seed=random.randrange(2**32))
    outcome = record.outcome
    ended = "none none" if outcome is None else f"{outcome.verdict} {outcome.reason}"
    return Result(kind, seed, ended, round(record.seconds, 1))


def main() -> None:
    """Runs the sessions that the log lacks, then prints the table."""
    from songreel_testing.puppet.attacks import ATTACKS

    if data.faces() is None:
        return
    attempts = int(os.environ.get("SONGREEL_BENCH_ATTACKS", "30"))
    willing = int(os.environ.get("SONGREEL_BENCH_WILLING", "60"))
    minutes = float(os.environ.get("SONGREEL_BENCH_MINUTES", "inf"))
    log = os.environ.get("SONGREEL_BENCH_LOG")
    results = _read(Path(log)) if log else {}
    ends = time.monotonic() + 60 * minutes
    for kind, seed in _wanted(list(ATTACKS), attempts, willing):
        if (kind, seed) in results or time.monotonic() > ends:
            continue
        results[kind, seed] = result = session(kind, seed)
        print(f"{kind} {seed}: {result.outcome}", file=sys.stderr, flush=True)
        if log:
            with Path(log).open("a") as file:
                file.write(json.dumps(asdict(result)) + "\n")
    _print([*ATTACKS, RESIDUAL, WILLING], list(results.values()))


def _wanted(kinds: list[str], attempts: int, willing: int) -> list[tuple[str, int]]:
    """(kind, seed) in rounds over the kinds, so that a short run covers all of them."""
    wanted = [(kind, n) for n in range(attempts) for kind in kinds]
    wanted += [(RESIDUAL, n) for n in range(min(3, attempts))]
    every = max(1, len(wanted) // max(1, willing))
    for n in range(willing):
        wanted.insert(min(len(wanted), n * (every + 1)), (WILLING, n))
    return wanted


def _read(log: Path) -> dict[tuple[str, int], Result]:
    results: dict[tuple[str, int], Result] = {}
    for line in log.read_text().splitlines() if log.exists() else ():
        entry = json.loads(line)
        results[entry["kind"], entry["seed"]] = Result(**entry)
    return results


def _print(kinds: list[str], results: list[Result]) -> None:
    table = Table(
        "Simulated sessions, real tracker",
        ("kind", "sessions", "accepted", "failed", "inconclusive", "seconds", "reasons"),
        "seconds: median of a session, on its own clock",
    )
    attacks = accepted = 0
    for kind in kinds:
        of_kind = [each for each in results if each.kind == kind]
        verdicts = Counter(each.outcome.split()[0] for each in of_kind)
        reasons = Counter(each.outcome.split()[1] for each in of_kind)
        table.add(
            kind,
            len(of_kind),
            verdicts["pass"],
            verdicts["fail"],
            verdicts["inconclusive"],
            f"{median(each.seconds for each in of_kind):.0f}" if of_kind else "-",
            ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(4)),
        )
        if kind not in (RESIDUAL, WILLING):
            attacks += len(of_kind)
            accepted += verdicts["pass"]
    print(table.markdown())
    print()
    print(f"simulated-attack accept rate: {accepted} of {attacks} ({RESIDUAL} aside)")
    print()
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    print(f"{describe().partition('; ')[0]}; Python {platform.python_version()}, {versions}")
