"""Soundtracks: are they exact, heard on the cuts, in key, as moved as asked, and what do they cost.

Prints Markdown: `python -m bench score > docs/score/figures.md`.
"""

from __future__ import annotations


def main() -> None:
    """Takes all figures, the quick ones first."""
    from bench.score.films import films_table
    from bench.score.music import music_table
    from bench.score.tempo import tempo_table
    from bench.tables import print_tables

    print_tables(
        "Figures of soundtracks",
        "python -m bench score",
        (tempo_table, music_table, films_table),
    )
