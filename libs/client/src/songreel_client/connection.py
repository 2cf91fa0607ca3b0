"""From an address to a client."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from songreel.v1.access_service_pb2 import ExchangeKeyRequest, ExchangeKeyResponse
from songreel.v1.access_service_pb2_grpc import AccessServiceStub
from songreel_kit.channel.channel import open_channel
from songreel_kit.channel.tls import ChannelTls, is_loopback
from songreel_kit.errors import FailedPrecondition, InvalidRequest, from_rpc_error

from songreel_client.attempts import Attempts, Retrying
from songreel_client.calls import UNARY_SECONDS
from songreel_client.client import Client
from songreel_client.credentials import Tokens

LOCAL_PROJECT = "local"
"""The project of whoever runs songreel for themselves."""


@dataclass(frozen=True)
class Connection:
    """A channel to a server, and whose project is worked in over it."""

    channel: grpc.aio.Channel
    project: str
    """Its id."""
    tokens: Tokens | None = None
    """Those that the channel's calls carry; None where no key was given."""


@asynccontextmanager
async def connect(
    address: str,
    *,
    project: str = "",
    api_key: str = "",
    tls: ChannelTls | None = None,
    plain_text: bool = False,
    retrying: Retrying | None = None,
) -> AsyncGenerator[Client]:
    """A client of the server there; it is closed at the end of the `with` block.

    Args:
        address: `host:port`, all addresses of the name in turn; or several at once as
            `ipv4:10.0.0.1:443,10.0.0.2:443`.
        project: Id of the project; empty is that of the key, or "local" without one.
        api_key: As the operator gave it; exchanged for short tokens as long as the client
            lives. None is needed on a server of one's own.
        tls: How the server proves itself, and the client if it has a certificate. None is
            plain text.
        plain_text: Whether a key may travel in plain text to another machine, for
            example inside a mesh that encrypts by itself.
        retrying: How long calls are tried again; None is a minute.

    Raises:
        FailedPrecondition: The key would travel in plain text; or a certificate cannot
            be read; or the server checks no keys.
        InvalidRequest: The key is another project's.
        Unauthenticated: The key is not good.
        ServiceUnavailable: No server answers.
    """
    retrying = retrying or Retrying()
    async with connection(
        address,
        project=project,
        api_key=api_key,
        tls=tls,
        plain_text=plain_text,
        retrying=retrying,
    ) as made:
        yield Client(made.channel, project=made.project, tokens=made.tokens, retrying=retrying)


@asynccontextmanager
async def connection(
    address: str,
    *,
    project: str = "",
    api_key: str = "",
    tls: ChannelTls | None = None,
    plain_text: bool = False,
    retrying: Retrying | None = None,
) -> AsyncGenerator[Connection]:
    """What `connect` makes its client of, for callers with a client of their own."""
    retrying = retrying or Retrying()
    if not api_key:
        async with open_channel(address, tls=tls) as channel:
            yield Connection(channel, project or LOCAL_PROJECT)
        return
    if tls is None and not plain_text and not is_loopback(address.removeprefix("dns:///")):
        raise FailedPrecondition(
            f"the API key would travel to {address} in plain text: give tls=ChannelTls(), or "
            "plain_text=True where something else encrypts"
        )
    tokens = Tokens()
    async with open_channel(address, tls=tls, headers=tokens.headers) as channel:
        tokens.come_from(lambda: _exchange(channel, api_key, retrying))
        await tokens.ensure()
        own = tokens.project.removeprefix("projects/")
        if project and project != own:
            raise InvalidRequest(
                f"the API key is of the project {own!r}, not of {project!r}", field="project"
            )
        yield Connection(channel, own, tokens)


async def _exchange(channel: grpc.aio.Channel, key: str, retrying: Retrying) -> ExchangeKeyResponse:
    stub: Any = AccessServiceStub(channel)
    attempts = Attempts(retrying, None)
    while True:
        try:
            return await stub.ExchangeKey(ExchangeKeyRequest(key=key), timeout=UNARY_SECONDS)
        except grpc.RpcError as error:
            await attempts.failed(from_rpc_error(error))
