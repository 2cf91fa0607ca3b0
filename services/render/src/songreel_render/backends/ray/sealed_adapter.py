"""A person on the way to the replicas: sealed, because Ray keeps what it carries.

A render's adapter is sealed once, by a key that is made for it. That key goes along, sealed
for every replica that has shown its own; one that finds none for itself answers with its
public key, and is sent the parcel again (`songreel_kit.likeness.sealing`).
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from songreel_kit.likeness.sealing import TO_WORKER, Channel, KeyPair

from songreel_render.checkpoints.identity_adapter import IdentityAdapter


@dataclass(frozen=True)
class Parcel:
    """A person, as replicas are sent them."""

    errand: str
    """A random name of the render's work."""
    adapter_sha256: str
    consent_id: str
    sealed: bytes
    """The adapter."""
    sender: bytes
    """The service's public key."""
    keys: Mapping[bytes, bytes]
    """By a replica's public key: the key of `sealed`, sealed for that replica."""


@dataclass(frozen=True)
class Stranger:
    """A replica's answer to a parcel that holds no key for it."""

    public_key: bytes


class Sender:
    """The service's end; thread-safe.

    Args:
        adapter: who is sent.
    """

    def __init__(self, adapter: IdentityAdapter) -> None:
        self._lock = threading.Lock()
        self._keys = KeyPair()
        self._key = AESGCM.generate_key(256)
        errand = secrets.token_hex(16)
        sealed = _channel(errand, self._key).seal(adapter.data)
        self._parcel = Parcel(
            errand, adapter.adapter_sha256, adapter.consent_id, sealed, self._keys.public, {}
        )

    @property
    def parcel(self) -> Parcel:
        """With keys for all replicas met by now."""
        return self._parcel

    def meet(self, stranger: Stranger) -> None:
        """Adds a key for a replica. Raises `Aborted` when its own is none."""
        with self._lock:
            parcel = self._parcel
            channel = self._keys.as_service(stranger.public_key, parcel.errand)
            keys = {**parcel.keys, stranger.public_key: channel.seal(self._key)}
            self._parcel = replace(parcel, keys=keys)


class Receiver:
    """A replica's end."""

    def __init__(self) -> None:
        self._keys = KeyPair()

    def stranger_to(self, parcel: Parcel) -> Stranger | None:
        """The answer to a parcel that cannot be opened here; None where it can."""
        public = self._keys.public
        return None if public in parcel.keys else Stranger(public)

    def open(self, parcel: Parcel) -> IdentityAdapter:
        """The person.

        Raises:
            Aborted: the parcel was changed, or is for somebody else.
            AdapterMismatch, LoraUnusable: as `IdentityAdapter`.
        """
        channel = self._keys.as_worker(parcel.sender, parcel.errand)
        key = channel.open(parcel.keys[self._keys.public])
        data = _channel(parcel.errand, key).open(parcel.sealed)
        return IdentityAdapter(parcel.adapter_sha256, parcel.consent_id, data)


def _channel(errand: str, key: bytes) -> Channel:
    """Seals and opens what goes one way only, by a key that both ends have."""
    return Channel(errand, (TO_WORKER, key), (TO_WORKER, key))
