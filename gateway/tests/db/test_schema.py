"""The gateway's tables: made and changed by migrations, up and down, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from songreel_gateway.db.access_tables import metadata  # with the gateway's own
from songreel_gateway.db.schema import MIGRATIONS, open_database
from songreel_gateway.db.tables import jobs
from songreel_kit.database.engines import postgres_url
from songreel_kit.database.times import microseconds
from songreel_kit.errors import FailedPrecondition
from songreel_testing.servers import PostgresServer

# What `create_all` made before there were migrations.
BEFORE_ALEMBIC = {"media", "requests", "jobs", "job_events", "videos"}


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'songreel.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url(server.create_database())


@pytest.fixture
def engine(url: str) -> Iterator[sa.JobRunner]:
    engine = sa.create_engine(url)
    yield engine
    engine.dispose()


def tables(engine: sa.JobRunner) -> set[str]:
    return set(sa.inspect(engine).get_table_names()) - {MIGRATIONS.version_table}


def one_job(engine: sa.JobRunner) -> None:
    row = {
        "id": "j1",
        "project": "local",
        "kind": "video",
        "request": b"\x00r",
        "video": "",
        "state": "queued",
        "stage": "queued",
        "attempt": 1,
        "events": 0,
        "progress": b"",
        "outcome": b"",
        "created": microseconds(),
        "ended": 0,
    }
    with engine.begin() as connection:
        connection.execute(sa.insert(jobs).values(**row))


def test_migrations_make_what_the_code_uses_and_take_it_away_again(engine: sa.JobRunner) -> None:
    for _round in range(2):
        with engine.begin() as connection:
            MIGRATIONS.migrate(connection)
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"version_table": MIGRATIONS.version_table}
            )
            assert compare_metadata(context, metadata) == []
        with engine.begin() as connection:
            MIGRATIONS.migrate(connection, "base")
        assert tables(engine) == set()


def test_a_step_down_keeps_the_jobs(engine: sa.JobRunner) -> None:
    with engine.begin() as connection:
        MIGRATIONS.migrate(connection)
    one_job(engine)
    for revision in ("0001", "head"):
        with engine.begin() as connection:
            MIGRATIONS.migrate(connection, revision)
    with engine.connect() as connection:
        assert connection.execute(sa.select(jobs.c.request)).scalar_one() == b"\x00r"
    assert tables(engine) == set(metadata.tables)


def test_a_database_from_before_migrations_is_upgraded_in_place(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        # The first revision makes what `create_all` made then, and did not note it.
        MIGRATIONS.migrate(connection, "0001")
        connection.execute(sa.text(f"DROP TABLE {MIGRATIONS.version_table}"))
    assert tables(engine) == BEFORE_ALEMBIC
    one_job(engine)
    database = open_database(url)
    database.close()
    with engine.connect() as connection:
        assert connection.execute(sa.select(jobs.c.id)).scalars().all() == ["j1"]
    assert tables(engine) == set(metadata.tables)
    engine.dispose()


def test_a_newer_database_is_left_alone_and_named(url: str) -> None:
    open_database(url).close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {MIGRATIONS.version_table} SET version_num = '9999'"))
    with pytest.raises(FailedPrecondition, match="a newer songreel made them"):
        open_database(url)
    engine.dispose()


def test_gateways_that_start_together_migrate_once(postgres: PostgresServer) -> None:
    url = postgres.url(postgres.create_database())
    with ThreadPoolExecutor(4) as pool:
        for database in pool.map(open_database, [url] * 4):
            database.close()


@pytest.mark.parametrize("given", ["postgres://u@h/d", "postgresql://u@h/d"])
def test_a_url_without_a_driver_gets_ours(given: str) -> None:
    assert postgres_url(given) == "postgresql+psycopg://u@h/d"
    assert postgres_url("sqlite:///x.db") == "sqlite:///x.db"
