"""An adapter on the way to the replicas: sealed, because Ray keeps what it carries.

A render's adapter is sealed once, with a key made for it. That key goes along, sealed for every
replica whose public key is known; a replica that finds none for itself answers with its public
key, and is sent the adapter again (`songreel_kit.likeness.sealing`).
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
class SealedAdapter:
    """An adapter as it is sent to replicas."""

    lease_id: str
    """Random; one for each render."""
    adapter_sha256: str
    consent_id: str
    ciphertext: bytes
    """The adapter, sealed."""
    service_key: bytes
    """The service's public key."""
    keys: Mapping[bytes, bytes]
    """By a replica's public key: the key of `ciphertext`, sealed for that replica."""


@dataclass(frozen=True)
class NeedsKey:
    """A replica's answer to a sealed adapter that holds no key for it."""

    public_key: bytes


class Sealer:
    """Seals an adapter for replicas; thread-safe.

    Args:
        adapter: to seal.
    """

    def __init__(self, adapter: IdentityAdapter) -> None:
        self._lock = threading.Lock()
        self._keys = KeyPair()
        self._key = AESGCM.generate_key(256)
        lease_id = secrets.token_hex(16)
        ciphertext = _channel(lease_id, self._key).seal(adapter.data)
        self._sealed = SealedAdapter(
            lease_id, adapter.adapter_sha256, adapter.consent_id, ciphertext, self._keys.public, {}
        )

    @property
    def sealed(self) -> SealedAdapter:
        """With keys for all replicas known by now."""
        return self._sealed

    def add_key(self, request: NeedsKey) -> None:
        """Add a key for a replica. Raises `Aborted` when its public key is invalid."""
        with self._lock:
            sealed = self._sealed
            channel = self._keys.as_service(request.public_key, sealed.lease_id)
            keys = {**sealed.keys, request.public_key: channel.seal(self._key)}
            self._sealed = replace(sealed, keys=keys)


class Opener:
    """Opens sealed adapters in a replica."""

    def __init__(self) -> None:
        self._keys = KeyPair()

    def needs_key(self, sealed: SealedAdapter) -> NeedsKey | None:
        """The answer to an adapter that holds no key for this replica; None where it does."""
        public = self._keys.public
        return None if public in sealed.keys else NeedsKey(public)

    def open(self, sealed: SealedAdapter) -> IdentityAdapter:
        """Open a sealed adapter.

        Raises:
            Aborted: it was changed, or is for another replica.
            AdapterMismatch, LoraUnusable: as `IdentityAdapter`.
        """
        channel = self._keys.as_worker(sealed.service_key, sealed.lease_id)
        key = channel.open(sealed.keys[self._keys.public])
        data = _channel(sealed.lease_id, key).open(sealed.ciphertext)
        return IdentityAdapter(sealed.adapter_sha256, sealed.consent_id, data)


def _channel(lease_id: str, key: bytes) -> Channel:
    """Seals and opens what goes one way only, by a key that both ends have."""
    return Channel(lease_id, (TO_WORKER, key), (TO_WORKER, key))
