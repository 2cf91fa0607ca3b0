"""The table: every figure as it comes, then all of them."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version

from bench import data, machine
from bench.audio import cost, mood, rhythm, voices
from bench.audio.rows import Row

HEADINGS = ("what", "target", "songreel", "librosa", "met")
PACKAGES = ("librosa", "mir_eval", "av", "numpy", "scipy")


def run() -> None:
    """Takes all figures and prints them as a Markdown table, with what they were taken on."""
    folder = data.folder()
    stages: tuple[Callable[[], Iterator[Row]], ...] = (
        lambda: rhythm.rendered(folder),
        rhythm.synthetic,
        lambda: voices.sung(folder),
        lambda: voices.instrumental(folder),
        lambda: mood.cross_validated(folder),
        cost.measured,
    )
    rows: list[Row] = []
    for stage in stages:
        for row in stage():
            print(f"{row.what}: {row.songreel}", file=sys.stderr, flush=True)
            rows.append(row)
    print(_markdown(rows))
    print()
    print(f"{machine.describe()}, {', '.join(f'{name} {version(name)}' for name in PACKAGES)}")
    print(f"data: {'present' if folder.is_dir() else 'absent'}, {platform.system()}")


def _markdown(rows: list[Row]) -> str:
    lines = [HEADINGS, ("---", "---", "---:", "---:", "---")]
    for row in rows:
        met = {True: "yes", False: "no", None: ""}[row.met]
        lines.append((row.what, row.target, row.songreel, row.librosa, met))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
