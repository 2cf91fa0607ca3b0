"""By which ways sessions went, and approvals of the weaker ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds the column and the table; how earlier sessions went is not known."""
    op.add_column(
        "sessions",
        sa.Column("ways", sa.String(64), nullable=False, server_default=sa.text("'unknown'")),
    )
    op.create_table(
        "approvals",
        sa.Column("subject", sa.String(32), primary_key=True),
        sa.Column("ways", sa.String(64), nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_table("approvals")
    op.drop_column("sessions", "ways")
