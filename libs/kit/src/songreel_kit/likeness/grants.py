"""Grants for one use of a person's likeness: what a renderer checks before it draws one.

A grant is an EdDSA JWT of the identity service. Its signature, audience, age and
binding are checked here, offline; that it was not used before and that the consent
still stands, only the identity service knows (`RedeemGrant`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jwt
from songreel.render.v1.render_service_pb2 import RenderRequest

from songreel_kit.artifacts.documents import stage_key
from songreel_kit.errors import GrantExpired, GrantInvalid

ISSUER = "songreel.identity.v1"
AUDIENCE = "render"
MAX_SECONDS = 300
"""Longest life of a grant."""

_CLAIMS = ("iss", "aud", "sub", "jti", "iat", "exp", "adapter_sha256", "job_sha256", "consent")


@dataclass(frozen=True)
class Grant:
    """What was granted."""

    id: str
    """Good for one use."""
    subject: str
    """Pseudonym of the person."""
    adapter_sha256: str
    job_sha256: str
    """Hash of the one job that may use it."""
    consent: str
    expires: int
    """Seconds since 1970."""
    ways: tuple[str, ...] = ()
    """Accessible ways by which the person was enrolled."""


def job_sha256(request: RenderRequest) -> str:
    """Hash of the render that a grant is for: what is drawn, and with what.

    Grants themselves do not count, nor where the store keeps the documents.
    """
    settings = type(request.settings)()
    settings.CopyFrom(request.settings)
    for lora in settings.loras:
        lora.grant = ""
    documents = (request.song, request.analysis, request.storyboard)
    return stage_key("render.grant", "1", *(each.sha256 for each in documents), settings)


def verify_grant(
    token: str, public_key: bytes, *, adapter_sha256: str, job_sha256: str, leeway: float = 5.0
) -> Grant:
    """Checks a grant for one use of one adapter in one job.

    Args:
        token: The JWT.
        public_key: PEM of the identity service's Ed25519 key.
        adapter_sha256: Hash of the adapter that is to be used.
        job_sha256: Hash of the job at hand.
        leeway: Seconds by which the clocks may differ.

    Raises:
        GrantExpired: too old.
        GrantInvalid: signed by another key, changed, or for another use.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            public_key,
            algorithms=["EdDSA"],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=leeway,
            options={"require": list(_CLAIMS)},
        )
    except jwt.ExpiredSignatureError as error:
        raise GrantExpired("the grant has expired: ask for another one") from error
    except (jwt.PyJWTError, ValueError) as error:
        raise GrantInvalid(
            f"the grant cannot be trusted ({error}): ask the identity service for one"
        ) from error
    if claims["exp"] - claims["iat"] > MAX_SECONDS:
        raise GrantInvalid(f"the grant lasts longer than {MAX_SECONDS} seconds")
    for name, wanted in (("adapter_sha256", adapter_sha256), ("job_sha256", job_sha256)):
        if claims[name] != wanted:
            raise GrantInvalid(f"the grant is for another {name.removesuffix('_sha256')}")
    return Grant(
        id=claims["jti"],
        subject=claims["sub"],
        adapter_sha256=claims["adapter_sha256"],
        job_sha256=claims["job_sha256"],
        consent=claims["consent"],
        expires=claims["exp"],
        ways=tuple(claims.get("ways", ())),
    )
