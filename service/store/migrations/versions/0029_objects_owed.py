"""What the object store is still to be told"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import UTCDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "object_owed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(4), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_object_owed"),
    )


def downgrade() -> None:
    op.drop_table("object_owed")
