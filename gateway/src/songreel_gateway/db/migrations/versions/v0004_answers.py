"""ResponseCache to requests whose work is another service's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "answers",
        sa.Column("project", sa.String(63), primary_key=True),
        sa.Column("method", sa.String(63), primary_key=True),
        sa.Column("request_id", sa.String(128), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_index("answers_by_age", "answers", ["created"])


def downgrade() -> None:
    """Drops it: repeated requests are then done again."""
    op.drop_table("answers")
