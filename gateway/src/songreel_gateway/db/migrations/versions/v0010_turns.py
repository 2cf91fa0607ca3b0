"""Whose turn it is: previews first, and when each project had its last turn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Adds both; jobs of the version before count as no previews."""
    op.add_column(
        "jobs", sa.Column("preview", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_table(
        "turns",
        sa.Column("service", sa.String(16), primary_key=True),
        sa.Column("project", sa.String(63), primary_key=True),
        sa.Column("taken", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drops them: jobs are done in the order in which they came."""
    op.drop_table("turns")
    with op.batch_alter_table("jobs") as table:
        table.drop_column("preview")
