"""Evidence that leaves: locks, time stamps, masked copies"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import UTCDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("evidence_stamp", "evidence_lock", "masked_copy", "evidence_export", "ledger_publication")


def upgrade() -> None:
    op.create_table(
        "evidence_stamp",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", UTCDateTime(), nullable=True),
        sa.Column("error", sa.String(length=255), nullable=True),
        sa.Column("time", UTCDateTime(), nullable=True),
        sa.Column("serial", sa.String(length=64), nullable=True),
        sa.Column("policy", sa.String(length=128), nullable=True),
        sa.Column("authority", sa.String(length=255), nullable=True),
        sa.Column("anchored", sa.Boolean(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_evidence_stamp")),
    )
    op.create_index(op.f("ix_evidence_stamp_state_next_try"), "evidence_stamp", ["state", "next_try"], unique=False)
    op.create_table(
        "evidence_lock",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("record", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("set_by", sa.String(length=36), nullable=False),
        sa.Column("set_at", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.Column("released_by", sa.String(length=36), nullable=True),
        sa.Column("released_at", UTCDateTime(), nullable=True),
        sa.Column("release_note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_lock")),
    )
    op.create_index(op.f("ix_evidence_lock_record"), "evidence_lock", ["record"], unique=False)
    op.create_table(
        "masked_copy",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("record", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=True),
        sa.Column("error", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "kind", name=op.f("pk_masked_copy")),
    )
    op.create_index(op.f("ix_masked_copy_record"), "masked_copy", ["record"], unique=False)
    op.create_index(op.f("ix_masked_copy_state"), "masked_copy", ["state"], unique=False)
    op.create_table(
        "evidence_export",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("record", sa.String(length=36), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("variant", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_export")),
    )
    op.create_index(op.f("ix_evidence_export_record"), "evidence_export", ["record"], unique=False)
    op.create_table(
        "ledger_publication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=255), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", UTCDateTime(), nullable=True),
        sa.Column("error", sa.String(length=255), nullable=True),
        sa.Column("published_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_publication")),
        sa.UniqueConstraint("day", "place", name=op.f("uq_ledger_publication_day_place")),
    )
    op.create_index(
        op.f("ix_ledger_publication_state_next_try"), "ledger_publication", ["state", "next_try"], unique=False
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
