"""What operators do now and then: step between versions, clear the store."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import sqlalchemy as sa
import typer
from songreel_kit.artifacts.garbage import Collected, collect_garbage
from songreel_kit.artifacts.open import direct_transfers, open_store
from songreel_kit.artifacts.s3.store import S3ArtifactStore
from songreel_kit.database.database import Database
from songreel_kit.database.engines import create_engine
from songreel_kit.errors import InvalidRequest, Unimplemented

from songreel_gateway.db.schema import MIGRATIONS, open_database
from songreel_gateway.db.tables import media
from songreel_gateway.media.direct_uploads import clear_expired
from songreel_gateway.settings import GatewaySettings


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
        f"{uploads} uploads whose time is over"
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


def collect_unkept(
    database: Database, store: str, age: timedelta, dry_run: bool = False
) -> Collected:
    """Removes what is nobody's media; see `songreel_kit.artifacts.garbage`."""

    def keeps(asked: list[str]) -> set[str]:
        chosen = sa.select(media.c.sha256).where(media.c.sha256.in_(asked)).distinct()
        return database.run(lambda c: set(c.execute(chosen).scalars()), reads=True)

    return collect_garbage(open_store(store), keeps, age, dry_run=dry_run)
