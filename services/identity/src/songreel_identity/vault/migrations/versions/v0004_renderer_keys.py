"""Keys of the renderers to which adapters are sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the column; a use under way is not opened again."""
    op.add_column(
        "grants",
        sa.Column("renderer_key", sa.String(64), nullable=False, server_default=sa.text("''")),
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_column("grants", "renderer_key")
