"""What withdrawn people left behind is destroyed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Deletes objects of withdrawn consents, and what was made of pictures that are gone."""
    op.execute(
        sa.text(
            "DELETE FROM objects WHERE consent IN (SELECT id FROM consents WHERE withdrawn <> 0)"
        )
    )
    # An adapter that was trained after a withdrawal, on the old pictures.
    op.execute(
        sa.text(
            "DELETE FROM objects WHERE purpose <> 'picture' AND subject NOT IN "
            "(SELECT subject FROM objects WHERE purpose = 'picture')"
        )
    )


def downgrade() -> None:
    """Nothing: what was destroyed stays so."""
