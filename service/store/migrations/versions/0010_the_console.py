"""The officer's console: drafts, the case ahead, and indices for a store of a hundred thousand cases"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import UTCDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CASES = "violation_case"
INDICES = (
    ("ix_violation_case_state_t_detect_territory", CASES, ("state", "t_detect", "territory")),
    ("ix_violation_case_camera_id_t_detect", CASES, ("camera_id", "t_detect")),
    ("ix_violation_case_kind_t_detect", CASES, ("kind", "t_detect")),
    ("ix_violation_case_offence_t_detect", CASES, ("offence", "t_detect")),
    ("ix_violation_case_decided_by_t_officer_decision", CASES, ("decided_by", "t_officer_decision")),
    ("ix_violation_case_claimed_by", CASES, ("claimed_by",)),
    ("ix_violation_case_plate_token", CASES, ("plate_token",)),
    ("ix_violation_case_document_no", CASES, ("document_no",)),
    ("ix_violation_case_merged_into", CASES, ("merged_into",)),
    ("ix_case_event_actor_at", "case_event", ("actor", "at")),
)


def upgrade() -> None:
    op.create_table(
        "case_draft",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("officer", sa.String(length=36), nullable=False),
        sa.Column("aside", sa.Boolean(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_case_draft"),
        sa.UniqueConstraint("case_id", "officer", name="uq_case_draft_case_id_officer"),
    )
    op.create_index("ix_case_draft_officer", "case_draft", ["officer"])
    op.create_table(
        "case_ahead",
        sa.Column("officer", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("officer", name="pk_case_ahead"),
    )
    op.create_index("ix_case_ahead_case_id", "case_ahead", ["case_id"])
    for name, table, columns in INDICES:
        op.create_index(name, table, list(columns))


def downgrade() -> None:
    for name, table, _ in reversed(INDICES):
        op.drop_index(name, table_name=table)
    op.drop_table("case_ahead")
    op.drop_table("case_draft")
