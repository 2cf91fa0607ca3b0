"""Rendering: memory, speed, motion and resuming, on random weights unless it says otherwise.

Every ratio comes from one run on one machine; the absolute figures are that machine's.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.console import Console

from bench.machine import describe
from bench.render.length import memory_table, resume_table
from bench.render.motion import motion_table
from bench.render.speed import encode_table, speed_table


def main() -> None:
    """Prints the tables, the quick ones first."""
    console = Console(width=160)
    console.print(describe())
    with tempfile.TemporaryDirectory() as scratch:
        for table in (encode_table, speed_table, motion_table, resume_table, memory_table):
            folder = Path(scratch) / table.__name__
            folder.mkdir()
            console.print(table(folder))
