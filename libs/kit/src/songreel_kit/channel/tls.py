"""TLS between services: what a server shows and asks for, and what a client does.

Certificates come as PEM files, as cert-manager and Kubernetes' TLS secrets lay them down.
They are read at the start; a new certificate needs a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import grpc

from songreel_kit.errors import FailedPrecondition


@dataclass(frozen=True)
class ServerTls:
    """A server's side."""

    certificate: Path
    """PEM: the server's certificate, then those between it and its authority."""

    key: Path
    """PEM: its private key."""

    client_authority: Path | None = None
    """PEM: the authorities of clients' certificates; every client has to show one then."""

    def credentials(self, *, mutual: bool) -> grpc.ServerCredentials:
        """For a port. Raises `FailedPrecondition`.

        Args:
            mutual: Whether every client has to show a certificate.
        """
        if mutual and self.client_authority is None:
            raise FailedPrecondition("clients' certificates need the tls_client_authority setting")
        authority = self.client_authority if mutual else None
        return grpc.ssl_server_credentials(
            [(read_pem(self.key), read_pem(self.certificate))],
            None if authority is None else read_pem(authority),
            require_client_auth=mutual,
        )


@dataclass(frozen=True)
class ChannelTls:
    """A client's side."""

    authority: Path | None = None
    """PEM: the authorities of the servers' certificates; None for those of the system."""

    certificate: Path | None = None
    """PEM: the certificate to show, with `key`; None for none."""

    key: Path | None = None

    @staticmethod
    def configured(
        authority: Path | None, certificate: Path | None, key: Path | None
    ) -> ChannelTls | None:
        """From three settings of a service; None, for plain text, where none is set.

        Raises `FailedPrecondition` for a certificate that nobody would be shown.
        """
        if authority is not None:
            return ChannelTls(authority, certificate, key)
        if certificate is not None or key is not None:
            raise FailedPrecondition(
                "a client's certificate and key need the authority's file as well: without it "
                "calls travel in plain text"
            )
        return None

    def credentials(self) -> grpc.ChannelCredentials:
        """For a channel. Raises `FailedPrecondition`."""
        if (self.certificate is None) != (self.key is None):
            raise FailedPrecondition(
                "a client's certificate and its key belong together: give both"
            )
        return grpc.ssl_channel_credentials(
            root_certificates=None if self.authority is None else read_pem(self.authority),
            private_key=None if self.key is None else read_pem(self.key),
            certificate_chain=None if self.certificate is None else read_pem(self.certificate),
        )


def is_loopback(bind: str) -> bool:
    """Whether only this machine reaches an address to serve on: `host:port`, `unix:...`."""
    if bind.startswith(("unix:", "unix-abstract:")):
        return True
    host = bind.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def read_pem(path: Path) -> bytes:
    """A PEM file's bytes. Raises `FailedPrecondition`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FailedPrecondition(f"{path} cannot be read: {error.strerror}") from error
    if b"-----BEGIN " not in data:
        raise FailedPrecondition(f"{path} is no PEM file: it has no line with BEGIN")
    return data
