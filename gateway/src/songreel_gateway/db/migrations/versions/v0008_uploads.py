"""Uploads whose bytes go straight to the store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("project", sa.String(63), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(255), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("display_name", sa.String(255), nullable=False),
        sa.Column("part_bytes", sa.BigInteger, nullable=False),
        sa.Column("store_upload", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("finished", sa.BigInteger, nullable=False),
    )
    op.create_index("uploads_by_project", "uploads", ["project", "finished"])
    op.create_index("uploads_by_end", "uploads", ["expires"])


def downgrade() -> None:
    """Drops it: what was put and not finished stays in the store, for its lifecycle rules."""
    op.drop_table("uploads")
