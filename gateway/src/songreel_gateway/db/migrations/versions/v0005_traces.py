"""The trace that a job belongs to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds the column; gateways of the version before go on beside it."""
    op.add_column(
        "jobs", sa.Column("traceparent", sa.String(64), nullable=False, server_default="")
    )


def downgrade() -> None:
    """Drops it: open jobs begin new traces."""
    with op.batch_alter_table("jobs") as table:
        table.drop_column("traceparent")
