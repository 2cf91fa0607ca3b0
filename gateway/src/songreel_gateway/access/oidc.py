"""Tokens of an OpenID Connect provider, verified with the keys that it publishes."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
from songreel_kit.channel.tls import is_loopback
from songreel_kit.database.threads import finish_in_thread
from songreel_kit.errors import FailedPrecondition, ServiceUnavailable, Unauthenticated

from songreel_gateway.access.callers import Role
from songreel_gateway.access.settings import AccessSettings
from songreel_gateway.access.tokens import decoded

ALGORITHMS: Final = ["RS256", "ES256", "EdDSA"]
"""All with a public key: with HMAC the public key could be used as the secret."""

_FETCH_SECONDS = 5.0
_KEEP_SECONDS = 300.0
_COOLDOWN_SECONDS = 30.0


class Oidc:
    """Verifies the tokens of one issuer."""

    def __init__(self, settings: AccessSettings) -> None:
        """Raises `FailedPrecondition` when the settings are incomplete or name no https address."""
        self._settings = settings
        self.issuer = settings.oidc_issuer
        for url in (self.issuer, settings.oidc_jwks_url):
            if url and not _trustworthy(url):
                raise FailedPrecondition(f"{url} is not an https address; an issuer needs one")
        if not settings.oidc_audience:
            raise FailedPrecondition(
                "the oidc_audience setting is missing: without it tokens for any "
                "other service would be accepted here"
            )
        self._keys: jwt.PyJWKClient | None = None

    async def verify(self, token: str, header: dict[str, Any]) -> tuple[str, Role, str]:
        """Project, role and account of a token's owner.

        Raises `TokenExpired`, `Unauthenticated`; `ServiceUnavailable` when the issuer's keys
        cannot be fetched.
        """
        key_id = header.get("kid")
        if not isinstance(key_id, str):
            raise Unauthenticated("the token does not say which key it is signed with")
        key = await finish_in_thread(self._key, key_id)
        settings = self._settings
        claims = decoded(token, key, ALGORITHMS, settings.oidc_audience, self.issuer)
        project = claims.get(settings.oidc_project_claim)
        try:
            role = Role(str(claims.get(settings.oidc_role_claim)))
        except ValueError as error:
            raise Unauthenticated(
                f"the token's {settings.oidc_role_claim} is none of {', '.join(Role)}"
            ) from error
        if not isinstance(project, str) or not project:
            raise Unauthenticated(f"the token has no {settings.oidc_project_claim}")
        account = hashlib.sha256(str(claims["sub"]).encode()).hexdigest()[:16]
        return project, role, f"oidc-{account}"

    def _key(self, key_id: str) -> Any:
        try:
            if self._keys is None:
                # An unknown key id asks the issuer again, but not more often than this:
                # strangers make up key ids.
                self._keys = jwt.PyJWKClient(
                    self._settings.oidc_jwks_url or self._discovered(),
                    lifespan=_KEEP_SECONDS,
                    timeout=_FETCH_SECONDS,
                    cooldown_duration=_COOLDOWN_SECONDS,
                )
            return self._keys.get_signing_key(key_id)
        except jwt.PyJWKClientConnectionError as error:
            raise ServiceUnavailable(
                "the identity provider's keys cannot be fetched now"
            ) from error
        except jwt.PyJWTError as error:
            raise Unauthenticated("the token is signed by a key that is not known here") from error

    def _discovered(self) -> str:
        address = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
        try:
            with urllib.request.urlopen(address, timeout=_FETCH_SECONDS) as answer:  # noqa: S310 - checked above
                told = json.loads(answer.read(1 << 20))
        except (OSError, ValueError) as error:
            raise ServiceUnavailable("the identity provider's keys cannot be found now") from error
        url = str(told.get("jwks_uri", ""))
        if told.get("issuer") != self.issuer or not _trustworthy(url):
            raise ServiceUnavailable(
                f"{address} names another issuer, or keys at an address that is not https"
            )
        return url


def _trustworthy(url: str) -> bool:
    """Whether it is https, or this machine (for trials and tests)."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (
        parts.scheme == "http" and is_loopback(f"{parts.hostname}:{parts.port}")
    )
