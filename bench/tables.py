"""Tables of figures, as Markdown."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import describe


@dataclass
class Table:
    """Headings and rows; the first column is words, the others figures."""

    title: str
    headings: Sequence[str]
    note: str = ""
    """Below the table: what the words in it mean."""
    rows: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])

    def add(self, *cells: object) -> None:
        """A row."""
        self.rows.append(tuple(str(cell) for cell in cells))

    def markdown(self) -> str:
        """With its title as a heading."""
        rule = ("---", *["---:"] * (len(self.headings) - 1))
        lines = [
            f"| {' | '.join(line)} |" for line in (tuple(self.headings), rule, *self.rows)
        ]  # fmt: skip
        return "\n".join([f"## {self.title}", "", *lines, *(["", self.note] if self.note else [])])


def print_tables(title: str, command: str, tables: Sequence[Callable[[Path], Table]]) -> None:
    """Every table as it comes on stdout; what is at work on stderr.

    Args:
        title: of the page.
        command: that prints it.
        tables: each is given an empty folder.
    """
    print(f"# {title}\n")
    print(f"Printed by `{command}` on: {describe()}.\n")
    for table in tables:
        print(f"{table.__name__} ...", end="", file=sys.stderr, flush=True)
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            print(table(Path(folder)).markdown(), end="\n\n", flush=True)
        print(f" {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
