"""Tries at an enrolment, apart from the identity."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Makes the table; tries of before no longer count."""
    op.create_table(
        "tries",
        sa.Column("nonce_sha256", sa.String(64), primary_key=True),
        sa.Column("name_hash", sa.String(64), nullable=False),
        sa.Column("project_hash", sa.String(64), nullable=False),
        sa.Column("begun", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_tries_name_hash", "tries", ["name_hash"])
    op.create_index("ix_tries_project_hash", "tries", ["project_hash"])


def downgrade() -> None:
    """Drops it."""
    op.drop_table("tries")
