"""How long a prompt is to the text encoder that will read it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from songreel_kit.errors import CheckpointIncomplete

MAX_TOKENS: Final = 75
"""CLIP's text encoder reads 77 tokens, of which two mark start and end."""
_LARGEST: Final = 100_000
"""Tokenizers without a limit state an astronomical one."""
_PIECE = re.compile(r"[A-Za-z]+|\d|[^\sA-Za-z\d]")


@dataclass(frozen=True)
class TokenCounter:
    """Counts as one checkpoint does."""

    limit: int
    """Most tokens of a prompt, without the marks of start and end."""
    count: Callable[[str], int]
    source: str
    """What counts, for notes: "the tokenizer sprout/tokenizer" or "an estimate"."""


def token_count(text: str) -> int:
    """An upper estimate of CLIP tokens.

    Long words come in pieces of about six letters; what is not ASCII comes in as many
    pieces as it has bytes at the most.
    """
    return sum(
        1 + (len(piece) - 1) // 6 if piece.isascii() else len(piece.encode("utf-8"))
        for piece in _PIECE.findall(text)
    )


ESTIMATE: Final = TokenCounter(MAX_TOKENS, token_count, "an estimate")
"""Where no tokenizer is configured."""


def load_counter(folder: Path | None) -> TokenCounter:
    """The counter of a checkpoint's tokenizer folder; the estimate without one.

    The package `tokenizers` is heavy for this service and loaded only here; where it
    is not installed the estimate says so in its `source`.

    Raises:
        CheckpointIncomplete: the folder has no readable `tokenizer.json`.
    """
    if folder is None:
        return ESTIMATE
    if find_spec("tokenizers") is None:
        missing = "an estimate (the package tokenizers is not installed)"
        return TokenCounter(MAX_TOKENS, token_count, missing)
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:  # the library raises plain Exception for a broken file
        raise CheckpointIncomplete(
            f"cannot read the tokenizer {path}: {error}; point SONGREEL_PROMPT_TOKENIZER at the "
            "tokenizer folder of a checkpoint",
            path=str(path),
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False).ids)

    marks = len(tokenizer.encode("", add_special_tokens=True).ids)
    name = "/".join(folder.resolve().parts[-2:])
    return TokenCounter(_limit(folder) - marks, count, f"the tokenizer {name}")


def _limit(folder: Path) -> int:
    """Tokens that the model reads, start and end included."""
    try:
        config: Any = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        stated = int(config["model_max_length"])
    except (OSError, ValueError, KeyError, TypeError):
        return MAX_TOKENS + 2
    return stated if 2 < stated < _LARGEST else MAX_TOKENS + 2
