"""Opens the enrolment page for one person and waits until it ends."""

import asyncio
import json
import sys
import webbrowser
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import typer
from songreel.v1.identity_service_pb2 import Identity
from songreel_gateway.api.resource_names import parse_identity
from songreel_gateway.settings import GatewaySettings
from songreel_gateway.web.site import running_site
from songreel_kit.errors import FailedPrecondition, IdentityNotFound

from songreel_app.server.client import Client
from songreel_app.server.embedded import find_server
from songreel_app.server.names import identity_name
from songreel_app.server.remote import remote_tls
from songreel_app.server.session import PROJECT, Session
from songreel_app.server.target import ServerTarget

LOOK_SECONDS = 1.0


async def enroll_person(name: str, target: ServerTarget, *, browser: bool, as_json: bool) -> None:
    """Opens the page and returns when the person is enrolled, newly or again.

    The embedded server serves the page. For a server elsewhere this process serves it, on
    loopback only, and forwards its calls to the API: browsers give the camera to pages of
    this machine, and the server needs no address for browsers.

    Raises:
        InvalidName: `name` is not an identity's name.
        FailedPrecondition: the server serves no page; or the API key would travel in plain
            text.
        ServerNotStarted: there is no server and none could be started.
        Unauthenticated, PermissionDenied: the key is not valid, or may not enrol.
    """
    # Checked before a server is started.
    parse_identity(identity_name(name, f"projects/{PROJECT}"))
    async with Session(target) as session:
        client = session.client
        full = identity_name(name, client.parent)
        project, identity = parse_identity(full)
        async with _page(target) as url:
            before = await _look(client, full)
            page = f"{url}?identity={identity}"
            if project != PROJECT:
                page += f"&project={project}"
            # A server sees nothing behind the #, and the page takes it out of the address.
            token = await client.fresh_token()
            whole = f"{page}#token={token}" if token else page
            opened = browser and await asyncio.to_thread(webbrowser.open, whole)
            if browser and not opened:
                typer.echo("no browser could be opened: open this page yourself", err=True)
            _tell(page if opened else whole, as_json=as_json)
            enrolled = await _wait(client, full, before)
        _tell_end(enrolled, as_json=as_json)


@asynccontextmanager
async def _page(target: ServerTarget) -> AsyncGenerator[str]:
    """The page's URL, without query and fragment."""
    if target.server is not None:
        settings = GatewaySettings(web_bind="127.0.0.1:0", web_hosts="")
        async with running_site(settings, target.server, tls=remote_tls()) as url:
            yield url
        return
    record = find_server(target.data)
    if record is None or not record.page:
        raise FailedPrecondition(
            "the server on this data folder serves no page: unset SONGREEL_GATEWAY_WEB_BIND "
            "and start it again"
        )
    yield record.page


async def _wait(client: Client, name: str, before: Identity) -> Identity:
    while True:
        now = await _look(client, name)
        # Every enrolment extends the retention.
        if now.state == Identity.STATE_ENROLLED and now.expire_time != before.expire_time:
            return now
        await asyncio.sleep(LOOK_SECONDS)


async def _look(client: Client, name: str) -> Identity:
    """The identity; an empty one where nobody has the name yet."""
    try:
        return await client.get_identity(name)
    except IdentityNotFound:
        return Identity()


def _tell(page: str, *, as_json: bool) -> None:
    typer.echo(json.dumps({"page": page}) if as_json else f"enrol at {page}")
    sys.stdout.flush()


def _tell_end(identity: Identity, *, as_json: bool) -> None:
    name, pictures = identity.name, identity.pictures
    if as_json:
        typer.echo(json.dumps({"identity": name, "pictures": pictures}))
    else:
        typer.echo(f"{name.rpartition('/')[2]} is enrolled: {pictures} pictures, encrypted")
