"""A number that grows with every change of any alert, in the order of commits: what live lists go by.

The counter's row stays locked until the transaction ends, so who reads a number has read every smaller one: a list that
asks for what lies beyond its last number misses nothing and is told nothing twice. Alerts change a few times a second
at most, and whoever changes one locks its row first.
"""

from __future__ import annotations

import threading
from typing import Any, Final

from sqlalchemy import event, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.store.alert_tables import Alert
from service.store.tables import Counter

SERIES: Final = "alert_stream"
CHANGED: Final = "alerts_changed"


class Bell:
    """Tells listeners of this process at once that alerts have changed; looking at it costs nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rung = 0

    @property
    def rung(self) -> int:
        """How often it was rung."""
        return self._rung

    def ring(self) -> None:
        """Something has changed."""
        with self._lock:
            self._rung += 1


BELL: Final = Bell()
"""Of this process; listeners in another one look at the store."""


def watch_alerts(session: Session) -> None:
    """Let a session number the alerts it changes, and ring when they are committed."""
    event.listen(session, "before_flush", _number)
    event.listen(session, "after_commit", _ring)


def last_number(session: Session) -> int:
    """The number of the latest committed change; 0 before the first."""
    return session.scalar(select(Counter.last).where(Counter.series == SERIES)) or 0


def _number(session: Session, _: object, __: object) -> None:
    rows = [row for row in session.new if isinstance(row, Alert)]
    rows += [row for row in session.dirty if isinstance(row, Alert) and session.is_modified(row)]
    if not rows:
        return
    session.info[CHANGED] = True
    last = _take(session, len(rows))
    rows.sort(key=lambda row: (row.t_detect, row.id))
    for number, row in enumerate(rows, last - len(rows) + 1):
        row.stream_seq = number


def _take(session: Session, wanted: int) -> int:
    connection = session.connection()
    taking = update(Counter).where(Counter.series == SERIES).values(last=Counter.last + wanted).returning(Counter.last)
    last = connection.execute(taking).scalar()
    if last is None:
        insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(insert(Counter).values(series=SERIES, last=0).on_conflict_do_nothing())
        last = connection.execute(taking).scalar_one()
    return int(last)


def _ring(session: Session) -> None:
    if session.info.pop(CHANGED, False):
        BELL.ring()
