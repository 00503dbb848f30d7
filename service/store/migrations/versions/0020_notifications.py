"""Who is told of an alert"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import Json, UTCDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.String(36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("initiator", sa.String(16), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert_notice"),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name="fk_alert_notice_alert_id_alert"),
        sa.UniqueConstraint("alert_id", "seq", name="uq_alert_notice_alert_id_seq"),
    )
    op.create_table(
        "alert_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("receiver", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("alert_id", sa.String(36), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("tried_since", UTCDateTime(), nullable=False),
        sa.Column("next_attempt", UTCDateTime(), nullable=False),
        sa.Column("leased_until", UTCDateTime(), nullable=True),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("delivered_at", UTCDateTime(), nullable=True),
        sa.Column("acknowledged_at", UTCDateTime(), nullable=True),
        sa.Column("settled_at", UTCDateTime(), nullable=True),
        sa.Column("error", sa.String(64), nullable=True),
        sa.Column("answer", sa.String(255), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alert_message"),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name="fk_alert_message_alert_id_alert"),
        sa.ForeignKeyConstraint(["notice_id"], ["alert_notice.id"], name="fk_alert_message_notice_id_alert_notice"),
        sa.UniqueConstraint("key", name="uq_alert_message_key"),
        sa.UniqueConstraint("receiver", "alert_id", "seq", name="uq_alert_message_receiver_alert_id_seq"),
    )
    op.create_index("ix_alert_message_alert_id", "alert_message", ["alert_id"])
    op.create_index("ix_alert_message_state_receiver_rank_id", "alert_message", ["state", "receiver", "rank", "id"])
    op.create_index("ix_alert_message_receiver_settled_at", "alert_message", ["receiver", "settled_at"])
    op.create_table(
        "alert_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("error", sa.String(64), nullable=True),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert_attempt"),
        sa.ForeignKeyConstraint(["message_id"], ["alert_message.id"], name="fk_alert_attempt_message_id_alert_message"),
    )
    op.create_index("ix_alert_attempt_message_id", "alert_attempt", ["message_id"])
    op.create_table(
        "alert_receiver",
        sa.Column("receiver", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", UTCDateTime(), nullable=True),
        sa.Column("opened_at", UTCDateTime(), nullable=True),
        sa.Column("open_until", UTCDateTime(), nullable=True),
        sa.Column("last_success", UTCDateTime(), nullable=True),
        sa.Column("last_failure", UTCDateTime(), nullable=True),
        sa.Column("error", sa.String(64), nullable=True),
        sa.Column("pulled", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("receiver", name="pk_alert_receiver"),
    )


def downgrade() -> None:
    for table in ("alert_receiver", "alert_attempt", "alert_message", "alert_notice"):
        op.drop_table(table)
