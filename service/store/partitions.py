# ruff: noqa: S608  names of this file only
"""Months of what grows by the million, in PostgreSQL: partitions made ahead, moved into, and dropped whole.

The partitions lie in a schema of their own, ``months``: ``months.passage_2026_11``; ``months.passage_rest`` takes what
lies in no month there is (a camera whose clock is years off). In SQLite nothing of this exists, and nothing is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from service.store.bulk import on_postgresql
from service.store.tables import CameraLog, Ingested, Passage

SCHEMA: Final = "months"
COLUMNS: Final[dict[str, str]] = {Passage.__tablename__: "time", Ingested.__tablename__: "time",
                                  CameraLog.__tablename__: "end"}  # fmt: skip
"""Partitioned tables, and by which column."""
AHEAD: Final = 2
"""Months after the running one that are made beforehand."""
KEEPERS: Final = 470
"""PostgreSQL's advisory lock of whoever makes or drops a month: two who keep house at once do it once."""
PATIENCE: Final = "5s"
"""A partition comes and goes under a short lock of its table; who cannot have it so long tries again later."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a table, UTC."""

    table: str
    start: datetime

    @property
    def end(self) -> datetime:
        """The beginning of the next."""
        return next_month(self.start)

    @property
    def name(self) -> str:
        """The partition's full name."""
        return f"{SCHEMA}.{self.table}_{self.start:%Y_%m}"


def month_of(moment: datetime) -> datetime:
    """The beginning of a moment's month, UTC."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(start: datetime) -> datetime:
    """The beginning of the month after."""
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def months_there(session: Session, table: str) -> list[Month]:
    """The months a table has, the oldest first; none in SQLite."""
    if not on_postgresql(session):
        return []
    query = text(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = to_regclass(:parent) ORDER BY c.relname"
    )
    found = session.scalars(query, {"parent": table})
    prefix = f"{table}_"
    names = [name.removeprefix(prefix) for name in found]
    return [Month(table, datetime.strptime(name, "%Y_%m").replace(tzinfo=UTC)) for name in names if name != "rest"]


def missing(session: Session, now: datetime) -> list[Month]:
    """The running month and those after it that have no partition yet."""
    if not on_postgresql(session):
        return []
    wanted = [month_of(now)]
    while len(wanted) <= AHEAD:
        wanted.append(next_month(wanted[-1]))
    return [
        Month(table, start)
        for table in COLUMNS
        for start in wanted
        if start not in {one.start for one in months_there(session, table)}
    ]


def alone(session: Session, month: Month) -> bool:
    """Wait until nobody else makes or drops a month, to the end of the transaction; whether there is this month then.

    What was asked before may have been done meanwhile by another who keeps house.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": KEEPERS})
    return month in months_there(session, month.table)


def make(connection: Connection, month: Month) -> None:
    """Make a month's partition; rows of it that lay in the rest move there."""
    column = COLUMNS[month.table]
    span = {"start": month.start, "after": month.end}
    connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
    connection.execute(text(f"CREATE TABLE {month.name} (LIKE {month.table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"))
    connection.execute(
        text(
            f'WITH moved AS (DELETE FROM {SCHEMA}.{month.table}_rest WHERE "{column}" >= :start AND "{column}" < :after'
            f" RETURNING *) INSERT INTO {month.name} SELECT * FROM moved"
        ),
        span,
    )
    connection.execute(
        text(
            f"ALTER TABLE {month.table} ATTACH PARTITION {month.name}"
            f" FOR VALUES FROM ('{month.start.isoformat()}') TO ('{month.end.isoformat()}')"
        )
    )


def detach(connection: Connection, month: Month) -> None:
    """Take a month out of its table; its rows stay in a table of their own until `drop`."""
    connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
    connection.execute(text(f"ALTER TABLE {month.table} DETACH PARTITION {month.name}"))


def drop(connection: Connection, month: Month) -> None:
    """Drop a month that was taken out, with everything in it."""
    connection.execute(text(f"DROP TABLE {month.name}"))
