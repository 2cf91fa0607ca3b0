"""The animatic: do its subjects move, on the beat, without flicker, and how fast is it drawn.

Prints Markdown: `python -m bench animatic > docs/animatic/figures.md`.
"""

from __future__ import annotations


def main() -> None:
    """Takes all figures, the quick ones first."""
    from bench.animatic.finished_frames import finished_frames_table
    from bench.animatic.movement import beats_table, movement_table
    from bench.animatic.speed import memory_table, speed_table
    from bench.tables import print_tables

    print_tables(
        "Figures of the animatic",
        "python -m bench animatic",
        (movement_table, beats_table, speed_table, memory_table, finished_frames_table),
    )
