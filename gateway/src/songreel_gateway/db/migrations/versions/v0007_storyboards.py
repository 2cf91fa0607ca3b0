"""Storyboards that are kept and edited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "storyboards",
        sa.Column("project", sa.String(63), primary_key=True),
        sa.Column("id", sa.String(63), primary_key=True),
        sa.Column("etag", sa.String(64), nullable=False),
        sa.Column("storyboard", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_index("storyboards_by_age", "storyboards", ["project", "created", "id"])


def downgrade() -> None:
    """Drops it: of the storyboards their documents, which are media, are left."""
    op.drop_table("storyboards")
