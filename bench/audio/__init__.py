"""How well songs are heard: beats, bars, voices, mood and cost, beside librosa's own results.

One table with the targets of the design. librosa is run with its defaults on the same samples
in the same run; where it has nothing of the kind, the row says so. Data that is not there is
said too.
"""

from __future__ import annotations


def main() -> None:
    """Prints the table; renders of POP909 are kept in the temporary folder for the next run."""
    from bench.audio.table import run

    run()
