"""How long a project's videos and media are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Adds the column; gateways of the version before go on beside it."""
    op.add_column("projects", sa.Column("retention_days", sa.Integer, nullable=True))


def downgrade() -> None:
    """Drops it: everything is kept until somebody deletes it."""
    with op.batch_alter_table("projects") as table:
        table.drop_column("retention_days")
