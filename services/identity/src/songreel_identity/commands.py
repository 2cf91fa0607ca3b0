"""`songreel-identity`: serve, verify the audit log, erase."""

from __future__ import annotations

from typing import Annotated

import typer
from songreel_kit.server.main import errors_in_one_line, main
from songreel_kit.server.server import serve as serve_services

from songreel_identity.service import create_service, open_vault
from songreel_identity.settings import IdentitySettings
from songreel_identity.vault import audit

PROGRAM = "songreel-identity"

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@app.command()
def serve() -> None:
    """Serves the identity service alone until a signal comes."""

    async def serving() -> None:
        settings = IdentitySettings()
        await serve_services([create_service(settings)], settings.server())

    main(PROGRAM, serving)


@app.command()
def verify(
    head: Annotated[str, typer.Option(help="A hash that was noted before; must be there.")] = "",
) -> None:
    """Walks the audit log; prints its length and its last hash."""
    vault = open_vault(IdentitySettings())
    length, last = vault.database.run(lambda connection: audit.verify(connection, head))
    typer.echo(f"{length} entries, whole; head {last}")


@app.command()
def erase(identity: Annotated[str, typer.Argument(help="projects/P/identities/I")]) -> None:
    """Destroys all that is kept of a person."""
    erasure = open_vault(IdentitySettings()).erase(identity, cause="operator")
    typer.echo(f"{erasure.objects} objects and their keys destroyed; head {erasure.audit_head}")


def run() -> None:
    """The console script; what cannot work is one line on stderr."""
    with errors_in_one_line(PROGRAM):
        app()
