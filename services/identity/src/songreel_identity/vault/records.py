"""What the vault holds, as its callers see it: never keys, never plain bytes."""

from __future__ import annotations

from dataclasses import dataclass

PICTURE, EMBEDDING, ADAPTER, TRAINING = "picture", "embedding", "adapter", "training"
PURPOSES = (PICTURE, EMBEDDING, ADAPTER, TRAINING)


@dataclass(frozen=True)
class Consent:
    """A consent that stands."""

    id: str
    subject: str
    """Pseudonym of the person."""
    version: str


@dataclass(frozen=True)
class Binding:
    """What an adapter, or the training of one, is good for and nothing else."""

    checkpoint_sha256: str = ""
    pictures_sha256: str = ""
    recipe_sha256: str = ""


UNBOUND = Binding()


@dataclass(frozen=True)
class Stored:
    """An object of the vault, still sealed."""

    id: str
    purpose: str
    sha256: str
    """Of the plain bytes."""


@dataclass(frozen=True)
class Erasure:
    """What an erasure or a withdrawal destroyed."""

    subject: str
    objects: int
    keys_sha256: tuple[str, ...]
    """Hashes of the wrapped keys that no longer exist."""
    audit_head: str
    """The audit log's last hash, whose entry records it."""
