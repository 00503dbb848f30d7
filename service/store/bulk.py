"""Many rows of one table at once: COPY or whole columns in PostgreSQL, one prepared INSERT in SQLite.

The unit of work's own transaction carries them; sessions hear nothing of such rows, so who writes them leaves the marks
of the days of KPIs himself (`service.store.marks.leave`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, String, Text, any_, bindparam, func, insert, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from qyran.errors import InputError
from service.store.base import Base

CHUNK: Final = 500
"""Values in one statement; both databases take more."""


def on_postgresql(session: Session) -> bool:
    """Whether the session's database is PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def put_rows(session: Session, table: type[Base], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows.

    Args:
        session: inside a transaction.
        table: of the rows.
        names: attributes of the table's class, in the order of each row's values.
        rows: their values; dicts and lists are stored as JSON.

    Raises:
        InputError: a value cannot be stored; nothing of the rows is, and the transaction is to be undone.
    """
    if not rows:
        return
    if not on_postgresql(session):
        session.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
        return
    from psycopg import DataError, IntegrityError  # noqa: PLC0415  the client is an extra
    from psycopg.types.json import Jsonb  # noqa: PLC0415

    mapper = inspect(table)
    columns = ", ".join(f'"{mapper.columns[name].name}"' for name in names)
    statement = f'COPY "{table.__tablename__}" ({columns}) FROM STDIN'
    cursor: Any = session.connection().connection.cursor()
    try:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([Jsonb(one, dumps=_dumps) if isinstance(one, dict | list) else one for one in row])
    except (DataError, IntegrityError) as error:
        raise InputError(f"A row of {table.__tablename__} cannot be stored ({type(error).__name__}).") from None


def put_new(session: Session, table: type[Base], key: str, rows: Sequence[dict[str, Any]]) -> set[str]:
    """Insert rows whose key is not there yet; the keys of those that were. Rows come in the order of their keys.

    In PostgreSQL each column goes as one array: a statement with a place for every value of a thousand rows takes
    three times as long to put together.
    """
    if not rows:
        return set()
    if not on_postgresql(session):
        each = sqlite.insert(table).on_conflict_do_nothing().returning(getattr(table, key))
        return set(session.scalars(each, list(rows)))
    columns = {name: inspect(table).columns[name] for name in rows[0]}
    arrays = [
        # a cast to a text of limited length would cut off what is too long without a word
        bindparam(None, [row[name] for row in rows], ARRAY(Text() if isinstance(column.type, String) else column.type))
        for name, column in columns.items()
    ]
    given = func.unnest(*arrays).table_valued(*columns).render_derived("given")
    every: Any = postgresql.insert(table).from_select(list(columns), select(*given.columns), include_defaults=False)
    return set(session.scalars(every.on_conflict_do_nothing().returning(getattr(table, key))))


def among(session: Session, column: InstrumentedAttribute[str], values: Collection[str]) -> ColumnElement[bool]:
    """That a column of text has one of many values: in PostgreSQL one array, not a place in the statement for each."""
    if on_postgresql(session):
        return column == any_(bindparam(None, list(values), ARRAY(Text())))
    return column.in_(values)


def there(session: Session, column: InstrumentedAttribute[Any], values: Collection[str]) -> set[str]:
    """Which of these values a column has."""
    wanted, found = sorted(set(values)), set[str]()
    for start in range(0, len(wanted), CHUNK):
        found.update(
            session.scalars(select(column).where(among(session, column, wanted[start : start + CHUNK])).distinct())
        )
    return found


def hold_shared(session: Session, key: int) -> None:
    """Keep out whoever takes the key alone until the transaction ends; SQLite has one writer at a time anyway."""
    if on_postgresql(session):
        session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": key})


def hold_alone(session: Session, key: int) -> None:
    """Wait for whoever shares the key, and keep them out until the transaction ends."""
    if on_postgresql(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
