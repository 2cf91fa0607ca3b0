"""`songreel up`: serve the API from this machine."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from songreel_app.commands import options
from songreel_app.server.target import ServerTarget

if TYPE_CHECKING:
    from songreel_app.server.record import ServerRecord

Port = Annotated[
    int, typer.Option("--port", help="Port to listen on; 0 takes a free one.", min=0, max=65535)
]
Owned = Annotated[bool, typer.Option("--owned", help="Stop when stdin closes.", hidden=True)]


def up(
    port: Port = 0,
    render: options.Backend = "",
    data: options.Data = None,
    as_json: options.Json = False,
    owned: Owned = False,
) -> int:
    """Serve the API from this process until Ctrl-C; other commands find and use this server."""
    import asyncio

    from songreel_app.server.composition import serve

    target = ServerTarget(options.data_folder(data), backend=render)

    def ready(record: "ServerRecord") -> None:
        if as_json:
            typer.echo(json.dumps(asdict(record)))
        else:
            typer.echo(f"songreel listens on {record.address}; its data is in {target.data}")
            if record.page:
                typer.echo(f"people enrol at {record.page}")

    asyncio.run(serve(target, port, ready, owned=owned))
    return 0
