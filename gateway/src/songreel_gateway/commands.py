"""`songreel-gateway`: serve; projects and their quotas; API keys; what was done with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import sqlalchemy as sa
import typer
from songreel_kit.channel.tls import read_pem
from songreel_kit.database.database import Database
from songreel_kit.database.times import microseconds
from songreel_kit.errors import InvalidRequest, SongreelError
from songreel_kit.server.main import errors_in_one_line, main

from songreel_gateway import maintenance
from songreel_gateway.access import audit
from songreel_gateway.access.callers import Role
from songreel_gateway.access.guard import certificate_sha256
from songreel_gateway.access.keys import (
    NewKey,
    change_project,
    create_key,
    create_project,
    list_keys,
    revoke_key,
)
from songreel_gateway.access.quotas import DAY_MICROSECONDS, Quotas, day
from songreel_gateway.db.access_tables import projects as project_table
from songreel_gateway.db.schema import open_database
from songreel_gateway.settings import GatewaySettings

T = TypeVar("T")

PROGRAM = "songreel-gateway"

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
projects = typer.Typer(no_args_is_help=True, help="Projects (tenants) and their quotas.")
keys = typer.Typer(no_args_is_help=True, help="API keys of projects.")
app.add_typer(projects, name="projects")
app.add_typer(keys, name="keys")
app.command("migrate")(maintenance.migrate_tables)
app.command("collect")(maintenance.collect)
app.command("lifecycle")(maintenance.lifecycle)
projects.command("erase")(maintenance.erase_project)

Project = Annotated[str, typer.Argument(metavar="PROJECT", help="Its id, as in projects/PROJECT.")]
RunningJobs = Annotated[int | None, typer.Option(min=0, help="Jobs at once.")]
RenderedSeconds = Annotated[int | None, typer.Option(min=0, help="Seconds of video a day (UTC).")]
StoredBytes = Annotated[int | None, typer.Option(min=0, help="Bytes of all media.")]
Uploads = Annotated[int | None, typer.Option(min=0, help="Uploads a day (UTC).")]
RetentionDays = Annotated[
    int | None, typer.Option(min=0, help="Days that videos and media are kept; 0: for ever.")
]


@app.command()
def serve() -> None:
    """Serve until a signal comes; jobs under way are laid down for the next start."""
    main(PROGRAM, _serve)


@projects.command("create")
def create(
    project: Project,
    running_jobs: RunningJobs = None,
    rendered_seconds: RenderedSeconds = None,
    stored_bytes: StoredBytes = None,
    uploads: Uploads = None,
    retention_days: RetentionDays = None,
) -> None:
    """Make a project; quotas that are not given are those of the settings."""
    given = _given(running_jobs, rendered_seconds, stored_bytes, uploads, retention_days)
    _write(lambda connection: create_project(connection, project, given))
    typer.echo(f"projects/{project}")


@projects.command("set")
def set_quotas(
    project: Project,
    running_jobs: RunningJobs = None,
    rendered_seconds: RenderedSeconds = None,
    stored_bytes: StoredBytes = None,
    uploads: Uploads = None,
    retention_days: RetentionDays = None,
) -> None:
    """Change quotas; those that are not given stay."""
    given = _given(running_jobs, rendered_seconds, stored_bytes, uploads, retention_days)
    if not given:
        raise InvalidRequest("no quota is given: see --help")
    _write(lambda connection: change_project(connection, project, "quotas set", **given))


@projects.command("close")
def close(project: Project) -> None:
    """Let nobody in any more; what it has stays."""
    now = microseconds()
    _write(lambda connection: change_project(connection, project, "project closed", closed=now))


@projects.command("open")
def reopen(project: Project) -> None:
    """Let its people in again."""
    _write(lambda connection: change_project(connection, project, "project opened", closed=0))


@projects.command("list")
def list_projects() -> None:
    """Show all projects: quota, and in brackets what is used of it."""
    settings, database = _opened()
    quotas = Quotas.configured(database, settings)

    def read(connection: sa.Connection) -> list[str]:
        lines: list[str] = []
        for row in connection.execute(sa.select(project_table).order_by(project_table.c.id)):
            limits, used = quotas.limits(connection, row.id), quotas.used(connection, row.id)
            told = " ".join(
                f"{name}={limit} ({getattr(used, name)})" for name, limit in vars(limits).items()
            )
            lines.append(f"{row.id}{' closed' if row.closed else ''} {told}")
        return lines

    typer.echo("\n".join(database.run(read, reads=True)))


@keys.command("create")
def create_one(
    project: Project,
    role: Annotated[Role, typer.Option(help="What its owner may do.")] = Role.PARTNER,
    certificate: Annotated[
        Path | None, typer.Option(help="PEM of the client certificate that it is good with.")
    ] = None,
    calls_per_minute: Annotated[int | None, typer.Option(min=1, help="Its rate.")] = None,
    days: Annotated[int, typer.Option(min=0, help="Days that it is good; 0: for ever.")] = 0,
) -> None:
    """Make a key and print it: this once, it is not kept."""
    bound = "" if certificate is None else _fingerprint(certificate)
    new = NewKey(project, role, bound, calls_per_minute, days)
    _, text = _write(lambda connection: create_key(connection, new))
    typer.echo(text)


@keys.command("revoke")
def revoke(key: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]) -> None:
    """End a key for good; its tokens end within access_cache_seconds."""
    _write(lambda connection: revoke_key(connection, key))


@keys.command("list")
def list_all(project: Annotated[str, typer.Option(help="Only of this one.")] = "") -> None:
    """Show keys, without their secrets."""
    found = _read(lambda connection: list_keys(connection, project))
    for key in found:
        state = "good" if key.good else "revoked" if key.revoked else "ended"
        ends = _time(key.expires) if key.expires else "never ends"
        bound = " bound to a certificate" if key.certificate_sha256 else ""
        typer.echo(f"{key.id} {key.project} {key.role} {state} {_time(key.created)} {ends}{bound}")


@app.command("audit")
def show_audit(
    project: Annotated[str, typer.Option(help="Only of this one.")] = "",
    days: Annotated[int, typer.Option(min=1, help="How far back.")] = 7,
) -> None:
    """Show what operators did, and the counts of calls by day, key, method and outcome."""
    since = (day() - days + 1) * DAY_MICROSECONDS
    for event in _read(lambda connection: audit.events_of(connection, since, project)):
        where = f"{event.project} {event.key} {event.detail}".rstrip()
        typer.echo(f"{_time(event.at)} {event.action}: {where}")
    for use in _read(lambda connection: audit.use_of(connection, days, project)):
        who = f"{use.project or '-'} {use.key or '-'}"
        date = _time(use.day * DAY_MICROSECONDS)[:10]
        typer.echo(f"{date} {who} {use.method} {use.code} {use.calls}")


def run() -> None:
    """The console script; what cannot work is one line on stderr."""
    with errors_in_one_line(PROGRAM):
        app()


async def _serve() -> None:
    # The other commands need none of it.
    from prometheus_client import REGISTRY
    from songreel_kit.artifacts.open import open_store
    from songreel_kit.server.server import running_server
    from songreel_kit.telemetry.tracing import traced

    from songreel_gateway.service import Gateway, Targets
    from songreel_gateway.web.site import running_site

    settings = GatewaySettings()
    gateway = Gateway(settings, open_store(settings.store))
    binds = [each for each in (settings.bind, settings.web_bind) if each]
    try:
        guards = gateway.guards(*binds)
    except SongreelError:
        await gateway.close()
        raise
    server_settings = settings.server()
    async with (
        traced("songreel-gateway"),
        running_server(
            gateway.services(), server_settings, registry=REGISTRY, guards=guards
        ) as server,
    ):
        server.stop_on_signals()
        async with (
            gateway.running(Targets.configured(settings), server.budget),
            running_site(settings, server.inner_address),
        ):
            typer.echo(f"listening on {server.address}")  # for whoever started it
            await server.wait_stopped()


def _opened() -> tuple[GatewaySettings, Database]:
    settings = GatewaySettings()
    settings.data.mkdir(parents=True, exist_ok=True)
    return settings, open_database(settings.database(), connections=2)


def _write(transaction: Callable[[sa.Connection], T]) -> T:
    return _opened()[1].run(transaction)


def _read(transaction: Callable[[sa.Connection], T]) -> T:
    return _opened()[1].run(transaction, reads=True)


def _given(*quotas: int | None) -> dict[str, int]:
    names = ("running_jobs", "rendered_seconds", "stored_bytes", "uploads", "retention_days")
    return {name: each for name, each in zip(names, quotas, strict=True) if each is not None}


def _fingerprint(path: Path) -> str:
    try:
        return certificate_sha256(read_pem(path))
    except ValueError as error:
        raise InvalidRequest(f"{path} holds no certificate: {error}") from error


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
