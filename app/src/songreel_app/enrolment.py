"""Serves the enrolment page for one person and waits for the end."""

import asyncio
import json
import sys
import webbrowser
from pathlib import Path
from typing import Any

import grpc
import typer
from songreel.v1.identity_service_pb2 import GetIdentityRequest, Identity
from songreel.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel_gateway.names import parse_identity
from songreel_kit.channel import open_channel
from songreel_kit.errors import FailedPrecondition, IdentityNotFound, from_rpc_error

from songreel_app.embedded import ensure_server, find_server
from songreel_app.session import PROJECT

LOOK_SECONDS = 1.0


async def enrol(name: str, data: Path, *, browser: bool, as_json: bool) -> None:
    """Opens the page and returns when the person is enrolled, newly or once more.

    Raises:
        InvalidName: `name` cannot be an identity's.
        FailedPrecondition: the server serves no page.
        ServerNotStarted: there is no server and none could be started.
    """
    full = f"projects/{PROJECT}/identities/{name}"
    parse_identity(full)
    server = await ensure_server(data)
    try:
        record = find_server(data)
        if record is None or not record.page:
            raise FailedPrecondition(
                "the server on this data folder serves no page: unset SONGREEL_GATEWAY_WEB_BIND "
                "and start it again"
            )
        async with open_channel(server.address) as channel:
            stub: Any = IdentityServiceStub(channel)
            before = await _look(stub, full)
            page = f"{record.page}?identity={name}"
            _tell(page, as_json=as_json)
            if browser and not await asyncio.to_thread(webbrowser.open, page):
                typer.echo("no browser could be opened: open the page yourself", err=True)
            enrolled = await _wait(stub, full, before)
        _tell_end(enrolled, as_json=as_json)
    finally:
        await server.stop()


async def _wait(stub: Any, name: str, before: Identity) -> Identity:
    while True:
        now = await _look(stub, name)
        # Every enrolment puts the end of the retention off.
        if now.state == Identity.STATE_ENROLLED and now.expire_time != before.expire_time:
            return now
        await asyncio.sleep(LOOK_SECONDS)


async def _look(stub: Any, name: str) -> Identity:
    """The identity; an empty one where nobody has the name yet."""
    try:
        return (await stub.GetIdentity(GetIdentityRequest(name=name), timeout=30)).identity
    except grpc.RpcError as error:
        typed = from_rpc_error(error)
        if isinstance(typed, IdentityNotFound):
            return Identity()
        raise typed from error


def _tell(page: str, *, as_json: bool) -> None:
    typer.echo(json.dumps({"page": page}) if as_json else f"enrol at {page}")
    sys.stdout.flush()


def _tell_end(identity: Identity, *, as_json: bool) -> None:
    name, pictures = identity.name, identity.pictures
    if as_json:
        typer.echo(json.dumps({"identity": name, "pictures": pictures}))
    else:
        typer.echo(f"{name.rpartition('/')[2]} is enrolled: {pictures} pictures, encrypted")
