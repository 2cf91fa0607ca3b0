"""The gateway's tables are made and changed here, by Alembic, up and down.

A database from before Alembic has the tables of revision 0001 and no version: it is
taken for 0001 and goes on from there, in place.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from songreel_kit.errors import FailedPrecondition

VERSION_TABLE = "songreel_gateway_version"
"""Not Alembic's own name: the identity service may live in the same database."""

FIRST = "0001"

# Any number that nobody else takes for a lock in the same database.
_LOCK = 7276302


def migrate(connection: sa.Connection, revision: str = "head") -> None:
    """Brings the tables up, or down, to a revision: its number, "head" or "base".

    Gateways that start together do it one after the other. Raises `FailedPrecondition`
    when a newer version made the tables.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    present = sa.inspect(connection).get_table_names()
    if "jobs" in present and VERSION_TABLE not in present:
        command.stamp(config, FIRST)
    try:
        if revision == "head" or _is_newer(connection, revision):
            command.upgrade(config, revision)
        else:
            command.downgrade(config, revision)
    except command.util.CommandError as error:
        raise FailedPrecondition(
            f"the gateway's tables cannot be brought to revision {revision!r} ({error}): if a "
            "newer songreel made them, start that one, and step down with its `migrate` first"
        ) from error


def _is_newer(connection: sa.Connection, revision: str) -> bool:
    """Whether the revision comes after the present one; they are numbered."""
    if revision == "base" or VERSION_TABLE not in sa.inspect(connection).get_table_names():
        return revision != "base"
    present = connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - a constant
    return revision > (present.scalar() or "")
