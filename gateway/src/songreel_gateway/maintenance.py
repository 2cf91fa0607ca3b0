"""What operators do now and then: step between versions, clear the store."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Annotated

import sqlalchemy as sa
import typer
from songreel_kit.artifacts.garbage import Collected, collect_garbage, erase
from songreel_kit.artifacts.open import direct_transfers, open_store
from songreel_kit.artifacts.s3.store import S3ArtifactStore
from songreel_kit.database.database import Database
from songreel_kit.database.engines import create_engine
from songreel_kit.errors import FailedPrecondition, InvalidRequest, NotFound, Unimplemented

from songreel_gateway.access.keys import note
from songreel_gateway.access.retention import Retention
from songreel_gateway.api.request_ids import forget_old
from songreel_gateway.db.access_tables import projects
from songreel_gateway.db.schema import MIGRATIONS, open_database
from songreel_gateway.jobs.dbos_executor import delete_workflows
from songreel_gateway.jobs.dbos_executor import forget as forget_workflows
from songreel_gateway.jobs.job_rows import OnlyValidated
from songreel_gateway.media.deletion import Deleted, still_held
from songreel_gateway.media.direct_uploads import clear_expired
from songreel_gateway.settings import GatewaySettings
from songreel_gateway.videos.expiry import erase_all_of, expire


def migrate_tables(
    revision: Annotated[str, typer.Argument(help="Its number, head, or base.")] = "head",
) -> None:
    """Bring the gateway's tables up, or down for an older version; no gateway may run."""
    settings = GatewaySettings()
    settings.data.mkdir(parents=True, exist_ok=True)
    engine = create_engine(sa.make_url(settings.database()), connections=2)
    with engine.begin() as connection:
        MIGRATIONS.migrate(connection, revision)
    engine.dispose()
    typer.echo(f"the tables are at revision {revision}")


def collect(
    days: Annotated[float, typer.Option(min=2, help="Younger artifacts stay.")] = 30,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove from the artifact store what is no project's media and was not used for days."""
    settings = GatewaySettings()
    settings.data.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.database(), connections=2)
    try:
        expired = expire_media(database, settings, dry_run)
        if not dry_run:
            database.run(forget_old)
        uploads = clear_expired(
            database, lambda: direct_transfers(open_store(settings.store)), dry_run=dry_run
        )
        collected = collect_unkept(database, settings.store, timedelta(days=days), dry_run)
    finally:
        database.close()
    verb = "would be removed" if dry_run else "removed"
    typer.echo(
        f"{collected.examined} artifacts, {collected.removed} {verb} "
        f"({collected.removed_bytes} bytes), {collected.keys} keys forgotten, "
        f"{uploads} uploads whose time is over, {len(expired.jobs)} videos and "
        f"{len(expired.media)} media whose retention is over"
    )


def erase_project(
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="Its id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
) -> None:
    """Erase a closed project: videos, media, storyboards, operations, keys; for good."""
    settings = GatewaySettings()
    settings.data.mkdir(parents=True, exist_ok=True)
    if not yes:
        typer.confirm(f"Erase everything of {project}, for good?", abort=True, err=True)
    database = open_database(settings.database(), connections=2)
    try:
        gone, removed = erase_everything(database, settings, project)
    finally:
        database.close()
    typer.echo(
        f"projects/{project} erased: {len(gone.jobs)} operations, {len(gone.media)} media, "
        f"{removed} of them removed from the store; `collect` removes what was made on the way. "
        "People of the project are in the identity service's vault: songreel identity erase"
    )


def lifecycle(
    days: Annotated[int, typer.Option(min=1, help="After how many days.")] = 2,
) -> None:
    """Have the S3 server clear away what broken uploads left; replaces the bucket's rules."""
    store = open_store(GatewaySettings().store)
    if not isinstance(store, S3ArtifactStore):
        raise InvalidRequest("the store is a folder: only S3 servers have lifecycle rules")
    try:
        store.objects.set_lifecycle(days)
    except Unimplemented as error:
        raise Unimplemented(f"{error.message}: remove what is below incoming/ yourself") from error
    typer.echo(f"unfinished uploads go after {days} days")


def expire_media(database: Database, settings: GatewaySettings, dry_run: bool = False) -> Deleted:
    """Deletes the videos and media whose retention is over."""
    gone = Deleted([], [])

    def transaction(connection: sa.Connection) -> None:
        found = expire(connection, Retention(settings.retention_days))
        gone.jobs.extend(found.jobs)
        gone.media.extend(found.media)
        if dry_run:
            raise OnlyValidated

    with suppress(OnlyValidated):
        database.run(transaction)
    if not dry_run:
        delete_workflows(settings, gone.jobs)
    return gone


def erase_everything(
    database: Database, settings: GatewaySettings, project: str
) -> tuple[Deleted, int]:
    """Deletes all of a closed project; what it was, and how many artifacts left the store.

    Raises `NotFound`; `FailedPrecondition` while the project is open.
    """

    def transaction(connection: sa.Connection) -> tuple[Deleted, set[str]]:
        chosen = sa.select(projects.c.closed).where(projects.c.id == project)
        closed = connection.execute(chosen).scalar_one_or_none()
        if closed is None:
            raise NotFound(f"there is no project {project}", project=project)
        if not closed:
            raise FailedPrecondition(
                f"the project {project} is open: close it first, so that nobody adds to it",
                project=project,
            )
        gone = erase_all_of(connection, project)
        note(connection, "project erased", project)
        return gone, still_held(connection, gone.media)

    gone, kept = database.run(transaction)
    removed = erase(open_store(settings.store), set(gone.media) - kept)
    delete_workflows(settings, gone.jobs)
    database.forget()
    forget_workflows(settings)
    return gone, removed


def collect_unkept(
    database: Database, store: str, age: timedelta, dry_run: bool = False
) -> Collected:
    """Removes what is nobody's media; see `songreel_kit.artifacts.garbage`."""

    def keeps(asked: list[str]) -> set[str]:
        return database.run(lambda c: still_held(c, asked), reads=True)

    return collect_garbage(open_store(store), keeps, age, dry_run=dry_run)
