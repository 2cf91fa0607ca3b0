"""A client of a server that is not the embedded one: with a key and TLS where it wants them."""

import os
from pathlib import Path
from typing import Any

import grpc
from songreel.v1.access_service_pb2 import ExchangeKeyRequest, ExchangeKeyResponse
from songreel.v1.access_service_pb2_grpc import AccessServiceStub
from songreel_client.credentials import Tokens
from songreel_kit.channel import open_channel
from songreel_kit.errors import FailedPrecondition, from_rpc_error
from songreel_kit.tls import ChannelTls, is_loopback

from songreel_app.client import Client

KEY_VARIABLE = "SONGREEL_API_KEY"
AUTHORITY_VARIABLE = "SONGREEL_AUTHORITY"
_EXCHANGE_SECONDS = 30.0


async def remote_client(address: str, project: str) -> Client:
    """A client of the server at `host:port`.

    `SONGREEL_API_KEY` is the key, where one is needed, and says whose project it is;
    `SONGREEL_AUTHORITY` the PEM file of the authorities that vouch for the server, or
    "system" for those of this machine: without it the server is spoken to in plain text.

    Args:
        address: Where it is.
        project: Id of the project that is worked in without a key.

    Raises:
        FailedPrecondition: The key would travel in plain text, or the file cannot be read.
        Unauthenticated: The key is not good.
        ServiceUnavailable: No server answers.
    """
    key, authority = os.environ.get(KEY_VARIABLE, ""), os.environ.get(AUTHORITY_VARIABLE, "")
    tls = None
    if authority:
        tls = ChannelTls(None if authority == "system" else Path(authority))
    if not key:
        return Client(open_channel(address, tls=tls), project=project)
    if tls is None and not is_loopback(address):
        raise FailedPrecondition(
            f"the API key would travel to {address} in plain text: set {AUTHORITY_VARIABLE} to "
            "system, or to the PEM file of the server's authority"
        )
    tokens = Tokens()
    channel = open_channel(address, tls=tls, headers=tokens.headers)
    tokens.come_from(lambda: _exchange(channel, key))
    try:
        await tokens.ensure()
    except BaseException:
        await channel.close()
        raise
    own = tokens.project.removeprefix("projects/")
    return Client(channel, project=own, tokens=tokens)


async def _exchange(channel: grpc.aio.Channel, key: str) -> ExchangeKeyResponse:
    stub: Any = AccessServiceStub(channel)
    try:
        return await stub.ExchangeKey(ExchangeKeyRequest(key=key), timeout=_EXCHANGE_SECONDS)
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error
