"""The exchange with the situational centre"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from service.store.base import UTCDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
KEPT = ("exchange_record", "exchange_manifest", "exchange_event")
"""What was told stays told."""
WATCHED = (
    # table, source, subject, moment, when
    ("violation_case", "case", "{new}.id", "{new}.changed_at", ("INSERT", "UPDATE")),
    ("alert", "alert", "{new}.id", "{new}.changed_at", ("INSERT", "UPDATE")),
    ("camera", "camera", "{new}.id", "COALESCE({new}.status_at, {new}.registered_at)", ("INSERT", "UPDATE")),
    ("camera_log", "view", "{new}.event_id", '{new}."end"', ("INSERT",)),
    ("quarantine", "quarantine", "{new}.id", "COALESCE({new}.ended_at, {new}.began_at)", ("INSERT", "UPDATE")),
    ("kpi_publication", "publication", "{new}.id", "{new}.published_at", ("INSERT",)),
    ("kpi_revision", "revision", "{new}.publication_id || '/' || {new}.number", "{new}.found_at", ("INSERT",)),
)
VIEWS = "{new}.kind LIKE 'view%'"
STANDING = " OR ".join(
    f"{{new}}.{name} IS DISTINCT FROM {{old}}.{name}"
    for name in ("state", "verdict", "t_cancelled", "merged_into", "kind", "camera_id", "t_detect")
)
"""What a count of cases depends on; that somebody claimed one is no news for others."""
SEEN = (
    "{new}.status IS DISTINCT FROM {old}.status OR {new}.status_at IS DISTINCT FROM {old}.status_at OR "
    "{new}.retired IS DISTINCT FROM {old}.retired OR {new}.commissioned IS DISTINCT FROM {old}.commissioned OR "
    "{new}.file_version IS DISTINCT FROM {old}.file_version OR {new}.territory IS DISTINCT FROM {old}.territory"
)
"""Changes of a camera that others want to hear of; that a stretch was analysed is none."""

ONLY = {"camera_log": {"INSERT": VIEWS}, "camera": {"UPDATE": SEEN}, "violation_case": {"UPDATE": STANDING}}


def _code(name: str, length: int = 64, **kept: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=length), **{"nullable": False, **kept})


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UTCDateTime(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "exchange_pending",
        sa.Column("id", sa.Integer(), nullable=False),
        _code("source", 16),
        _code("subject"),
        _time("at"),
        _code("origin", 8),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_pending"),
    )
    op.create_index("ix_exchange_pending_source_id", "exchange_pending", ["source", "id"])
    op.create_table(
        "exchange_record",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        _code("id", 36),
        _code("kind", 24),
        _code("subject", 200),
        sa.Column("revision", sa.Integer(), nullable=False),
        _code("op", 12),
        _code("replaces", 36, nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        _time("occurred_at"),
        _time("received_at"),
        _time("published_at"),
        sa.Column("measured", sa.Boolean(), nullable=False),
        _code("content"),
        _code("sha256"),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_exchange_record"),
        sa.UniqueConstraint("id", name="uq_exchange_record_id"),
        sa.UniqueConstraint("subject", "revision", name="uq_exchange_record_subject_revision"),
    )
    op.create_index("ix_exchange_record_day_seq", "exchange_record", ["day", "seq"])
    op.create_index("ix_exchange_record_published_at", "exchange_record", ["published_at"])
    op.create_index("ix_exchange_record_kind_seq", "exchange_record", ["kind", "seq"])
    op.create_table(
        "exchange_round",
        sa.Column("id", sa.Integer(), nullable=False),
        _time("at"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("security", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("gap_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_round"),
    )
    op.create_index("ix_exchange_round_at", "exchange_round", ["at"])
    op.create_index("ix_exchange_round_day", "exchange_round", ["day"])
    op.create_table(
        "exchange_day",
        sa.Column("day", sa.Date(), nullable=False),
        _code("kind", 24),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("measured", sa.Integer(), nullable=False),
        sa.Column("delay_us", sa.BigInteger(), nullable=False),
        sa.Column("longest_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "kind", name="pk_exchange_day"),
    )
    op.create_table(
        "exchange_manifest",
        _code("id", 36),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _code("sha256"),
        _time("made_at"),
        _code("state", 24),
        sa.Column("seq", sa.Integer(), nullable=False),
        _code("head"),
        _time("changed_at"),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_manifest"),
        sa.UniqueConstraint("day", name="uq_exchange_manifest_day"),
    )
    op.create_table(
        "exchange_event",
        _code("record", 36),
        sa.Column("seq", sa.Integer(), nullable=False),
        _code("prev"),
        sa.Column("header", sa.Text(), nullable=False),
        _code("commitment"),
        _code("hash"),
        _time("at"),
        _code("actor", 36),
        _code("role", 32),
        _code("kind", 24),
        _code("source", 24, nullable=True),
        _code("target", 24, nullable=True),
        _code("reason", nullable=True),
        sa.PrimaryKeyConstraint("record", "seq", name="pk_exchange_event"),
    )
    op.create_index("ix_exchange_event_at", "exchange_event", ["at"])
    op.create_table(
        "exchange_reader",
        _code("id", 36),
        _code("name"),
        _code("token_hash"),
        sa.Column("scopes", JSON, nullable=False),
        _time("made_at"),
        _code("made_by", 36),
        _time("revoked_at", nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("asked_seq", sa.Integer(), nullable=False),
        _time("last_read_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_reader"),
        sa.UniqueConstraint("name", name="uq_exchange_reader_name"),
        sa.UniqueConstraint("token_hash", name="uq_exchange_reader_token_hash"),
    )
    op.create_table(
        "exchange_reconciliation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        _code("reader", 36),
        _time("at"),
        _code("outcome", 12),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("theirs", sa.Integer(), nullable=False),
        sa.Column("report", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_reconciliation"),
    )
    op.create_index("ix_exchange_reconciliation_day", "exchange_reconciliation", ["day"])
    op.create_table(
        "exchange_push",
        _code("endpoint"),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _time("next_attempt"),
        _code("error", 255, nullable=True),
        _time("pushed_at", nullable=True),
        sa.PrimaryKeyConstraint("endpoint", name="pk_exchange_push"),
    )
    op.create_table(
        "exchange_dead_letter",
        sa.Column("id", sa.Integer(), nullable=False),
        _code("endpoint"),
        sa.Column("seq", sa.Integer(), nullable=False),
        _code("error", 255),
        _time("at"),
        _time("settled_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_dead_letter"),
        sa.ForeignKeyConstraint(["seq"], ["exchange_record.seq"], name="fk_exchange_dead_letter_seq_exchange_record"),
        sa.UniqueConstraint("endpoint", "seq", name="uq_exchange_dead_letter_endpoint_seq"),
    )
    for table in KEPT:
        _refuse_changes(table)
    for table, source, subject, moment, events in WATCHED:
        _watch(table, source, subject, moment, events)
    _backfill()


def downgrade() -> None:
    sqlite = op.get_context().dialect.name == "sqlite"
    for table, _, _, _, events in reversed(WATCHED):
        for event in events:
            op.execute(f"DROP TRIGGER {_name(table, event)}" + ("" if sqlite else f" ON {table}"))
        if not sqlite:
            op.execute(f"DROP FUNCTION {table}_to_exchange()")
    for table in KEPT:
        if sqlite:
            op.execute(f"DROP TRIGGER {table}_no_update")
            op.execute(f"DROP TRIGGER {table}_no_delete")
        else:
            op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
            op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
            op.execute(f"DROP FUNCTION {table}_append_only()")
    for table in (
        "exchange_dead_letter", "exchange_push", "exchange_reconciliation", "exchange_reader", "exchange_event",
        "exchange_manifest", "exchange_day", "exchange_round", "exchange_record", "exchange_pending",
    ):  # fmt: skip
        op.drop_table(table)


def _name(table: str, event: str) -> str:
    return f"{table}_{event.lower()}_to_exchange"


def _watch(table: str, source: str, subject: str, moment: str, events: tuple[str, ...]) -> None:
    """Note each change in the transaction that makes it."""
    line = (
        f"INSERT INTO exchange_pending (source, subject, at, origin) "  # noqa: S608  names of this file only
        f"VALUES ('{source}', {subject.format(new='NEW')}, {moment.format(new='NEW')}, 'live')"
    )
    wanted = ONLY.get(table, {})
    if op.get_context().dialect.name == "sqlite":
        for event in events:
            only = wanted.get(event)
            asks = "" if only is None else f"WHEN {only.format(new='NEW', old='OLD')} "
            asks = asks.replace("IS DISTINCT FROM", "IS NOT")
            op.execute(f"CREATE TRIGGER {_name(table, event)} AFTER {event} ON {table} {asks}BEGIN {line}; END")
        return
    op.execute(
        f"CREATE FUNCTION {table}_to_exchange() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {line}; RETURN NULL; END $$"
    )
    for event in events:
        only = wanted.get(event)
        asks = "" if only is None else f"WHEN ({only.format(new='NEW', old='OLD')}) "
        op.execute(
            f"CREATE TRIGGER {_name(table, event)} AFTER {event} ON {table} "
            f"FOR EACH ROW {asks}EXECUTE FUNCTION {table}_to_exchange()"
        )


def _backfill() -> None:
    """What is there already goes out first, marked as no measure of delay."""
    for table, source, subject, moment, _ in WATCHED:
        only = f"WHERE {VIEWS.format(new=table)}" if table == "camera_log" else ""
        at, record = moment.format(new=table), subject.format(new=table)
        op.execute(
            f"INSERT INTO exchange_pending (source, subject, at, origin) "  # noqa: S608  names of this file only
            f"SELECT '{source}', {record}, {at}, 'backfill' FROM {table} {only} ORDER BY {at}, {record}"
        )


def _refuse_changes(table: str) -> None:
    """The database itself refuses to change or delete what was told."""
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
