"""Sensors and protected objects"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import Json, UTCDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

INDICES = (
    ("ix_protected_object_changed_at", "protected_object", ("changed_at",)),
    ("ix_protected_object_version_at", "protected_object_version", ("at",)),
    ("ix_protected_object_version_origin", "protected_object_version", ("origin",)),
    ("ix_fire_sensor_object_id", "fire_sensor", ("object_id",)),
    ("ix_fire_sensor_gateway", "fire_sensor", ("gateway",)),
    ("ix_fire_sensor_changed_at", "fire_sensor", ("changed_at",)),
    ("ix_fire_sensor_heard_at", "fire_sensor", ("heard_at",)),
    ("ix_fire_sensor_span_sensor_id", "fire_sensor_span", ("sensor_id",)),
    ("ix_fire_sensor_span_object_id", "fire_sensor_span", ("object_id",)),
    ("ix_fire_sensor_span_end", "fire_sensor_span", ("end",)),
    ("ix_fire_sensor_message_received_at", "fire_sensor_message", ("received_at",)),
    ("ix_fire_sensor_message_sensor_id", "fire_sensor_message", ("sensor_id",)),
    ("ix_fire_sensor_message_outcome_received_at", "fire_sensor_message", ("outcome", "received_at")),
    ("ix_fire_sensor_event_sensor_id_at", "fire_sensor_event", ("sensor_id", "at")),
    ("ix_fire_sensor_notice_subject", "fire_sensor_notice", ("subject",)),
    ("ix_fire_sensor_notice_at", "fire_sensor_notice", ("at",)),
)


def upgrade() -> None:
    op.create_table(
        "protected_object",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=True),
        sa.Column("since", UTCDateTime(), nullable=True),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.Column("station", sa.String(length=255), nullable=True),
        sa.Column("cameras", Json, nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("registered_at", UTCDateTime(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_protected_object"),
    )
    op.create_table(
        "protected_object_version",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=True),
        sa.Column("since", UTCDateTime(), nullable=True),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.Column("station", sa.String(length=255), nullable=True),
        sa.Column("cameras", Json, nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("contacts_erased_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_protected_object_version"),
        sa.UniqueConstraint("object_id", "number", name="uq_protected_object_version_object_id_number"),
    )
    op.create_table(
        "fire_sensor",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=True),
        sa.Column("room", sa.String(length=255), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("gateway", sa.String(length=64), nullable=True),
        sa.Column("heartbeat_s", sa.Double(), nullable=False),
        sa.Column("battery_least", sa.Double(), nullable=False),
        sa.Column("commissioned", UTCDateTime(), nullable=True),
        sa.Column("retired", UTCDateTime(), nullable=True),
        sa.Column("registered_at", UTCDateTime(), nullable=False),
        sa.Column("registered_by", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("via", sa.String(length=8), nullable=True),
        sa.Column("heard_at", UTCDateTime(), nullable=True),
        sa.Column("reported_at", UTCDateTime(), nullable=True),
        sa.Column("alarm_at", UTCDateTime(), nullable=True),
        sa.Column("alarm_since", UTCDateTime(), nullable=True),
        sa.Column("alert_id", sa.String(length=36), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("test_until", UTCDateTime(), nullable=True),
        sa.Column("battery_percent", sa.Double(), nullable=True),
        sa.Column("battery_low", sa.Boolean(), nullable=False),
        sa.Column("tampered", sa.Boolean(), nullable=False),
        sa.Column("fault", sa.String(length=64), nullable=True),
        sa.Column("lost", sa.Boolean(), nullable=False),
        sa.Column("clock_doubt", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_fire_sensor"),
    )
    op.create_table(
        "fire_sensor_span",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sensor_id", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("start", UTCDateTime(), nullable=False),
        sa.Column("end", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_fire_sensor_span"),
    )
    op.create_table(
        "fire_sensor_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("topic", sa.String(length=255), nullable=True),
        sa.Column("sensor_id", sa.String(length=64), nullable=True),
        sa.Column("message_id", sa.String(length=80), nullable=True),
        sa.Column("reported_at", UTCDateTime(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("events", Json, nullable=False),
        sa.Column("meant", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_fire_sensor_message"),
        sa.UniqueConstraint("sensor_id", "message_id", name="uq_fire_sensor_message_sensor_id_message_id"),
    )
    op.create_table(
        "fire_sensor_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sensor_id", sa.String(length=64), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("alert_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_fire_sensor_event"),
    )
    op.create_table(
        "fire_sensor_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("seen_at", UTCDateTime(), nullable=True),
        sa.Column("seen_by", sa.String(length=36), nullable=True),
        sa.Column("standing", sa.String(length=160), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_fire_sensor_notice"),
        sa.UniqueConstraint("standing", name="uq_fire_sensor_notice_standing"),
    )
    for name, table, columns in INDICES:
        op.create_index(name, table, list(columns))


def downgrade() -> None:
    for name, table, _ in reversed(INDICES):
        op.drop_index(name, table_name=table)
    for table in ("fire_sensor_notice", "fire_sensor_event", "fire_sensor_message", "fire_sensor_span", "fire_sensor",
                  "protected_object_version", "protected_object"):  # fmt: skip
        op.drop_table(table)
