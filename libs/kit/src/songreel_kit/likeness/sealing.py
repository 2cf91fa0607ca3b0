"""Sealed messages between a service and a worker, for ways that keep what they carry.

Each side makes an X25519 key pair and shows the other its public key. HKDF makes of the
shared secret a key for each direction; AES-GCM seals, and binds every message to the errand
that it is for, the direction and its number. Keys are in memory only: with them gone, what
was written down on the way can be opened by nobody.

The public keys are not signed. Whoever can only read what is carried learns nothing; whoever
runs code where it is carried could stand between the two.
"""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from songreel_kit.errors import Aborted

_NAME: Final = b"songreel errand 1"
_NUMBER_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
TO_WORKER, TO_SERVICE = b"to worker", b"to service"


class KeyPair:
    """One side's keys."""

    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()
        self.public = self._private.public_key().public_bytes_raw()
        """32 bytes, for the other side."""

    def as_service(self, worker: bytes, errand: str) -> Channel:
        """The service's end. Raises `Aborted` when the worker's key is none."""
        keys = self._agree(worker, errand, worker + self.public)
        return Channel(errand, (TO_WORKER, keys[TO_WORKER]), (TO_SERVICE, keys[TO_SERVICE]))

    def as_worker(self, service: bytes, errand: str) -> Channel:
        """The worker's end. Raises `Aborted` when the service's key is none."""
        keys = self._agree(service, errand, self.public + service)
        return Channel(errand, (TO_SERVICE, keys[TO_SERVICE]), (TO_WORKER, keys[TO_WORKER]))

    def _agree(self, other: bytes, errand: str, both: bytes) -> dict[bytes, bytes]:
        try:
            shared = self._private.exchange(X25519PublicKey.from_public_bytes(other))
        except ValueError as error:
            # Also a point of small order, with which anybody would know the secret.
            raise Aborted("the other side's key is no X25519 key: begin anew") from error
        return {
            direction: HKDF(
                hashes.SHA256(), _KEY_BYTES, salt=errand.encode(), info=_NAME + direction + both
            ).derive(shared)
            for direction in (TO_WORKER, TO_SERVICE)
        }


class Channel:
    """One end: seals what it sends, opens what it is sent. `KeyPair` makes those of two sides.

    Args:
        errand: id of what the messages are about.
        outgoing: direction and key of what is sent.
        incoming: direction and key of what is received.
    """

    def __init__(
        self, errand: str, outgoing: tuple[bytes, bytes], incoming: tuple[bytes, bytes]
    ) -> None:
        self._errand = errand.encode()
        self._outgoing, self._incoming = outgoing, incoming
        self._sent = self._received = 0

    def seal(self, plain: bytes | bytearray) -> bytes:
        """The next message: its number, a nonce, the sealed bytes with their tag."""
        direction, key = self._outgoing
        self._sent += 1
        number = self._sent.to_bytes(_NUMBER_BYTES, "big")
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return number + nonce + AESGCM(key).encrypt(nonce, plain, self._bound(direction, number))

    def open(self, sealed: bytes) -> bytes:
        """A message, later than all that were opened before.

        Raises:
            Aborted: it is older, was changed, or was sealed for something else.
        """
        direction, key = self._incoming
        number = sealed[:_NUMBER_BYTES]
        nonce = sealed[_NUMBER_BYTES : _NUMBER_BYTES + _NONCE_BYTES]
        try:
            plain = AESGCM(key).decrypt(
                nonce, sealed[_NUMBER_BYTES + _NONCE_BYTES :], self._bound(direction, number)
            )
        except (InvalidTag, ValueError) as error:
            raise Aborted(
                "a message between the service and its worker was changed on the way, or sealed "
                "for another errand: begin anew"
            ) from error
        count = int.from_bytes(number, "big")
        if count <= self._received:
            raise Aborted("a message between the service and its worker came twice: begin anew")
        self._received = count
        return plain

    def _bound(self, direction: bytes, number: bytes) -> bytes:
        return b"|".join((_NAME, self._errand, direction, number))
