"""How long projects keep their videos and media."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from songreel_gateway.db.access_tables import projects

_DAY: Final = 86_400_000_000


@dataclass(frozen=True)
class Retention:
    """The retention of all projects."""

    default_days: int = 0
    """Of projects that have none of their own; 0 is for ever."""

    def days(self, connection: sa.Connection, project: str) -> int:
        """How long the project keeps things; 0 is for ever."""
        chosen = sa.select(projects.c.retention_days).where(projects.c.id == project)
        own = connection.execute(chosen).scalar_one_or_none()
        return self.default_days if own is None else int(own)

    def microseconds(self, connection: sa.Connection, project: str) -> int:
        """The same in microseconds."""
        return self.days(connection, project) * _DAY


FOR_EVER: Final = Retention()
"""Where no project has a retention of its own."""
