"""Runs the migrations on the connection that `songreel_gateway.db.schema` hands over."""

from __future__ import annotations

from typing import cast

import sqlalchemy as sa
from alembic import context

from songreel_gateway.access.tables import metadata  # with the gateway's own
from songreel_gateway.db.schema import VERSION_TABLE

connection = cast("sa.Connection", context.config.attributes["connection"])
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
