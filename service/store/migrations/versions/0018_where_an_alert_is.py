"""Where an alert is, who told of it, and how far nobody answered"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from service.store.base import Json, UTCDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("sensor_id", sa.String(64), nullable=True),
        sa.Column("sources", Json, nullable=False, server_default="[]"),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("radius_m", sa.Double(), nullable=True),
        sa.Column("region", Json, nullable=True),
        sa.Column("place_source", sa.String(16), nullable=True),
        sa.Column("address", Json, nullable=True),
        sa.Column("severity", sa.String(16), nullable=True),
        sa.Column("certainty", sa.String(16), nullable=True),
        sa.Column("t_call_received", UTCDateTime(), nullable=True),
        sa.Column("service_numbers", Json, nullable=False, server_default="{}"),
        sa.Column("escalation", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("t_escalated", UTCDateTime(), nullable=True),
    )


def upgrade() -> None:
    # Column by column, not in a batch: a table made anew would lose the triggers that hang on it.
    for column in columns():
        op.add_column("alert", column)
    op.create_index("ix_alert_sensor_id", "alert", ["sensor_id"])


def downgrade() -> None:
    op.drop_index("ix_alert_sensor_id", "alert")
    for column in reversed(columns()):
        op.drop_column("alert", column.name)
