"""Captions in the words a storyteller uses, with parts left out, reordered and decorated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from songreel_sprout.captions.labels import CLASSES, FIELDS, Labels

FILLERS: Final[tuple[str, ...]] = (
    "with a lantern", "remembering", "quiet", "alone", "walking home", "looking back", "waiting",
    "under the sky", "in the wind", "and the light", "a long way", "holding hands", "singing",
    "dreaming", "far away", "once more", "the last song", "without a word", "like a river",
    "running", "a memory", "with open eyes", "in silence", "soft light", "a paper boat",
    "falling", "the old days", "beautiful", "detailed", "warm light", "cold air", "slowly",
    "turning around", "hoping", "leaving", "coming home", "laughing", "crying", "shadows",
    "golden", "silver", "blue", "red", "green", "new", "old", "little", "big", "good day",
)  # fmt: skip
"""Words with no label: the model learns that they change nothing."""


@cache
def common_words() -> tuple[str, ...]:
    """Words of songs and stories that get a token though no caption needs them."""
    path = files("songreel_sprout.captions").joinpath("common_words.txt")
    return tuple(path.read_text(encoding="utf-8").split())


@cache
def _idle_words() -> tuple[str, ...]:
    """The common words that no label uses: in a caption they mean nothing."""
    used = {w for f in FIELDS for c in CLASSES[f] for phrase in c.words for w in phrase.split()}
    return tuple(w for w in common_words() if w not in used)


@dataclass(frozen=True)
class Caption:
    """A caption and the labels that it gives away."""

    text: str
    """The words; empty for an unconditional sample."""
    stated: NDArray[np.bool_]
    """``(7,)``: which labels, in the order of ``FIELDS``, the words give away."""


def canonical(labels: Labels) -> str:
    """The caption in its canonical form: every label, canonical words."""
    words = {
        f: next(c for c in CLASSES[f] if c.name == getattr(labels, f)).words[0] for f in FIELDS
    }
    return (
        f"{words['style']} of {words['subject']} {words['place']}, {words['time']}, "
        f"{words['weather']}, {words['framing']}, {words['mood']}"
    )


def _word(field: str, index: int, rng: np.random.Generator) -> str:
    words = CLASSES[field][index].words
    # The canonical word half of the time: it is what the storyteller says most.
    return words[0] if rng.random() < 0.5 else words[int(rng.integers(len(words)))]


def draw_caption(
    indices: NDArray[np.uint8], rng: np.random.Generator, empty: float = 0.1
) -> Caption:
    """A caption for a picture with class numbers ``(7,)``; empty with probability ``empty``."""
    stated = np.zeros(len(FIELDS), dtype=bool)
    if rng.random() < empty:
        return Caption("", stated)
    full = rng.random() < 0.6
    words: dict[str, str] = {}
    for i, field in enumerate(FIELDS):
        keep = 1.0 if full else {"subject": 0.9, "place": 0.9, "style": 0.85}.get(field, 0.6)
        if rng.random() < keep:
            stated[i] = True
            words[field] = _word(field, int(indices[i]), rng)
    head = [words[f] for f in ("subject", "place") if f in words]
    first = " ".join(head)
    if "style" in words:
        first = f"{words['style']} of {first}" if first else words["style"]
    rest = [words[f] for f in ("time", "weather", "framing", "mood") if f in words]
    if rng.random() < 0.4:
        rng.shuffle(rest)
    parts = [p for p in [first, *rest] if p]
    if rng.random() < 0.15:
        rng.shuffle(parts)
    for _ in range(int(rng.integers(0, 3)) if rng.random() < 0.35 else 0):
        filler = FILLERS[int(rng.integers(len(FILLERS)))]
        parts.insert(int(rng.integers(1, len(parts) + 1)) if parts else 0, filler)
    if rng.random() < 0.3:
        # A tail as storytellers write it, from words of the song.
        parts.append(" ".join(rng.choice(_idle_words(), size=int(rng.integers(1, 9)))))
    return Caption(", ".join(parts), stated)
