"""The public page: when it answered"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import UTCDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "public_uptime",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("start", UTCDateTime(), nullable=False),
        sa.Column("end", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_public_uptime"),
    )
    op.create_index("ix_public_uptime_end", "public_uptime", ["end"])


def downgrade() -> None:
    op.drop_table("public_uptime")
