"""Records of devices and registers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from service.store.base import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TABLES = (
    "controller_flag",
    "device_record",
    "feed_token",
    "parking_payment",
    "permit",
    "register_entry",
    "register_feed",
)


def upgrade() -> None:
    op.create_table(
        "controller_flag",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("start", UTCDateTime(), nullable=False),
        sa.Column("end", UTCDateTime(), nullable=False),
        sa.Column("kinds", JSON, nullable=False),
        sa.Column("set_at", UTCDateTime(), nullable=False),
        sa.Column("set_by", sa.String(length=36), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_controller_flag")),
    )
    op.create_index(op.f("ix_controller_flag_camera_id"), "controller_flag", ["camera_id"], unique=False)

    op.create_table(
        "device_record",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("serial", sa.String(length=128), nullable=False),
        sa.Column("record", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("time", UTCDateTime(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("received_from", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("device_type", sa.String(length=128), nullable=False),
        sa.Column("certificate", sa.String(length=128), nullable=True),
        sa.Column("verification", sa.String(length=128), nullable=True),
        sa.Column("verified_until", sa.Date(), nullable=True),
        sa.Column("measured_kmh", sa.Double(), nullable=True),
        sa.Column("permitted_kmh", sa.Double(), nullable=True),
        sa.Column("margin_kmh", sa.Double(), nullable=True),
        sa.Column("length_m", sa.Double(), nullable=True),
        sa.Column("over_kmh", sa.Double(), nullable=True),
        sa.Column("plate_token", sa.String(length=64), nullable=True),
        sa.Column("picture", sa.String(length=128), nullable=True),
        sa.Column("picture_sha256", sa.String(length=64), nullable=True),
        sa.Column("picture_held", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=True),
        sa.Column("trace", JSON, nullable=False),
        sa.Column("match", sa.String(length=16), nullable=True),
        sa.Column("passage_id", sa.String(length=36), nullable=True),
        sa.Column("match_score", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_record")),
        sa.UniqueConstraint("serial", "record", name=op.f("uq_device_record_serial_record")),
    )
    op.create_index(
        op.f("ix_device_record_outcome_received_at"), "device_record", ["outcome", "received_at"], unique=False
    )

    op.create_table(
        "feed_token",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("feeds", JSON, nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_token")),
        sa.UniqueConstraint("name", name=op.f("uq_feed_token_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_feed_token_token_hash")),
    )

    op.create_table(
        "parking_payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("tariff", sa.String(length=64), nullable=False),
        sa.Column("plate_token", sa.String(length=64), nullable=False),
        sa.Column("start", UTCDateTime(), nullable=False),
        sa.Column("end", UTCDateTime(), nullable=False),
        sa.Column("amount_kzt", sa.Integer(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("received_from", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parking_payment")),
        sa.UniqueConstraint("reference", name=op.f("uq_parking_payment_reference")),
    )
    op.create_index(op.f("ix_parking_payment_plate_token_end"), "parking_payment", ["plate_token", "end"], unique=False)

    op.create_table(
        "permit",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("ground", sa.String(length=16), nullable=False),
        sa.Column("plate_token", sa.String(length=64), nullable=True),
        sa.Column("class", sa.String(length=64), nullable=True),
        sa.Column("kinds", JSON, nullable=False),
        sa.Column("cameras", JSON, nullable=False),
        sa.Column("zones", JSON, nullable=False),
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("valid_until", UTCDateTime(), nullable=True),
        sa.Column("grace_s", sa.Double(), nullable=True),
        sa.Column("document", sa.String(length=128), nullable=False),
        sa.Column("entered_at", UTCDateTime(), nullable=False),
        sa.Column("entered_by", sa.String(length=36), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permit")),
    )
    op.create_index(op.f("ix_permit_plate_token"), "permit", ["plate_token"], unique=False)

    op.create_table(
        "register_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("register", sa.String(length=16), nullable=False),
        sa.Column("plate_token", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_entry")),
        sa.UniqueConstraint(
            "register",
            "plate_token",
            "valid_from",
            "valid_until",
            name=op.f("uq_register_entry_register_plate_token_valid_from_valid_until"),
        ),
    )

    op.create_table(
        "register_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("register", sa.String(length=16), nullable=False),
        sa.Column("as_of", UTCDateTime(), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("received_from", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_feed")),
    )
    op.create_index(op.f("ix_register_feed_register"), "register_feed", ["register"], unique=False)

    op.add_column("violation_case", sa.Column("over_kmh", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("violation_case", "over_kmh")
    for table in TABLES:
        op.drop_table(table)
