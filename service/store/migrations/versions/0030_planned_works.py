"""Announced works, whose alerts are held back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import Json, UTCDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "planned_works",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        *(sa.Column(name, Json, nullable=False) for name in ("kinds", "cameras", "sensors", "objects")),
        sa.Column("start", UTCDateTime(), nullable=False),
        sa.Column("end", UTCDateTime(), nullable=False),
        sa.Column("announced_at", UTCDateTime(), nullable=False),
        sa.Column("announced_by", sa.String(36), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(36), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_planned_works"),
    )
    op.create_index("ix_planned_works_end", "planned_works", ["end"])


def downgrade() -> None:
    op.drop_table("planned_works")
