"""Every table as it comes, as Markdown."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.machine import describe
from bench.render.gpu import gpu_table
from bench.render.noise_motion import noise_motion_table
from bench.render.picture_motion import picture_motion_table
from bench.render.resume_and_memory import memory_table, resume_table
from bench.render.speed import encode_table, speed_table
from bench.render.tables import Table

COMMAND = "python -m bench render"
ON_A_CPU: tuple[Callable[[Path], Table], ...] = (
    encode_table,
    speed_table,
    noise_motion_table,
    picture_motion_table,
    resume_table,
    memory_table,
)


def print_figures(*, gpu: bool) -> None:
    """Markdown on stdout; what is at work on stderr."""
    print("# Figures of rendering\n")
    print(f"Printed by `{COMMAND}{' --gpu' if gpu else ''}` on: {describe()}.\n")
    tables = (gpu_table,) if gpu else (*ON_A_CPU, gpu_table)
    with tempfile.TemporaryDirectory() as scratch:
        for table in tables:
            print(f"{table.__name__} ...", end="", file=sys.stderr, flush=True)
            folder = Path(scratch) / table.__name__
            folder.mkdir()
            begun = time.monotonic()
            print(table(folder).markdown(), end="\n\n", flush=True)
            print(f" {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
