"""Every table as it comes, as Markdown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.render.gpu import gpu_table
from bench.render.noise_motion import noise_motion_table
from bench.render.picture_motion import picture_motion_table
from bench.render.resume_and_memory import memory_table, resume_table
from bench.render.speed import encode_table, speed_table
from bench.tables import Table, print_tables

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
    """Takes the figures; those of a GPU alone where asked for."""
    tables = (gpu_table,) if gpu else (*ON_A_CPU, gpu_table)
    print_tables("Figures of rendering", f"{COMMAND}{' --gpu' if gpu else ''}", tables)
