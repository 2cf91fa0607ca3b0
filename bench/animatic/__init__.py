"""The animatic: do its subjects move, on the beat, without flicker, and how fast is it drawn.

Prints Markdown: `python -m bench animatic > docs/animatic/figures.md`.
"""

from __future__ import annotations


def main() -> None:
    """Takes all figures, the quick ones first."""
    import sys
    import tempfile
    from pathlib import Path

    from bench.animatic.finished_frames import finished_frames_table
    from bench.animatic.movement import beats_table, movement_table
    from bench.animatic.speed import memory_table, speed_table
    from bench.machine import describe

    print("# Figures of the animatic\n")
    print(f"Printed by `python -m bench animatic` on: {describe()}.\n")
    for table in (movement_table, beats_table, speed_table, memory_table, finished_frames_table):
        print(f"{table.__name__} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            print(table(Path(folder)).markdown(), end="\n\n", flush=True)
