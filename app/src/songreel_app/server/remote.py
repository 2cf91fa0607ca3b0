"""Clients of servers elsewhere, with a key and TLS."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from songreel_client import ONCE, ChannelTls
from songreel_client.connection import connection
from songreel_kit.channel.tls import is_loopback
from songreel_kit.errors import FailedPrecondition

from songreel_app.server.client import Client

KEY_VARIABLE = "SONGREEL_API_KEY"
AUTHORITY_VARIABLE = "SONGREEL_AUTHORITY"


def remote_tls() -> ChannelTls | None:
    """TLS settings for servers elsewhere; None is plain text.

    `SONGREEL_AUTHORITY` is the PEM file of the authorities that vouch for them, or "system"
    for those of this machine.
    """
    authority = os.environ.get(AUTHORITY_VARIABLE, "")
    if not authority:
        return None
    return ChannelTls(None if authority == "system" else Path(authority))


@asynccontextmanager
async def remote_client(address: str, project: str) -> AsyncGenerator[Client]:
    """A client of the server at `host:port`, with the TLS of `remote_tls`.

    `SONGREEL_API_KEY` is the key, where one is needed, and says whose project it is.

    Args:
        address: Where it is.
        project: Id of the project that is worked in without a key.

    Raises:
        FailedPrecondition: The key would travel in plain text, or the file cannot be read.
        Unauthenticated: The key is not good.
        ServiceUnavailable: No server answers.
    """
    key, tls = os.environ.get(KEY_VARIABLE, ""), remote_tls()
    if key and tls is None and not is_loopback(address):
        # As the library would, but in this command's words.
        raise FailedPrecondition(
            f"the API key would travel to {address} in plain text: set {AUTHORITY_VARIABLE} to "
            "system, or to the PEM file of the server's authority"
        )
    own = "" if key else project
    async with connection(address, project=own, api_key=key, tls=tls, retrying=ONCE) as made:
        yield Client(made.channel, project=made.project, tokens=made.tokens)
