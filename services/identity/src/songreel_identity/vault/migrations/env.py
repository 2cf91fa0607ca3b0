"""Runs the migrations on the connection that `Vault` hands over."""

from __future__ import annotations

from typing import cast

import sqlalchemy as sa
from alembic import context

from songreel_identity.vault.tables import metadata

connection = cast("sa.Connection", context.config.attributes["connection"])
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
