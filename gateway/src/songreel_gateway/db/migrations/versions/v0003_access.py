"""Projects, keys, what they use, and what operators did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "projects",
        sa.Column("id", sa.String(63), primary_key=True),
        sa.Column("running_jobs", sa.Integer, nullable=True),
        sa.Column("rendered_seconds", sa.Integer, nullable=True),
        sa.Column("stored_bytes", sa.BigInteger, nullable=True),
        sa.Column("uploads", sa.Integer, nullable=True),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("closed", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("project", sa.String(63), sa.ForeignKey("projects.id"), nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("certificate_sha256", sa.String(64), nullable=False),
        sa.Column("calls_per_minute", sa.Integer, nullable=True),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("revoked", sa.BigInteger, nullable=False),
    )
    op.create_index("api_keys_by_project", "api_keys", ["project"])
    op.create_table(
        "project_use",
        sa.Column("project", sa.String(63), primary_key=True),
        sa.Column("day", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(24), primary_key=True),
        sa.Column("amount", sa.Float, nullable=False),
    )
    op.create_table(
        "access_use",
        sa.Column("day", sa.Integer, primary_key=True),
        sa.Column("project", sa.String(63), primary_key=True),
        sa.Column("key", sa.String(16), primary_key=True),
        sa.Column("method", sa.String(128), primary_key=True),
        sa.Column("code", sa.String(24), primary_key=True),
        sa.Column("calls", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "access_events",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("project", sa.String(63), nullable=False),
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("detail", sa.String(255), nullable=False),
    )


def downgrade() -> None:
    """Drops them: all keys are lost."""
    for table in ("access_events", "access_use", "project_use", "api_keys", "projects"):
        op.drop_table(table)
