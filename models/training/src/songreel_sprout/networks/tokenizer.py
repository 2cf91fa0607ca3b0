"""A small byte-pair tokenizer in CLIP's format.

Every word that captions are made of is one token; other words fall apart into sub-words, in the
end into bytes, so any text can be encoded.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Final

from transformers import CLIPTokenizer

from songreel_sprout.captions.captions import FILLERS, common_words
from songreel_sprout.captions.labels import CLASSES

MAX_LENGTH: Final = 64
"""Tokens of a prompt, both ends included."""


def _byte_letters() -> list[str]:
    """CLIP's printable stand-ins for the 256 bytes, in byte order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters, extra = [""] * 256, 0
    for b in range(256):
        if b in printable:
            letters[b] = chr(b)
        else:
            letters[b] = chr(256 + extra)
            extra += 1
    return letters


def _corpus() -> Counter[tuple[str, ...]]:
    texts: list[str] = [*FILLERS, *common_words()]
    for classes in CLASSES.values():
        for entry in classes:
            texts.extend(entry.words)
    words: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        for word in re.findall(r"[a-z]+|[^\sa-z]+", text.lower()):
            words[(*word[:-1], word[-1] + "</w>")] += 1
    return words


def _merge(word: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    out: list[str] = []
    i = 0
    while i < len(word):
        if i + 1 < len(word) and (word[i], word[i + 1]) == pair:
            out.append(word[i] + word[i + 1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


def train_merges() -> list[tuple[str, str]]:
    """Byte-pair merges until every word of the corpus is one token, most frequent pair first."""
    words = dict(_corpus())
    merges: list[tuple[str, str]] = []
    while True:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, count in words.items():
            for pair in pairwise(word):
                pairs[pair] += count
        if not pairs:
            return merges
        # Ties broken by spelling, so the vocabulary is the same on every machine.
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        words = {_merge(word, best): count for word, count in words.items()}


def write_tokenizer(folder: Path) -> None:
    """Write ``vocab.json``, ``merges.txt`` and the configuration into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    merges = train_merges()
    letters = _byte_letters()
    tokens = [*letters, *(letter + "</w>" for letter in letters)]
    tokens += ["".join(pair) for pair in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    unique = list(dict.fromkeys(tokens))
    vocab = {token: i for i, token in enumerate(unique)}
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges), ""]
    (folder / "merges.txt").write_text("\n".join(lines), encoding="utf-8")
    config = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": MAX_LENGTH,
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
        "do_lower_case": True,
    }
    text = json.dumps(config, indent=2) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")
    special = {k: v for k, v in config.items() if str(k).endswith("_token")}
    text = json.dumps(special, indent=2) + "\n"
    (folder / "special_tokens_map.json").write_text(text, encoding="utf-8")


def load_tokenizer(folder: Path) -> CLIPTokenizer:
    """The tokenizer that ``write_tokenizer`` wrote."""
    return CLIPTokenizer.from_pretrained(str(folder), local_files_only=True)


def token_ids(tokenizer: CLIPTokenizer, texts: Iterable[str]) -> list[list[int]]:
    """Ids of each text, cut and padded to ``MAX_LENGTH``."""
    batch = tokenizer(list(texts), padding="max_length", max_length=MAX_LENGTH, truncation=True)
    return [list(map(int, ids)) for ids in batch["input_ids"]]
