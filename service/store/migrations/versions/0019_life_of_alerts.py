"""How alerts are answered: services on their way, drills, calls of the fire service, what was down and when"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from service.store.base import Json, UTCDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("time_sources", Json, nullable=False, server_default="{}"),
        sa.Column("cycle", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("t_waiting", UTCDateTime(), nullable=True),
        sa.Column("escalation_step", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("escalation_due", UTCDateTime(), nullable=True),
        sa.Column("assigned_to", sa.String(36), nullable=True),
        sa.Column("t_assigned", UTCDateTime(), nullable=True),
        sa.Column("stream_seq", sa.BigInteger(), nullable=False, server_default="0"),
    )


def upgrade() -> None:
    # Column by column, not in a batch: a table made anew would lose the triggers that hang on it.
    for column in columns():
        op.add_column("alert", column)
    for name in ("escalation_due", "last_seen", "stream_seq"):
        op.create_index(f"ix_alert_{name}", "alert", [name])
    moments = ("t_dispatch", "t_call_received", "t_depart", "t_arrive", "t_resolved", "t_called_off")
    op.create_table(
        "alert_service",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.String(36), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("number", sa.String(64), nullable=True),
        sa.Column("initiator", sa.String(16), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=True),
        sa.Column("t_sent", UTCDateTime(), nullable=False),
        *(sa.Column(name, UTCDateTime(), nullable=True) for name in moments),
        sa.Column("time_sources", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert_service"),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name="fk_alert_service_alert_id_alert"),
        sa.UniqueConstraint("alert_id", "service", "cycle", name="uq_alert_service_alert_id_service_cycle"),
    )
    op.create_index("ix_alert_service_number", "alert_service", ["number"])
    op.create_index("ix_alert_service_service_alert_id", "alert_service", ["service", "alert_id"])
    op.create_table(
        "drill",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("everywhere", sa.Boolean(), nullable=False),
        *(sa.Column(name, Json, nullable=False) for name in ("cameras", "sensors", "objects")),
        sa.Column("start", UTCDateTime(), nullable=False),
        sa.Column("end", UTCDateTime(), nullable=False),
        sa.Column("announced_at", UTCDateTime(), nullable=False),
        sa.Column("announced_by", sa.String(36), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(36), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_drill"),
    )
    op.create_index("ix_drill_end", "drill", ["end"])
    op.create_table(
        "call_match",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("alert_id", sa.String(36), nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("standing", sa.String(16), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("metres", sa.Double(), nullable=True),
        sa.Column("t_call_received", UTCDateTime(), nullable=False),
        sa.Column("found_at", UTCDateTime(), nullable=False),
        sa.Column("judged_at", UTCDateTime(), nullable=True),
        sa.Column("judged_by", sa.String(36), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_call_match"),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name="fk_call_match_alert_id_alert"),
        sa.UniqueConstraint("call_id", "alert_id", name="uq_call_match_call_id_alert_id"),
    )
    for name in ("alert_id", "t_call_received"):
        op.create_index(f"ix_call_match_{name}", "call_match", [name])
    op.create_table(
        "outage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("component", sa.String(128), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("start", UTCDateTime(), nullable=False),
        sa.Column("end", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outage"),
    )
    for name in ("start", "end"):
        op.create_index(f"ix_outage_{name}", "outage", [name])
    op.create_index("ix_outage_component_start", "outage", ["component", "start"])
    still = sa.text('"end" IS NULL')
    op.create_index("uq_outage_open", "outage", ["component"], unique=True, sqlite_where=still, postgresql_where=still)
    op.create_table(
        "heartbeat",
        sa.Column("component", sa.String(128), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("component", name="pk_heartbeat"),
    )


def downgrade() -> None:
    for table in ("heartbeat", "outage", "call_match", "drill", "alert_service"):
        op.drop_table(table)
    for name in ("escalation_due", "last_seen", "stream_seq"):
        op.drop_index(f"ix_alert_{name}", "alert")
    for column in reversed(columns()):
        op.drop_column("alert", column.name)
