"""How long a prompt is to the text encoder that will read it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

from songreel_kit.errors import CheckpointIncomplete

MAX_TOKENS: Final = 75
"""CLIP's text encoder reads 77 tokens, of which two mark start and end."""
_LARGEST: Final = 100_000
"""Tokenizers without a limit state an astronomical one."""
_PIECE = re.compile(r"[A-Za-z]+|\d|[^\sA-Za-z\d]")
_FILES: Final = ("tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json")
_CLIP_WORDS: Final = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|"
    r"[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)
"""How CLIP's tokenizer parts a text into words (openai/CLIP, simple_tokenizer.py)."""


@dataclass(frozen=True)
class TokenCounter:
    """Counts as one checkpoint does."""

    limit: int
    """Most tokens of a prompt, without the marks of start and end."""
    count: Callable[[str], int]
    source: str
    """What counts, for notes: "the tokenizer sprout/tokenizer" or "an estimate"."""
    fingerprint: str = ""
    """Changes when the same text might be counted otherwise."""
    note: str = ""
    """What the storyboard should say of it; empty when it counts as was asked."""

    def fits(self, text: str) -> bool:
        """Whether the text encoder reads all of it."""
        return self.count(text) <= self.limit


def token_count(text: str) -> int:
    """An upper estimate of CLIP tokens.

    Long words come in pieces of about six letters; what is not ASCII comes in as many
    pieces as it has bytes at the most.
    """
    return sum(
        1 + (len(piece) - 1) // 6 if piece.isascii() else len(piece.encode("utf-8"))
        for piece in _PIECE.findall(text)
    )


ESTIMATE: Final = TokenCounter(MAX_TOKENS, token_count, "an estimate", fingerprint="estimate")
"""Where no tokenizer is configured."""


class TokenCounters:
    """The counter of the configured tokenizer, and those of checkpoints that requests name."""

    def __init__(self, default: Path | None, clip: Path | None = None) -> None:
        """Reads the configured tokenizers.

        Args:
            default: A tokenizer's folder, or a checkpoint's; None is the estimate.
            clip: Tokenizer of single-file checkpoints, which hold none.

        Raises:
            CheckpointIncomplete: a folder has no readable tokenizer.
        """
        self.default = load_counter(default)
        self._clip = load_counter(clip)
        self._known: dict[str, TokenCounter] = {}

    def of_checkpoint(self, checkpoint: str) -> TokenCounter:
        """The counter of a checkpoint on this machine; else the next best, with a note.

        Raises:
            CheckpointIncomplete: it has a tokenizer that cannot be read.
        """
        if not checkpoint:
            return self.default
        path = Path(checkpoint).expanduser()
        folder = tokenizer_folder(path)
        if folder is not None:
            fingerprint = _fingerprint(folder)
            if fingerprint not in self._known:
                self._known[fingerprint] = load_counter(folder)
            return self._known[fingerprint]
        if path.is_file():
            return self._clip  # a single file holds no tokenizer: Stable Diffusion 1.x has CLIP's
        return replace(
            self.default,
            note=f"no tokenizer was found at the checkpoint {checkpoint}: prompts were measured by "
            f"{self.default.source}",
        )


def tokenizer_folder(path: Path) -> Path | None:
    """The tokenizer's folder of a checkpoint, or the path itself if it is one."""
    for folder in (path, path / "tokenizer"):
        if (folder / "tokenizer.json").is_file() or (folder / "vocab.json").is_file():
            return folder
    return None


def load_counter(path: Path | None) -> TokenCounter:
    """The counter of a tokenizer's or a checkpoint's folder; the estimate without one.

    Reads `tokenizer.json`, else `vocab.json` and `merges.txt` as CLIP does. The limit
    is what `tokenizer_config.json` states, or the text encoder's positions if fewer.

    Raises:
        CheckpointIncomplete: there is no readable tokenizer.
    """
    if path is None:
        return ESTIMATE
    folder = tokenizer_folder(path)
    if folder is None:
        raise CheckpointIncomplete(
            f"{path} holds no tokenizer (tokenizer.json, or vocab.json and merges.txt); name a "
            "checkpoint's folder or its tokenizer folder (SONGREEL_PROMPT_TOKENIZER)",
            path=str(path),
        )
    try:
        tokenizer = _read_tokenizer(folder)
    except Exception as error:  # the library raises plain Exception for a broken file
        raise CheckpointIncomplete(
            f"cannot read the tokenizer {folder}: {error}; mend the checkpoint, or measure by "
            "another one (SONGREEL_PROMPT_TOKENIZER)",
            path=str(folder),
        ) from error

    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False).ids)

    name = "/".join(folder.resolve().parts[-2:])
    return TokenCounter(
        _limit(folder) - 2, count, f"the tokenizer {name}", fingerprint=_fingerprint(folder)
    )


def _read_tokenizer(folder: Path) -> Any:
    # Loaded here because it takes a tenth of a second and not every process counts.
    from tokenizers import Tokenizer

    whole = folder / "tokenizer.json"
    if not whole.is_file():
        return _clip_tokenizer(folder)
    tokenizer = Tokenizer.from_str(whole.read_text(encoding="utf-8"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _clip_tokenizer(folder: Path) -> Any:
    """CLIP's byte-pair tokenizer from the two files that older checkpoints hold."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    model = models.BPE.from_file(
        str(folder / "vocab.json"),
        str(folder / "merges.txt"),
        unk_token="<|endoftext|>",  # noqa: S106 - a token of the vocabulary, no secret
        end_of_word_suffix="</w>",
    )
    tokenizer = Tokenizer(model)
    # The stubs of the library leave the types of these properties open.
    parts = cast("Any", tokenizer)
    parts.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Lowercase(),
        ]
    )
    parts.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_CLIP_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    return tokenizer


def _limit(folder: Path) -> int:
    """Tokens that the model reads, start and end included."""
    stated = _number(folder / "tokenizer_config.json", "model_max_length")
    positions = _number(folder.parent / "text_encoder" / "config.json", "max_position_embeddings")
    limits = [n for n in (stated, positions) if n is not None and 2 < n < _LARGEST]
    return min(limits, default=MAX_TOKENS + 2)


def _number(path: Path, field: str) -> int | None:
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))[field])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _fingerprint(folder: Path) -> str:
    """Hash of all that decides the count: a retrained tokenizer counts otherwise."""
    digest = hashlib.sha256(str(_limit(folder)).encode())
    for name in _FILES:
        path = folder / name
        digest.update(path.read_bytes() if path.is_file() else b"-")
    return digest.hexdigest()
