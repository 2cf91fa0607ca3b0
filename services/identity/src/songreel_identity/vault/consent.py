"""The consent texts of the service; the newest one is in force."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "consent_texts"


@dataclass(frozen=True)
class ConsentText:
    """What a person is shown."""

    version: str
    """For example 2026-11."""
    text: str
    """Markdown."""

    @property
    def sha256(self) -> str:
        """Of the text in UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def current_text() -> ConsentText:
    """The newest text."""
    path = max(_FOLDER.glob("*.md"))
    return ConsentText(path.stem, path.read_text())
