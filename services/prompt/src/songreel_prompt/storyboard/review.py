"""What a check of a storyboard found: faults that refuse it, notes that go with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from songreel_kit.errors import InvalidStoryboard

Path = tuple[str | int, ...]
"""Where something stands in a storyboard: ("scenes", 3, "prompt")."""
Locate = Callable[[Path], str]
"""Names a place for people: "S.yaml:27" or "scene 4"."""

_SHOWN_FAULTS: Final = 5


def name_place(path: Path) -> str:
    """A place without line numbers: "scene 4"."""
    if len(path) > 1 and path[0] == "scenes":
        return f"scene {int(path[1]) + 1}"
    return "storyboard"


class Review:
    """Collects faults and notes, and counts which rules found them."""

    def __init__(self, locate: Locate = name_place) -> None:
        self._locate = locate
        self._faults: list[str] = []
        self.notes: list[str] = []
        self.check_counts: Counter[str] = Counter()
        """How often each rule found something."""

    def fault(self, rule: str, path: Path, message: str) -> None:
        """Something that only the author can correct."""
        self.check_counts[rule] += 1
        self._faults.append(f"{self._locate(path)}: {message}")

    def note(self, rule: str, path: Path, message: str) -> None:
        """Something that was corrected or should be known."""
        self.check_counts[rule] += 1
        # By the scene, not the line: notes outlive the file's layout.
        self.notes.append(f"{name_place(path)}: {message}")

    def raise_if_faulty(self) -> None:
        """Raises `InvalidStoryboard` naming up to five faults with their places."""
        if not self._faults:
            return
        more = len(self._faults) - _SHOWN_FAULTS
        tail = f"; and {more} more" if more > 0 else ""
        raise InvalidStoryboard("; ".join(self._faults[:_SHOWN_FAULTS]) + tail)
