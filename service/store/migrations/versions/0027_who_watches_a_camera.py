"""Who watches a camera: machines, their leases, and what was refused from whom"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import UTCDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lease_holder",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("session", sa.String(36), nullable=False),
        sa.Column("heard_at", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.Column("term_s", sa.Double(), nullable=False),
        sa.Column("beats", sa.Integer(), nullable=False),
        sa.Column("ahead_s", sa.Double(), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease_holder"),
    )
    op.create_table(
        "camera_lease",
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("ended", UTCDateTime(), nullable=True),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.Column("heir", sa.String(64), nullable=True),
        sa.Column("ahead_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("camera_id", "epoch", name="pk_camera_lease"),
    )
    op.create_index("ix_camera_lease_holder_ended", "camera_lease", ["holder", "ended"])
    op.create_table(
        "lease_refusal",
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("last_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("camera_id", "epoch", "reason", name="pk_lease_refusal"),
    )


def downgrade() -> None:
    op.drop_table("lease_refusal")
    op.drop_table("camera_lease")
    op.drop_table("lease_holder")
