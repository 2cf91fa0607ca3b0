"""Runs the migrations on the connection that `Migrations.migrate` hands over."""

from __future__ import annotations

from typing import cast

import sqlalchemy as sa
from alembic import context

from songreel_kit.database.migrate import Migrations

connection = cast("sa.Connection", context.config.attributes["connection"])
migrations = cast("Migrations", context.config.attributes["migrations"])
context.configure(
    connection=connection,
    target_metadata=migrations.metadata,
    version_table=migrations.version_table,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
