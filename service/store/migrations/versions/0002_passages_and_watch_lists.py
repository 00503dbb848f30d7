"""Passages and watch lists"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from service.store.base import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
ID = sa.String(length=36)
CODE = sa.String(length=64)


def upgrade() -> None:
    for column in (
        sa.Column("lane", CODE, nullable=True),
        sa.Column("vehicle_type", sa.String(length=16), nullable=True),
        sa.Column("colour", sa.String(length=16), nullable=True),
        sa.Column("plate_score", sa.Double(), nullable=True),
        sa.Column("plate_uncertain", JSON, nullable=True),
        sa.Column("still", sa.String(length=255), nullable=True),
        sa.Column("still_files", JSON, nullable=True),
        sa.Column("held_for", sa.String(length=128), nullable=True),
        sa.Column("held_by", ID, nullable=True),
        sa.Column("held_at", UTCDateTime(), nullable=True),
    ):
        op.add_column("passage", column)
    op.create_index(op.f("ix_passage_plate_token_time"), "passage", ["plate_token", "time"], unique=False)

    op.create_table(
        "plate_index",
        sa.Column("token", CODE, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_plate_index")),
    )
    op.create_table(
        "plate_gram",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("token", CODE, nullable=False),
        sa.ForeignKeyConstraint(
            ["token"], ["plate_index.token"], name=op.f("fk_plate_gram_token_plate_index"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("bucket", "token", name=op.f("pk_plate_gram")),
    )
    op.create_index(op.f("ix_plate_gram_token"), "plate_gram", ["token"], unique=False)

    op.create_table(
        "query_log",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", ID, nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", CODE, nullable=False),
        sa.Column("plate_token", CODE, nullable=True),
        sa.Column("results", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_query_log")),
    )
    op.create_index(op.f("ix_query_log_at"), "query_log", ["at"], unique=False)
    op.create_index(op.f("ix_query_log_actor"), "query_log", ["actor"], unique=False)
    _refuse_changes("query_log")

    op.create_table(
        "watch_list",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("purpose", CODE, nullable=False),
        sa.Column("legal_ground", sa.String(length=255), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.Column("valid_until", UTCDateTime(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("made_by", ID, nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_list")),
    )
    op.create_table(
        "watch_entry",
        sa.Column("id", ID, nullable=False),
        sa.Column("list_id", ID, nullable=False),
        sa.Column("token", CODE, nullable=True),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.Column("added_by", ID, nullable=False),
        sa.Column("removed_at", UTCDateTime(), nullable=True),
        sa.Column("removed_by", ID, nullable=True),
        sa.ForeignKeyConstraint(["list_id"], ["watch_list.id"], name=op.f("fk_watch_entry_list_id_watch_list")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_entry")),
    )
    op.create_index(op.f("ix_watch_entry_list_id"), "watch_entry", ["list_id"], unique=False)
    op.create_index(op.f("ix_watch_entry_token"), "watch_entry", ["token"], unique=False)

    op.create_table(
        "watch_hit",
        sa.Column("id", ID, nullable=False),
        sa.Column("list_id", ID, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("passage_id", ID, nullable=False),
        sa.Column("camera_id", CODE, nullable=False),
        sa.Column("time", UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("raised_at", UTCDateTime(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("shown_at", UTCDateTime(), nullable=True),
        sa.Column("acknowledged_at", UTCDateTime(), nullable=True),
        sa.Column("acknowledged_by", ID, nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("outcome_at", UTCDateTime(), nullable=True),
        sa.Column("outcome_by", ID, nullable=True),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["watch_entry.id"], name=op.f("fk_watch_hit_entry_id_watch_entry")),
        sa.ForeignKeyConstraint(["list_id"], ["watch_list.id"], name=op.f("fk_watch_hit_list_id_watch_list")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_hit")),
        sa.UniqueConstraint("passage_id", "list_id", name=op.f("uq_watch_hit_passage_id_list_id")),
    )
    for name in ("list_id", "passage_id", "state", "raised_at", "changed_at"):
        op.create_index(op.f(f"ix_watch_hit_{name}"), "watch_hit", [name], unique=False)

    op.create_table(
        "passage_tombstone",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("ground", CODE, nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("first", UTCDateTime(), nullable=False),
        sa.Column("last", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_passage_tombstone")),
    )
    op.create_index(op.f("ix_passage_tombstone_last"), "passage_tombstone", ["last"], unique=False)
    op.create_table(
        "vehicle_month",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("token", CODE, nullable=False),
        sa.PrimaryKeyConstraint("month", "token", name=op.f("pk_vehicle_month")),
    )


def _refuse_changes(table: str) -> None:
    """The database itself refuses to change or delete what was appended."""
    if op.get_context().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )


def downgrade() -> None:
    for table in (
        "vehicle_month", "passage_tombstone", "watch_hit", "watch_entry", "watch_list", "query_log", "plate_gram",
        "plate_index",
    ):  # fmt: skip
        op.drop_table(table)
    if op.get_context().dialect.name != "sqlite":
        op.execute("DROP FUNCTION query_log_append_only()")
    op.drop_index(op.f("ix_passage_plate_token_time"), table_name="passage")
    with op.batch_alter_table("passage") as batch:
        for column in (
            "lane", "vehicle_type", "colour", "plate_score", "plate_uncertain", "still", "still_files", "held_for",
            "held_by", "held_at",
        ):  # fmt: skip
            batch.drop_column(column)
