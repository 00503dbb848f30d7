"""The rating of the whole city"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.base import Json, UTCDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

HISTORY = "city_initiative"
INDICES = (
    ("ix_alert_t_detect_version", "alert", ("t_detect", "version")),
    (
        "ix_violation_case_kind_verdict_t_detect_merged_into",
        "violation_case",
        ("kind", "verdict", "t_detect", "merged_into"),
    ),
)


def upgrade() -> None:
    op.create_table(
        "rating_tally",
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.String(length=64), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("counted_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("part", "first", name="pk_rating_tally"),
    )
    op.create_table(
        HISTORY,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("initiative", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_city_initiative"),
    )
    op.create_index("ix_city_initiative_initiative_number", HISTORY, ["initiative", "number"], unique=True)
    for name, table, columns in INDICES:
        op.create_index(name, table, list(columns))
    _append_only()


def downgrade() -> None:
    for name, table, _ in reversed(INDICES):
        op.drop_index(name, table_name=table)
    op.drop_table(HISTORY)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION {HISTORY}_append_only()")
    op.drop_table("rating_tally")


def _append_only() -> None:
    """The history of an initiative is only added to."""
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {HISTORY}_no_{action.lower()} BEFORE {action} ON {HISTORY} "
                f"BEGIN SELECT RAISE(ABORT, '{HISTORY} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {HISTORY}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{HISTORY} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {HISTORY}_no_change BEFORE UPDATE OR DELETE ON {HISTORY} "
        f"FOR EACH ROW EXECUTE FUNCTION {HISTORY}_append_only()"
    )
    op.execute(
        f"CREATE TRIGGER {HISTORY}_no_truncate BEFORE TRUNCATE ON {HISTORY} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {HISTORY}_append_only()"
    )
