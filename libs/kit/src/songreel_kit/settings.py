"""Settings: one typed object per service, filled from `SONGREEL_...` variables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from songreel_kit.channel.tls import ServerTls
from songreel_kit.errors import FailedPrecondition
from songreel_kit.server.server import ServerSettings

if TYPE_CHECKING:
    from songreel_kit.credentials.certificates import SigningIdentity


def data_folder() -> Path:
    """Where songreel keeps its data: `SONGREEL_DATA`, or the user's data folder."""
    chosen = os.environ.get("SONGREEL_DATA")
    return Path(chosen).expanduser() if chosen else user_data_path("songreel", appauthor=False)


def default_store(data: Path | None = None) -> str:
    """The artifact store of all services: `SONGREEL_STORE`, or a folder of the data."""
    return os.environ.get("SONGREEL_STORE") or str((data or data_folder()) / "artifacts")


class ServiceSettings(BaseSettings):
    """Base of every service's settings; a service sets its own `env_prefix`."""

    model_config = SettingsConfigDict(
        env_prefix="SONGREEL_", frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    data: Path = Field(default_factory=data_folder)
    """Folder of what is kept on this machine."""

    store: str = Field(default_factory=default_store)
    """Artifact store: a folder, `file:///folder` or `s3://bucket/prefix`."""

    bind: str = "127.0.0.1:0"
    """Address and port to serve on; port 0 takes a free one."""

    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """Port for Prometheus; none when unset."""

    grace_seconds: float = Field(default=20.0, ge=0.0, le=3600.0)
    """How long a stopping server waits for the calls in flight."""

    max_concurrent_calls: int | None = Field(default=None, ge=1)
    """More calls at once are refused with RESOURCE_EXHAUSTED; unlimited when unset."""

    tls_certificate: Path | None = None
    """PEM file of the certificate to serve with; plain text when unset."""

    tls_key: Path | None = None
    """PEM file of its private key."""

    tls_client_authority: Path | None = None
    """PEM file of the authorities of clients' certificates; every client has to show one
    then."""

    tls_clients: str = ""
    """DNS names, with commas between them, of the certificates that may call; `name=One+Other`
    may call these two methods alone. Empty for all of the authority's."""

    probe_bind: str = ""
    """Another address, in plain text and with health only: a cluster's probes know no TLS."""

    def server(self) -> ServerSettings:
        """The part of it that the server takes. Raises `FailedPrecondition`."""
        return ServerSettings(
            bind=self.bind,
            metrics_port=self.metrics_port,
            grace_seconds=self.grace_seconds,
            max_concurrent_calls=self.max_concurrent_calls,
            tls=self._tls(),
            clients=names_in(self.tls_clients),
            probe_bind=self.probe_bind,
        )

    def _tls(self) -> ServerTls | None:
        if self.tls_certificate is None and self.tls_key is None:
            if self.tls_client_authority is not None:
                raise FailedPrecondition(
                    "tls_client_authority needs tls_certificate and tls_key as well"
                )
            return None
        if self.tls_certificate is None or self.tls_key is None:
            raise FailedPrecondition("tls_certificate and tls_key belong together: give both")
        return ServerTls(self.tls_certificate, self.tls_key, self.tls_client_authority)


class SigningSettings(ServiceSettings):
    """Settings of services that sign what they make."""

    credentials: bool = True
    """Whether videos are signed with C2PA content credentials."""

    signing_certificate: Path | None = None
    """PEM file with the operator's certificate and its chain; unset signs with a development
    certificate that is made at the first start and that no one else trusts."""

    signing_key: Path | None = None
    """PEM file with the certificate's private key (EC P-256, P-384 or Ed25519, unencrypted)."""

    signing_folder: Path = Field(default_factory=lambda fields: fields["data"] / "credentials")
    """Folder where the development certificates are kept."""

    def signing_identity(self) -> SigningIdentity | None:
        """Who signs; None where nothing is signed. Raises `CredentialsUnusable`."""
        from songreel_kit.credentials.certificates import development_identity, operator_identity

        if not self.credentials:
            return None
        prefix = self.model_config.get("env_prefix", "")
        if self.signing_certificate is not None:
            return operator_identity(self.signing_certificate, self.signing_key, prefix)
        return development_identity(self.signing_folder, prefix)


def names_in(text: str) -> tuple[str, ...]:
    """The names in a list with commas."""
    return tuple(name for each in text.split(",") if (name := each.strip()))
