"""Published periods and their revisions"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import UTCDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "kpi_event_set",
    "kpi_published",
    "kpi_published_day",
    "kpi_revision",
    "kpi_revision_day",
    "publication_event",
)
HEADS = "kpi_publication"
FROZEN = (
    "id",
    "period",
    "kind",
    "first",
    "zone",
    "category",
    "published_at",
    "published_by",
    "content",
    "marks",
    "sha256",
)
"""Columns of a publication that stand for good; the others are the view of its chain's last event."""


def upgrade() -> None:
    op.create_table(
        HEADS,
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("period", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("published_at", UTCDateTime(), nullable=False),
        sa.Column("published_by", sa.String(length=36), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_kpi_publication"),
        sa.UniqueConstraint("period", name="uq_kpi_publication_period"),
    )
    op.create_index("ix_kpi_publication_kind_first", HEADS, ["kind", "first"])
    op.create_table(
        "kpi_event_set",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_kpi_event_set"),
    )
    _values()
    _revisions()
    for table in APPEND_ONLY:
        _refuse(table, ("UPDATE", "DELETE"))
    _refuse(HEADS, (f"UPDATE OF {', '.join(FROZEN)}", "DELETE"))


def _values() -> None:
    op.create_table(
        "kpi_published",
        sa.Column("publication_id", sa.String(length=36), nullable=False),
        sa.Column("kpi_id", sa.String(length=8), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("value", "numerator", "denominator")),
        sa.Column("status", sa.String(length=24), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("score", "uncapped")),
        _of_publication("kpi_published"),
        sa.PrimaryKeyConstraint("publication_id", "kpi_id", name="pk_kpi_published"),
    )
    op.create_table(
        "kpi_published_day",
        sa.Column("publication_id", sa.String(length=36), nullable=False),
        sa.Column("kpi_id", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        _of_publication("kpi_published_day"),
        _of_events("kpi_published_day"),
        sa.PrimaryKeyConstraint("publication_id", "kpi_id", "day", name="pk_kpi_published_day"),
    )


def _revisions() -> None:
    op.create_table(
        "kpi_revision",
        sa.Column("publication_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kpi_id", sa.String(length=8), nullable=False),
        sa.Column("found_at", UTCDateTime(), nullable=False),
        sa.Column("found_by", sa.String(length=36), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        _of_publication("kpi_revision"),
        sa.PrimaryKeyConstraint("publication_id", "number", name="pk_kpi_revision"),
    )
    op.create_index("ix_kpi_revision_found_at", "kpi_revision", ["found_at"])
    op.create_table(
        "kpi_revision_day",
        sa.Column("publication_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        _of_publication("kpi_revision_day"),
        _of_events("kpi_revision_day"),
        sa.PrimaryKeyConstraint("publication_id", "number", "day", name="pk_kpi_revision_day"),
    )
    op.create_table(
        "publication_event",
        sa.Column("record", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=24), nullable=True),
        sa.Column("target", sa.String(length=24), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("record", "seq", name="pk_publication_event"),
    )
    op.create_index("ix_publication_event_at", "publication_event", ["at"])


def _of_publication(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_publication_id_kpi_publication"
    return sa.ForeignKeyConstraint(["publication_id"], ["kpi_publication.id"], name=name)


def _of_events(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["sha256"], ["kpi_event_set.sha256"], name=f"fk_{table}_sha256_kpi_event_set")


def downgrade() -> None:
    for table in ("publication_event", "kpi_revision_day", "kpi_revision", "kpi_published_day", "kpi_published"):
        op.drop_table(table)
    op.drop_table("kpi_event_set")
    op.drop_table(HEADS)
    if op.get_context().dialect.name == "postgresql":
        for table in (*APPEND_ONLY, HEADS):
            op.execute(f"DROP FUNCTION {table}_append_only()")


def _refuse(table: str, actions: tuple[str, ...]) -> None:
    """The database itself refuses to change or delete what was published; triggers go with their table."""
    if op.get_context().dialect.name == "sqlite":
        for action in actions:
            op.execute(
                f"CREATE TRIGGER {table}_no_{action.split()[0].lower()} BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE {' OR '.join(actions)} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )
