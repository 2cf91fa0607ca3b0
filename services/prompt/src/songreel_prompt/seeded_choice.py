"""Seeded choices: the same keys always choose the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

MAX_SEED: Final = 2**53 - 1
"""Largest whole number that every JSON and YAML reader keeps."""


def seeded_number(*keys: object) -> int:
    """A number in [0, 2^53 - 1] that depends on the keys alone."""
    text = "\x1f".join(str(key) for key in keys)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "big") & MAX_SEED


def seeded_choice(options: Sequence[T], *keys: object) -> T:
    """One of the options, by the keys alone."""
    return options[seeded_number(*keys) % len(options)]
