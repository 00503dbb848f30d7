"""The work of officers: samples, merged doubles, quarantined cameras"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from service.store.base import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
CASE = "violation_case"
COLUMNS = ("plate_score", "plate_uncertain", "held_by", "repeat_of", "repeat_source")
TABLES = ("case_merge", "quarantine", "staff_notice", "job_run")


def upgrade() -> None:
    op.add_column(CASE, sa.Column("plate_score", sa.Double(), nullable=True))
    op.add_column(CASE, sa.Column("plate_uncertain", JSON, nullable=True))
    op.add_column(CASE, sa.Column("held_by", sa.String(length=36), nullable=True))
    op.add_column(CASE, sa.Column("repeat_of", sa.String(length=36), nullable=True))
    op.add_column(CASE, sa.Column("repeat_source", sa.String(length=16), nullable=True))
    op.create_index(op.f("ix_violation_case_held_by"), CASE, ["held_by"], unique=False)
    op.create_index(
        op.f("ix_violation_case_state_limitation_ends_t_detect"),
        CASE,
        ["state", "limitation_ends", "t_detect"],
        unique=False,
    )

    op.create_table(
        "case_merge",
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("into", sa.String(length=36), nullable=False),
        sa.Column("why", sa.String(length=64), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("metres", sa.Double(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("parted_at", UTCDateTime(), nullable=True),
        sa.Column("parted_by", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "into", name=op.f("pk_case_merge")),
    )
    op.create_index(op.f("ix_case_merge_into"), "case_merge", ["into"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("began_at", UTCDateTime(), nullable=False),
        sa.Column("began_by", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.Column("anchor", sa.String(length=36), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=36), nullable=True),
        sa.Column("end_reason", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    op.create_index(
        op.f("ix_quarantine_camera_id_kind_began_at"), "quarantine", ["camera_id", "kind", "began_at"], unique=False
    )
    op.create_table(
        "staff_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("values", JSON, nullable=False),
        sa.Column("roles", JSON, nullable=False),
        sa.Column("territory", sa.String(length=64), nullable=True),
        sa.Column("seen_at", UTCDateTime(), nullable=True),
        sa.Column("seen_by", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_staff_notice_key")),
    )
    op.create_index(op.f("ix_staff_notice_at"), "staff_notice", ["at"], unique=False)
    op.create_table(
        "job_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("as_of", UTCDateTime(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("account", JSON, nullable=False),
        sa.Column("error", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
    )
    op.create_index(op.f("ix_job_run_started_at"), "job_run", ["started_at"], unique=False)
    op.create_index(op.f("ix_job_run_name_day"), "job_run", ["name", "day"], unique=False)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    for index in ("held_by", "state_limitation_ends_t_detect"):
        op.drop_index(op.f(f"ix_violation_case_{index}"), CASE)
    for column in COLUMNS:
        op.drop_column(CASE, column)
