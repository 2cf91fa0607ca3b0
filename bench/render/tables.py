"""A table of figures, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


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
