"""Keys: data keys wrapped by key-encryption keys, and the key that signs grants."""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import os
import secrets
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from songreel_kit.errors import VaultUnusable

KEY_BYTES = 32
PERSON = "person"
"""Key id of data keys that are wrapped by their person's key."""
_NONCE_BYTES = 12


class KeyWrapper(Protocol):
    """Wraps data keys, each by a key of its person, which a key-encryption key protects.

    A person's key lives beside the key-encryption keys, apart from the data: once it is
    destroyed, no copy of the database opens.
    """

    def wrap(self, subject: str, key: bytes, associated: bytes) -> bytes:
        """Encrypts a data key by its person's key, bound to the associated data."""
        ...

    def unwrap(self, subject: str, key_id: str, wrapped: bytes, associated: bytes) -> bytes:
        """Decrypts one; `key_id` is `PERSON`, or names the key that wrapped it before.

        Raises `VaultUnusable` when the key is missing or anything was changed.
        """
        ...

    def forget(self, subject: str) -> None:
        """Destroys a person's key, if there is one."""
        ...

    def keyed_hash(self, text: str) -> str:
        """HMAC-SHA256 with a key of the current one, 64 hex digits."""
        ...


class FileKeys:
    """Key-encryption keys in a JSON file that only its owner may read.

    `{"current": id, "keys": {id: base64}}`: to rotate, add a key and name it current.
    """

    def __init__(self, path: Path) -> None:
        """Makes the file if there is none. Raises `VaultUnusable`."""
        self._path = path
        if not path.exists():
            first = {"current": "key-1", "keys": {"key-1": _text(secrets.token_bytes(KEY_BYTES))}}
            _write_secret(path, json.dumps(first).encode())
        try:
            _refuse_open(path)
            held = json.loads(path.read_bytes())
            self._keys = {name: base64.b64decode(key) for name, key in held["keys"].items()}
            self.key_id: str = held["current"]
            if any(len(key) != KEY_BYTES for key in self._keys.values()):
                raise ValueError("a key is not of 32 bytes")
            if self.key_id not in self._keys:
                raise ValueError("the current key is not among the keys")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise VaultUnusable(f"the key file {path} cannot be used: {error}") from error

    def wrap(self, subject: str, key: bytes, associated: bytes) -> bytes:
        """AES-256-GCM with a random nonce; a person's first object makes the key."""
        path = self._person(subject)
        if not path.exists():
            sealed = seal(self._keys[self.key_id], secrets.token_bytes(KEY_BYTES), _of(subject))
            _write_secret(path, self.key_id.encode() + b"\n" + sealed)
        return seal(self._person_key(subject), key, associated)

    def unwrap(self, subject: str, key_id: str, wrapped: bytes, associated: bytes) -> bytes:
        """The data key."""
        if key_id == PERSON:
            return unseal(self._person_key(subject), wrapped, associated)
        return unseal(self._key(key_id), wrapped, associated)

    def forget(self, subject: str) -> None:
        """Overwrites the key, then removes its file."""
        path = self._person(subject)
        with contextlib.suppress(FileNotFoundError):
            with path.open("r+b") as file:
                file.write(bytes(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()

    def _key(self, key_id: str) -> bytes:
        if key_id not in self._keys:
            raise VaultUnusable(f"the key {key_id} is not in {self._path}: put it back")
        return self._keys[key_id]

    def _person(self, subject: str) -> Path:
        return self._path.parent / "people" / subject

    def _person_key(self, subject: str) -> bytes:
        path = self._person(subject)
        try:
            key_id, _, sealed = path.read_bytes().partition(b"\n")
        except OSError as error:
            raise VaultUnusable(
                f"the key of the person {subject} cannot be read ({error.strerror}): it was "
                "destroyed by an erasure, or the key folder is not whole"
            ) from error
        return unseal(self._key(key_id.decode(errors="replace")), sealed, _of(subject))

    def keyed_hash(self, text: str) -> str:
        """Of a key that is good for nothing else."""
        own = hmac.digest(self._keys[self.key_id], b"songreel keyed hash 1", "sha256")
        return hmac.digest(own, text.encode(), "sha256").hex()


def seal(key: bytes, plain: bytes, associated: bytes) -> bytes:
    """AES-GCM: a fresh 96-bit nonce, then the sealed bytes with their tag."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, associated)


def unseal(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Raises `VaultUnusable` when key, bytes or binding are not those of the sealing."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], associated)
    except (InvalidTag, ValueError) as error:
        raise VaultUnusable(
            "an object of the vault cannot be opened: its key, its bytes or what it is bound to "
            "was changed"
        ) from error


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 key in a PEM file; made if there is none. Raises `VaultUnusable`."""
    if not path.exists():
        made = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _write_secret(path, made)
    try:
        _refuse_open(path)
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise VaultUnusable(f"the signing key {path} cannot be used: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise VaultUnusable(f"the signing key {path} is no Ed25519 key")
    return key


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """What others verify with."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _of(subject: str) -> bytes:
    return b"songreel person|" + subject.encode()


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _write_secret(path: Path, data: bytes) -> None:
    """Writes a file that is there whole or not at all; one that is there already stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    # Made with its permissions, never readable in between.
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first
            os.link(draft, path)
    finally:
        draft.unlink()


def _refuse_open(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        raise ValueError("others may read it: chmod 600 it")
