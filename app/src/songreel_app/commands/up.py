"""`songreel up`: serve the API from this machine."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from songreel_app.commands import options

if TYPE_CHECKING:
    from songreel_app.server_record import ServerRecord

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
    """Serve everything from this process until Ctrl-C; `make` and the others find it."""
    del render  # its callback has told the render service
    import asyncio

    from songreel_kit.settings import data_folder

    from songreel_app.composition import serve

    folder = data_folder().absolute()

    def ready(record: "ServerRecord") -> None:
        if as_json:
            typer.echo(json.dumps(asdict(record)))
        else:
            typer.echo(f"songreel listens on {record.address}; its data is in {folder}")
            if record.page:
                typer.echo(f"people enrol at {record.page}")

    asyncio.run(serve(folder, port, ready, owned=owned))
    return 0
