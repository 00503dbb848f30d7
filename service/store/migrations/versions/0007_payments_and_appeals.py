"""Payments, appeals, resolution and enforcement"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
CODE = sa.String(length=64)


def upgrade() -> None:
    op.create_table(
        "fine_payment",
        sa.Column("id", ID, nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("reference", CODE, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("amount_tiyn", sa.BigInteger(), nullable=False),
        sa.Column("document_no", CODE, nullable=True),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("received_from", ID, nullable=False),
        sa.Column("case_id", ID, nullable=True),
        sa.Column("fault", CODE, nullable=True),
        sa.Column("assigned_by", ID, nullable=True),
        sa.Column("assigned_at", UTCDateTime(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["violation_case.id"], name="fk_fine_payment_case_id_violation_case"),
        sa.PrimaryKeyConstraint("id", name="pk_fine_payment"),
        sa.UniqueConstraint("source", "reference", "sha256", name="uq_fine_payment_source_reference_sha256"),
    )
    for column in ("case_id", "fault", "received_at"):
        op.create_index(f"ix_fine_payment_{column}", "fine_payment", [column])
    op.create_table(
        "fine_refund",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("amount_tiyn", sa.BigInteger(), nullable=False),
        sa.Column("reason", CODE, nullable=False),
        sa.Column("ordered_at", UTCDateTime(), nullable=False),
        sa.Column("ordered_by", ID, nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("reference", CODE, nullable=True),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["violation_case.id"], name="fk_fine_refund_case_id_violation_case"),
        sa.PrimaryKeyConstraint("id", name="pk_fine_refund"),
    )
    op.create_index("ix_fine_refund_case_id", "fine_refund", ["case_id"])
    op.create_table(
        "appeal",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("instance", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("restored", CODE, nullable=True),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("reason", CODE, nullable=True),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.Column("answered_by", ID, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["violation_case.id"], name="fk_appeal_case_id_violation_case"),
        sa.PrimaryKeyConstraint("id", name="pk_appeal"),
        sa.UniqueConstraint("case_id", "number", name="uq_appeal_case_id_number"),
    )
    for column in ("case_id", "outcome"):
        op.create_index(f"ix_appeal_{column}", "appeal", [column])
    op.create_table(
        "enforcement_item",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("amount_tiyn", sa.BigInteger(), nullable=False),
        sa.Column("exported_at", UTCDateTime(), nullable=False),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["violation_case.id"], name="fk_enforcement_item_case_id_violation_case"),
        sa.PrimaryKeyConstraint("case_id", name="pk_enforcement_item"),
    )
    op.create_index("ix_enforcement_item_batch", "enforcement_item", ["batch"])


def downgrade() -> None:
    for table in ("enforcement_item", "appeal", "fine_refund", "fine_payment"):
        op.drop_table(table)
