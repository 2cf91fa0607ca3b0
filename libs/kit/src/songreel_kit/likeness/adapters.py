"""Adapters of people: what the trainer writes at their head and the renderer checks.

An adapter is a `.safetensors` document: the low-rank matrices of a LoRA, and metadata
that binds them to the pictures they were trained on and to the checkpoint they change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

from songreel_kit.errors import LoraUnusable

TRIGGER: Final = "sks"
"""A word that stands for nothing else: seldom in captions, in no dictionary."""
NOUN: Final = "person"
"""What a person is called unless somebody says better."""
_ANY_KIND: Final = "songreel.adapter."
KIND: Final = _ANY_KIND + "1"
MAX_BYTES: Final = 512 * 2**20
"""Of an adapter."""

_NOUN: Final = re.compile(r"[a-z]{2,16}")
_MOST_METADATA: Final = 1 << 20


@dataclass(frozen=True)
class AdapterHead:
    """What an adapter is bound to."""

    checkpoint_sha256: str
    """Of the checkpoint it was trained on; it is good for no other."""
    pictures_sha256: str
    """Of the pictures it was trained on."""
    noun: str
    """What the person was called."""
    step: int
    """The step of the training that was kept."""
    recipe: str
    """How it was trained, as JSON."""
    measured: str = "{}"
    """What its trial pictures showed, as JSON."""

    def metadata(self) -> dict[str, str]:
        """As it is written into the document."""
        return {"kind": KIND} | {name: str(value) for name, value in asdict(self).items()}


def phrase_of(noun: str) -> str:
    """How prompts name the person: the trigger word, then the noun. Raises `ValueError`."""
    noun = noun or NOUN
    if not _NOUN.fullmatch(noun):
        raise ValueError(f"{noun[:40]!r} is no plain noun: give a word such as man or woman")
    return f"{TRIGGER} {noun}"


def is_adapter(metadata: Mapping[str, str]) -> bool:
    """Whether a document with this metadata is an adapter of a person, of whatever version."""
    return metadata.get("kind", "").startswith(_ANY_KIND)


def read_head(data: bytes) -> AdapterHead:
    """What the metadata of an adapter says. Raises `LoraUnusable`."""
    try:
        size = int.from_bytes(data[:8], "little")
        if not 2 <= size <= min(_MOST_METADATA, len(data) - 8):
            raise ValueError("its head has an impossible length")
        content: Any = json.loads(data[8 : 8 + size])
        told = cast("dict[str, str]", content.get("__metadata__") or {})
        if told.get("kind") != KIND:
            raise ValueError(f"it is not of the kind {KIND}")
        return AdapterHead(
            checkpoint_sha256=told["checkpoint_sha256"],
            pictures_sha256=told["pictures_sha256"],
            noun=told["noun"],
            step=int(told["step"]),
            recipe=told["recipe"],
            measured=told["measured"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LoraUnusable(f"the adapter cannot be read: {error}; train it again") from error
