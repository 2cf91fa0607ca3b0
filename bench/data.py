"""The folder with the benchmarks' data, which is not part of the project."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VARIABLE = "SONGREEL_BENCH_DATA"


def folder() -> Path:
    """The folder given by `--data`; by default `../shared/data` beside the repository."""
    return Path(os.environ.get(VARIABLE) or ROOT.parent / "shared" / "data")


def faces() -> Path | None:
    """The folder of pictures and clips of people; None, with a message, if it is missing."""
    found = folder() / "faces"
    if found.exists():
        return found
    print("the pictures of faces are not on this machine: nothing measured")
    return None
