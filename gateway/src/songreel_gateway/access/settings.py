"""Settings of access: callers, tokens, rates and quotas."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from songreel_kit.channel.tls import ChannelTls
from songreel_kit.server.server import ServerSettings
from songreel_kit.settings import ServiceSettings


class AccessSettings(ServiceSettings):
    """The part of the gateway's settings that decides about callers."""

    access: Literal["open", "checked", "unguarded"] = "open"
    """"open": nobody is asked who they are, which is for one person on loopback and refused on
    any other address. "checked": every call needs a token. "unguarded": as open, on any
    address, for a gateway behind something that checks."""

    token_key: SecretStr = SecretStr("")
    """PEM of the Ed25519 private key that tokens are signed with, the same for all replicas.
    Several: the first one signs, all are good. Made in the data folder when empty and the
    database is SQLite."""

    token_seconds: float = Field(default=900.0, ge=1.0, le=3600.0)
    """Life of a token for an API key."""

    oidc_issuer: str = ""
    """Issuer of an OpenID Connect provider whose tokens are good here; none when empty."""

    oidc_audience: str = ""
    """What its tokens must be for (`aud`)."""

    oidc_jwks_url: str = ""
    """Where its keys are; empty asks the issuer's `.well-known/openid-configuration`."""

    oidc_project_claim: str = "songreel_project"
    """Claim that names the project."""

    oidc_role_claim: str = "songreel_role"
    """Claim that names the role: "creator", "partner" or "operator"."""

    access_cache_seconds: float = Field(default=5.0, ge=0.0, le=300.0)
    """How long a replica may work with what it last read of a key or project; so long a
    revoked key's tokens may still be good."""

    calls_per_minute: int = Field(default=600, ge=1)
    """Rate of one key, where the key has none of its own; of all replicas together."""

    calls_at_once: int = Field(default=100, ge=1)
    """Calls of one key under way, watches included; counted by each replica."""

    exchanges_per_minute: int = Field(default=600, ge=1)
    """Rate of key exchanges from one address, which may be a balancer's."""

    quota_running_jobs: int = Field(default=20, ge=0)
    """Jobs of a project that may wait or run at once; of projects without their own quota."""

    quota_rendered_seconds: int = Field(default=7200, ge=0)
    """Seconds of video that a project may make a day (UTC)."""

    quota_stored_bytes: int = Field(default=100 * 2**30, ge=0)
    """Bytes of all media of a project."""

    quota_uploads: int = Field(default=1000, ge=0)
    """Uploads of a project a day (UTC)."""

    allowed_checkpoints: str = ""
    """Checkpoints and LoRAs, with commas between them, that callers of a checked gateway may
    name; paths on the render service are nobody else's to choose."""

    audit_seconds: float = Field(default=10.0, gt=0.0)
    """How often the counts of calls are written down."""

    upload_seconds: float = Field(default=60.0, gt=0.0)
    """What an upload may take beside the time for its bytes at 32 KiB/s."""

    mutual_bind: str = ""
    """Another address, for callers that show a certificate of `tls_client_authority`."""

    stage_authority: Path | None = None
    """PEM file of the authorities of the services' certificates; the gateway speaks TLS to
    them when this is set."""

    stage_certificate: Path | None = None
    """PEM file of the certificate that the gateway shows to the services."""

    stage_key: Path | None = None
    """PEM file of its private key."""

    def stage_tls(self) -> ChannelTls | None:
        """How the gateway speaks to the services; None for plain text.

        Raises `FailedPrecondition` for a certificate that nobody would be shown.
        """
        return ChannelTls.configured(self.stage_authority, self.stage_certificate, self.stage_key)

    def server(self) -> ServerSettings:
        """The part of it that the server takes. Raises `FailedPrecondition`."""
        return replace(super().server(), mutual_bind=self.mutual_bind, inner=True)
