"""What adapters are bound to, and when uses were heard of and ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the columns; what is there is of no checkpoint and of an ended use."""
    for name in ("checkpoint_sha256", "pictures_sha256", "recipe_sha256"):
        op.add_column(
            "objects", sa.Column(name, sa.String(64), nullable=False, server_default=sa.text("''"))
        )
    for name in ("seen", "ended"):
        op.add_column(
            "grants", sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text("0"))
        )


def downgrade() -> None:
    """Drops them."""
    for name in ("checkpoint_sha256", "pictures_sha256", "recipe_sha256"):
        op.drop_column("objects", name)
    for name in ("seen", "ended"):
        op.drop_column("grants", name)
