"""The police department, completed: resolutions on complaints, letters that perhaps left, blocked vehicles"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import UTCDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appeal_resolution",
        sa.Column("appeal_id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document_no", sa.String(length=64), nullable=False),
        sa.Column("file", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("signed_at", UTCDateTime(), nullable=False),
        sa.Column("signed_by", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name="fk_appeal_resolution_appeal_id_appeal"),
        sa.ForeignKeyConstraint(["case_id"], ["violation_case.id"], name="fk_appeal_resolution_case_id_violation_case"),
        sa.PrimaryKeyConstraint("appeal_id", name="pk_appeal_resolution"),
        sa.UniqueConstraint("document_no", name="uq_appeal_resolution_document_no"),
        sa.UniqueConstraint("year", "number", name="uq_appeal_resolution_year_number"),
    )
    op.create_index("ix_appeal_resolution_case_id", "appeal_resolution", ["case_id"])
    op.add_column("outbox_message", sa.Column("appeal_id", sa.String(length=36), nullable=True))
    op.add_column("outbox_message", sa.Column("sending_at", UTCDateTime(), nullable=True))
    op.add_column("restriction", sa.Column("plate_token", sa.String(length=64), nullable=True))
    op.create_index("ix_restriction_plate_token", "restriction", ["plate_token"])


def downgrade() -> None:
    op.drop_index("ix_restriction_plate_token", table_name="restriction")
    op.drop_column("restriction", "plate_token")
    op.drop_column("outbox_message", "sending_at")
    op.drop_column("outbox_message", "appeal_id")
    op.drop_index("ix_appeal_resolution_case_id", table_name="appeal_resolution")
    op.drop_table("appeal_resolution")
