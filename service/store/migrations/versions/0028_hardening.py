"""The passwords of streams, sealed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import UTCDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "camera_secret",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", UTCDateTime(), nullable=False),
        sa.Column("set_by", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_camera_secret"),
    )


def downgrade() -> None:
    op.drop_table("camera_secret")
