"""The port to face recognition"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import Json, UTCDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

INDICES = (
    ("ix_face_request_order_id", "face_request", ("order_id",)),
    ("ix_face_request_at", "face_request", ("at",)),
    ("ix_face_match_order_id", "face_match", ("order_id",)),
    ("ix_face_match_request_id", "face_match", ("request_id",)),
    ("ix_face_match_raised_at", "face_match", ("raised_at",)),
)


def upgrade() -> None:
    op.create_table(
        "face_order",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("legal_ground", sa.String(length=255), nullable=False),
        sa.Column("purpose", sa.String(length=255), nullable=False),
        sa.Column("list_name", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.Column("cameras", Json, nullable=False),
        sa.Column("valid_until", UTCDateTime(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=36), nullable=True),
        sa.Column("end_reason", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_face_order"),
    )
    op.create_table(
        "face_approval",
        sa.Column("order_id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["face_order.id"], name="fk_face_approval_order_id_face_order"),
        sa.PrimaryKeyConstraint("order_id", "role", name="pk_face_approval"),
        sa.UniqueConstraint("order_id", "by", name="uq_face_approval_order_id_by"),
    )
    op.create_table(
        "face_request",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("order_id", sa.String(length=36), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("time", UTCDateTime(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("settled_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["face_order.id"], name="fk_face_request_order_id_face_order"),
        sa.PrimaryKeyConstraint("id", name="pk_face_request"),
    )
    op.create_table(
        "face_match",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("order_id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("raised_at", UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("judged_at", UTCDateTime(), nullable=True),
        sa.Column("judged_by", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["face_order.id"], name="fk_face_match_order_id_face_order"),
        sa.ForeignKeyConstraint(["request_id"], ["face_request.id"], name="fk_face_match_request_id_face_request"),
        sa.PrimaryKeyConstraint("id", name="pk_face_match"),
    )
    for name, table, columns in INDICES:
        op.create_index(name, table, list(columns))


def downgrade() -> None:
    for name, table, _ in reversed(INDICES):
        op.drop_index(name, table_name=table)
    for table in ("face_match", "face_request", "face_approval", "face_order"):
        op.drop_table(table)
