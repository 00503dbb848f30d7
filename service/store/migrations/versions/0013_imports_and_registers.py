"""Imports and registers of the evaluator"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import Json, UTCDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INDICES = (
    ("ix_city_import_kind", "city_import", ("kind",)),
    ("ix_city_import_entered_at", "city_import", ("entered_at",)),
    ("ix_city_import_row_import_id", "city_import_row", ("import_id",)),
    ("ix_city_import_row_kind_at", "city_import_row", ("kind", "at")),
    ("ix_city_import_row_kind_key", "city_import_row", ("kind", "key")),
    ("ix_city_import_draft_uploaded_at", "city_import_draft", ("uploaded_at",)),
    ("ix_city_input_name_as_of", "city_input", ("name", "as_of")),
)


def upgrade() -> None:
    op.create_table(
        "city_import",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("encoding", sa.String(length=16), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("covers_from", UTCDateTime(), nullable=True),
        sa.Column("covers_until", UTCDateTime(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("entered_at", UTCDateTime(), nullable=False),
        sa.Column("entered_by", sa.String(length=36), nullable=False),
        sa.Column("standing", sa.String(length=160), nullable=True),
        sa.Column("touched", Json, nullable=False),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=36), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_city_import"),
        sa.UniqueConstraint("standing", name="uq_city_import_standing"),
    )
    op.create_table(
        "city_import_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=True),
        sa.Column("value", Json, nullable=False),
        sa.Column("standing", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["city_import.id"], name="fk_city_import_row_import_id_city_import"),
        sa.PrimaryKeyConstraint("id", name="pk_city_import_row"),
        sa.UniqueConstraint("standing", name="uq_city_import_row_standing"),
    )
    op.create_table(
        "city_import_draft",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_at", UTCDateTime(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_city_import_draft"),
    )
    op.add_column("city_input", sa.Column("import_id", sa.String(length=36), nullable=True))
    op.add_column("city_input", sa.Column("withdrawn_at", UTCDateTime(), nullable=True))
    for name, table, columns in INDICES:
        op.create_index(name, table, list(columns))


def downgrade() -> None:
    for name, table, _ in reversed(INDICES):
        op.drop_index(name, table_name=table)
    op.drop_column("city_input", "withdrawn_at")
    op.drop_column("city_input", "import_id")
    op.drop_table("city_import_draft")
    op.drop_table("city_import_row")
    op.drop_table("city_import")
