"""How a server serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from songreel_kit.channel.channel import MAX_MESSAGE_BYTES
from songreel_kit.channel.tls import ServerTls


@dataclass(frozen=True)
class ServerSettings:
    """How a server serves."""

    bind: str = "127.0.0.1:0"
    """Address and port, `unix:/path` too; port 0 takes a free one."""

    metrics_port: int | None = None
    """Port for Prometheus on the same address; none when None, a free one when 0."""

    grace_seconds: float = 20.0
    """How long a stop waits for the calls in flight before it cancels them."""

    tidy_seconds: float = 4.0
    """What all else may take that belongs to a stop. A process that was told to stop by a
    signal is gone after `linger_seconds + grace_seconds + tidy_seconds`, whatever holds it."""

    linger_seconds: float = 0.0
    """How long a stop goes on accepting calls after health says NOT_SERVING, so that
    a cluster's balancers notice first."""

    max_message_bytes: int = MAX_MESSAGE_BYTES

    max_concurrent_calls: int | None = None
    """More calls at once are refused with `Busy`; unlimited when None."""

    max_connection_age_seconds: float = 300.0
    """Clients connect anew after this, which spreads them over new replicas."""

    connection_age_grace_seconds: float = 6 * 3600.0
    """How long calls on such a connection may go on: a render is one long call."""

    handshake_seconds: float = 20.0
    """A client that has not begun to speak HTTP/2 (and TLS) by then is cut off."""

    tls: ServerTls | None = None
    """Plain text when None. With `client_authority` clients must show certificates, on
    `bind` or, where it is set, on `mutual_bind` only."""

    mutual_bind: str = ""
    """Another address, for clients that show certificates."""

    clients: tuple[str, ...] = ()
    """DNS names of the certificates that may call, or `name=One+Other` for no more than these
    methods; empty for all of the authority's."""

    probe_bind: str = ""
    """Another address, in plain text and with health only: probes know no TLS."""

    inner: bool = False
    """Whether there is a port in plain text besides, on loopback, for parts of the same
    process; the guards stand before it as well."""

    def options(self) -> list[tuple[str, Any]]:
        """The same as gRPC's channel arguments."""
        return [
            ("grpc.max_receive_message_length", self.max_message_bytes),
            ("grpc.max_send_message_length", self.max_message_bytes),
            ("grpc.max_connection_age_ms", round(self.max_connection_age_seconds * 1000)),
            ("grpc.max_connection_age_grace_ms", round(self.connection_age_grace_seconds * 1000)),
            ("grpc.server_handshake_timeout_ms", round(self.handshake_seconds * 1000)),
            # With port reuse (gRPC's default) a second server on a taken port would
            # start without a word and get some of the first one's calls.
            ("grpc.so_reuseport", 0),
            # By default the third ping between two answers ends the connection with all its
            # calls. gRPC's own clients ping to keep it alive, to measure it and after some
            # cancelled calls; on a busy machine these came three in a row.
            ("grpc.http2.max_ping_strikes", 0),
        ]
