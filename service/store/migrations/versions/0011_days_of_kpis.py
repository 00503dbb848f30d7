"""The days of KPIs: tallies, marks of what changed, and the indices that counting a day needs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import UTCDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INDICES = (
    ("ix_camera_log_camera_id_kind_end", "camera_log", ("camera_id", "kind", "end")),
    ("ix_violation_case_t_signed", "violation_case", ("t_signed",)),
    ("ix_alert_case_id", "alert", ("case_id",)),
    ("ix_alert_notification_sent_at", "alert_notification", ("sent_at",)),
)


def upgrade() -> None:
    op.create_table(
        "kpi_tally",
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("spreads", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("part", "kind", "first", name="pk_kpi_tally"),
    )
    op.create_table(
        "kpi_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=True),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("ref", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_kpi_mark"),
    )
    op.create_table(
        "kpi_rollup",
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("kept_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("part", name="pk_kpi_rollup"),
    )
    for name, table, columns in INDICES:
        op.create_index(name, table, list(columns))


def downgrade() -> None:
    for name, table, _ in reversed(INDICES):
        op.drop_index(name, table_name=table)
    op.drop_table("kpi_rollup")
    op.drop_table("kpi_mark")
    op.drop_table("kpi_tally")
