"""Soundtracks: are they exact, heard on the cuts, in key, as moved as asked, and what do they cost.

Prints Markdown: `python -m bench score > docs/score/figures.md`.
"""

from __future__ import annotations


def main() -> None:
    """Takes all figures, the quick ones first."""
    import sys
    import tempfile
    from pathlib import Path

    from bench.machine import describe
    from bench.score.films import films_table
    from bench.score.music import music_table
    from bench.score.tempo import tempo_table

    print("# Figures of soundtracks\n")
    print(f"Printed by `python -m bench score` on: {describe()}.\n")
    for table in (tempo_table, music_table, films_table):
        print(f"{table.__name__} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            print(table(Path(folder)).markdown(), end="\n\n", flush=True)
