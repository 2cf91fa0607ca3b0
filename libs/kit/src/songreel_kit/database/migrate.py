"""Makes and changes tables with Alembic, up and down, on an open connection."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from songreel_kit.errors import FailedPrecondition

_ENVIRONMENT = Path(__file__).with_name("alembic")


@dataclass(frozen=True)
class Migrations:
    """The revisions of one service's tables."""

    what: str
    """Whose tables they are, for errors: "the gateway's"."""

    versions: Path
    """Folder with one module a revision; they are numbered: "0001", "0002", ..."""

    metadata: sa.MetaData
    """The tables as the code knows them."""

    lock: int
    """Advisory lock in Postgres: replicas that start together migrate one after the other."""

    version_table: str = "alembic_version"
    """Where the present revision stands; services in one database need one each."""

    before: str = ""
    """A table that databases from before Alembic have: they are taken for revision 0001."""

    def migrate(self, connection: sa.Connection, revision: str = "head") -> None:
        """Brings the tables up, or down, to a revision: its number, "head" or "base".

        Raises `FailedPrecondition` when a newer version made the tables.
        """
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({self.lock})"))
        config = Config()
        config.set_main_option("script_location", str(_ENVIRONMENT))
        config.set_main_option("version_locations", str(self.versions))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        config.attributes["migrations"] = self
        present = sa.inspect(connection).get_table_names()
        if self.before in present and self.version_table not in present:
            command.stamp(config, "0001")
        try:
            if revision == "head" or self._is_newer(connection, revision):
                command.upgrade(config, revision)
            else:
                command.downgrade(config, revision)
        except command.util.CommandError as error:
            raise FailedPrecondition(
                f"{self.what} tables cannot be brought to revision {revision!r} ({error}): if a "
                "newer songreel made them, start that one, and step down with its `migrate` first"
            ) from error

    def _is_newer(self, connection: sa.Connection, revision: str) -> bool:
        """Whether the revision comes after the present one."""
        present = sa.inspect(connection).get_table_names()
        if revision == "base" or self.version_table not in present:
            return revision != "base"
        number = sa.table(self.version_table, sa.column("version_num")).c.version_num
        return revision > (connection.execute(sa.select(number)).scalar() or "")
