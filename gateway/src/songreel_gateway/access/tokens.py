"""The gateway's own tokens: short-lived, for one API key.

EdDSA only, by keys that the gateway alone has. There is no shared secret and no choice of
algorithm, so nothing that a token says about itself decides how it is verified.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from songreel_kit.errors import FailedPrecondition, TokenExpired, Unauthenticated

ISSUER: Final = "songreel.gateway"
AUDIENCE: Final = "songreel.v1"
LEEWAY: Final = 5.0
"""Seconds by which clocks may differ."""

_PEM = re.compile(r"-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----", re.DOTALL)


@dataclass(frozen=True)
class TokenClaims:
    """Claims of a token of the gateway; all else is in the database."""

    key: str
    certificate_sha256: str


class Tokens:
    """Issues and verifies tokens."""

    def __init__(self, pem: str, seconds: float) -> None:
        """`pem`: Ed25519 private keys; the first one signs. Raises `FailedPrecondition`."""
        keys = [_load(block) for block in _PEM.findall(pem)]
        if not keys:
            raise FailedPrecondition(
                "the token_key setting holds no private key in PEM: make one with "
                "`openssl genpkey -algorithm ed25519`"
            )
        self._signing = keys[0]
        self._public = {_key_id(key): key.public_key() for key in keys}
        self._seconds = seconds

    def issue(self, key: str, certificate_sha256: str = "") -> tuple[str, int]:
        """A token for an API key, and when it ends, in seconds since 1970."""
        now = int(time.time())
        expires = now + int(self._seconds)
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": key,
            "iat": now,
            "exp": expires,
        }
        if certificate_sha256:
            claims["cnf"] = {"x5t#S256": certificate_sha256}
        token = jwt.encode(
            claims,
            self._signing,
            algorithm="EdDSA",
            headers={"kid": _key_id(self._signing), "typ": "at+jwt"},
        )
        return token, expires

    def verify(self, token: str, header: dict[str, Any]) -> TokenClaims:
        """Checks a token. Raises `TokenExpired`, `Unauthenticated`."""
        public = self._public.get(str(header.get("kid", "")))
        if public is None:
            raise Unauthenticated("the token is signed by a key that is not known here")
        claims = decoded(token, public, ["EdDSA"], AUDIENCE, ISSUER)
        bound: Any = claims.get("cnf", {})
        return TokenClaims(str(claims["sub"]), str(bound.get("x5t#S256", "")))


def decoded(
    token: str, key: Any, algorithms: list[str], audience: str, issuer: str
) -> dict[str, Any]:
    """A verified token's claims. Raises `TokenExpired`, `Unauthenticated`."""
    try:
        return jwt.decode(
            token,
            key,
            algorithms=algorithms,
            audience=audience,
            issuer=issuer,
            leeway=LEEWAY,
            options={"require": ["iss", "aud", "sub", "exp", "iat"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise TokenExpired("the token has expired: get another one") from error
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise Unauthenticated(f"the token is not valid: {error}") from error


def own_key(folder: Path) -> str:
    """The signing key of a single gateway, made at its first start."""
    path = folder / "token-key.pem"
    if not path.exists():
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        folder.mkdir(parents=True, exist_ok=True)
        # Whole or not at all, and never readable by others.
        made = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        made.replace(path)
    return path.read_text()


def _load(block: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(block.encode(), None)
    except ValueError as error:
        raise FailedPrecondition(f"the token_key setting cannot be read: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise FailedPrecondition("the token_key setting must be an Ed25519 key")
    return key


def _key_id(key: Ed25519PrivateKey) -> str:
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]
