# ruff: noqa: S608  names of this file only
"""Passages by month

What grows by the million is partitioned by month in PostgreSQL; SQLite keeps it whole. A passage's sealed plate lies in
its own row, so that it goes with its month. The ids of taken events are kept under the event's own time: an event that
comes again is looked for in the partition it was put into.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from service.store.base import UTCDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

SCHEMA = "months"
KEYS = {"passage": ("id", "time"), "ingested": ("event_id", "time"), "camera_log": ("event_id", "end")}
OF_PLATES = "fk_plate_gram_token_plate_index"
AHEAD = 2  # months after the running one
SEALED = ("wrapped_key", "sealed", "erased_at")
OF_EVENTS = (("passage", "id", "time"), ("camera_log", "event_id", '"end"'), ("violation_case", "id", "t_detect"),
             ("alert", "id", "t_detect"))  # fmt: skip


def upgrade() -> None:
    op.add_column("passage", sa.Column("wrapped_key", sa.LargeBinary(), nullable=True))
    op.add_column("passage", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.add_column("passage", sa.Column("erased_at", UTCDateTime(), nullable=True))
    of_it = "FROM personal WHERE personal.record = passage.id AND personal.seq = 0"
    for column in SEALED:
        op.execute(f"UPDATE passage SET {column} = (SELECT {column} {of_it}) WHERE EXISTS (SELECT 1 {of_it})")
    op.execute("DELETE FROM personal WHERE seq = 0 AND record IN (SELECT id FROM passage)")

    op.add_column("plate_index", sa.Column("month", sa.String(length=7), nullable=True))
    newest = "SELECT max(time) FROM passage WHERE plate_token = plate_index.token"
    sqlite = op.get_bind().dialect.name == "sqlite"
    month = f"strftime('%Y-%m', ({newest}))" if sqlite else f"to_char(({newest}) AT TIME ZONE 'UTC', 'YYYY-MM')"
    op.execute(f"UPDATE plate_index SET month = {month}")
    op.create_index("ix_plate_index_month", "plate_index", ["month"])

    if sqlite:
        with op.batch_alter_table("plate_gram") as batch:
            batch.drop_constraint(OF_PLATES, type_="foreignkey")
    else:
        op.drop_constraint(OF_PLATES, "plate_gram", type_="foreignkey")
    op.add_column("ingested", sa.Column("time", UTCDateTime(), nullable=True))
    for table, key, moment in OF_EVENTS:
        op.execute(
            f"UPDATE ingested SET time = (SELECT {moment} FROM {table} WHERE {table}.{key} = ingested.event_id)"
            f" WHERE time IS NULL AND EXISTS (SELECT 1 FROM {table} WHERE {table}.{key} = ingested.event_id)"
        )
    op.execute("UPDATE ingested SET time = at WHERE time IS NULL")
    if sqlite:
        with op.batch_alter_table("ingested") as batch:
            batch.alter_column("time", existing_type=UTCDateTime(), nullable=False)
        return
    op.alter_column("ingested", "time", nullable=False)
    op.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    for table, (key, moment) in KEYS.items():
        _partition(table, key, moment)


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        for table, (key, _) in KEYS.items():
            _join(table, key)
        op.execute(f"DROP SCHEMA {SCHEMA}")
    op.execute(
        "INSERT INTO personal (record, seq, wrapped_key, sealed, erased_at)"
        " SELECT id, 0, wrapped_key, sealed, erased_at FROM passage WHERE sealed IS NOT NULL OR erased_at IS NOT NULL"
    )
    for column in SEALED:
        op.execute(f"ALTER TABLE passage DROP COLUMN {column}")
    op.execute("ALTER TABLE ingested DROP COLUMN time")
    with op.batch_alter_table("plate_gram") as batch:
        batch.create_foreign_key(OF_PLATES, "plate_index", ["token"], ["token"], ondelete="CASCADE")
    op.drop_index("ix_plate_index_month", "plate_index")
    op.execute("ALTER TABLE plate_index DROP COLUMN month")


def _partition(table: str, key: str, moment: str) -> None:
    """A table of months in place of a whole one, with its rows."""
    connection = op.get_bind()
    found = connection.execute(
        sa.text(f"SELECT DISTINCT date_trunc('month', \"{moment}\" AT TIME ZONE 'UTC') FROM {table}")
    )
    triggers, indexes = _triggers(table), _put_aside(table)
    op.execute(f'CREATE TABLE {table} (LIKE {table}_before INCLUDING DEFAULTS) PARTITION BY RANGE ("{moment}")')
    op.execute(f'ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({key}, "{moment}")')
    op.execute(f"CREATE TABLE {SCHEMA}.{table}_rest PARTITION OF {table} DEFAULT")
    now = datetime.now(UTC)
    months = {(row[0].year, row[0].month) for row in found}
    months |= {_month(now.year, now.month + number) for number in range(AHEAD + 1)}
    for year, month in sorted(months):
        after = _month(year, month + 1)
        op.execute(
            f"CREATE TABLE {SCHEMA}.{table}_{year:04d}_{month:02d} PARTITION OF {table} FOR VALUES FROM"
            f" ('{year:04d}-{month:02d}-01 00:00:00+00') TO ('{after[0]:04d}-{after[1]:02d}-01 00:00:00+00')"
        )
    op.execute(f"INSERT INTO {table} SELECT * FROM {table}_before")
    op.execute(f"DROP TABLE {table}_before")
    for name, columns in indexes:
        op.create_index(name, table, columns)
    for trigger in triggers:
        op.execute(trigger)


def _join(table: str, key: str) -> None:
    """A whole table in place of one of months."""
    triggers, indexes = _triggers(table), _put_aside(table)
    op.execute(f"CREATE TABLE {table} (LIKE {table}_before INCLUDING DEFAULTS)")
    op.execute(f"INSERT INTO {table} SELECT DISTINCT ON ({key}) * FROM {table}_before ORDER BY {key}")
    op.execute(f"DROP TABLE {table}_before")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({key})")
    for name, columns in indexes:
        op.create_index(name, table, columns)
    for trigger in triggers:
        op.execute(trigger)


def _triggers(table: str) -> list[str]:
    """How a table's triggers are made."""
    asked = sa.text(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = to_regclass(:name) AND NOT tgisinternal"
        " ORDER BY tgname"
    )
    return list(op.get_bind().scalars(asked, {"name": table}))


def _put_aside(table: str) -> list[tuple[str, list[str]]]:
    """Rename a table and free the names of its key and indexes; the indexes, to be made again."""
    found = sa.inspect(op.get_bind()).get_indexes(table)
    indexes = [(str(one["name"]), [str(column) for column in one["column_names"]]) for one in found]
    op.execute(f"ALTER TABLE {table} RENAME TO {table}_before")
    op.execute(f"ALTER TABLE {table}_before RENAME CONSTRAINT pk_{table} TO pk_{table}_before")
    for name, _ in indexes:
        op.drop_index(name)
    return indexes


def _month(year: int, month: int) -> tuple[int, int]:
    """A month counted on from January of a year."""
    return year + (month - 1) // 12, (month - 1) % 12 + 1
