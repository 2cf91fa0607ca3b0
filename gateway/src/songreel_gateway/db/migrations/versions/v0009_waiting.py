"""What a job waits for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Adds the columns; gateways of the version before go on beside them."""
    for column in (
        sa.Column("waiting_for", sa.String(16), nullable=False, server_default=""),
        sa.Column("waiting_why", sa.String(8), nullable=False, server_default=""),
        sa.Column("waiting_since", sa.BigInteger, nullable=False, server_default="0"),
    ):
        op.add_column("jobs", column)


def downgrade() -> None:
    """Drops them: jobs that wait are called again as before."""
    with op.batch_alter_table("jobs") as table:
        for column in ("waiting_for", "waiting_why", "waiting_since"):
            table.drop_column(column)
