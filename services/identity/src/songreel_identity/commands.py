"""`songreel-identity`: serve, verify the audit log, approve ways, erase."""

from __future__ import annotations

from typing import Annotated

import typer
from songreel_kit.server.main import errors_in_one_line, main
from songreel_kit.server.server import serve as serve_services

from songreel_identity.enrollment.approvals import HOURS
from songreel_identity.enrollment.approvals import approve as approve_ways
from songreel_identity.liveness.protocol import parse_ways
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


@app.command()
def approve(
    identity: Annotated[str, typer.Argument(help="projects/P/identities/I")],
    way: Annotated[list[str], typer.Option(help="no-light or skip-two; may be repeated.")],
    hours: Annotated[float, typer.Option(min=0.1, max=168.0)] = HOURS,
) -> None:
    """Approves a weaker way through the enrolment; make sure first that it is the person."""
    approve_ways(open_vault(IdentitySettings()), identity, parse_ways(way), hours)
    typer.echo(f"approved for {hours:g} hours, or until a session is passed")


def run() -> None:
    """The console script; what cannot work is one line on stderr."""
    with errors_in_one_line(PROGRAM):
        app()
