"""How long evidence stays: so many days after its record ended, longer wherever something or somebody holds it.

What goes is erased under a tombstone: the chain goes on saying that it was there. Merged reports stay as long as the
case they were merged into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from incidents.alert import OPEN as OPEN_ALERTS
from qyran.errors import TransitionError
from qyran.roles import SYSTEM
from service.erasure import erase
from service.evidence_locks import ENDED, hold_of
from service.evidence_settings import evidence_file
from service.store.database import Store, Work
from service.store.events import Row
from service.store.tables import Alert, Evidence, ViolationCase

GROUND: Final = "retention_over"
BATCH: Final = 200
"""Records looked at together."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a round did: records whose evidence was erased, and those that something held beyond their term."""

    erased: int = 0
    held: int = 0


def sweep_evidence(store: Store) -> Swept:
    """Erase the evidence whose term is over and that nothing holds.

    Raises:
        ConfigError: the evidence file cannot be used.
    """
    done = [_swept_case(store, record) for record in _pages(store, _due_cases)]
    done += [_swept_alert(store, record) for record in _pages(store, _due_alerts)]
    return Swept(done.count(True), done.count(False))


def _swept_case(store: Store, record: str) -> bool | None:
    """True where it was erased, False where it is held, None where nothing was left."""
    with store.write(SYSTEM) as work:
        row = work.session.get_one(ViolationCase, record, with_for_update=True)
        joined = work.session.get(ViolationCase, row.merged_into) if row.merged_into else None
        return _swept(work, row, joined)


def _swept_alert(store: Store, record: str) -> bool | None:
    with store.write(SYSTEM) as work:
        row = work.session.get_one(Alert, record, with_for_update=True)
        joined = work.session.get(Alert, row.merged_into) if row.merged_into else None
        return _swept(work, row, joined)


def _swept(work: Work, row: Row, joined: Row | None) -> bool | None:
    if hold_of(work, row) is not None:
        return False
    if joined is not None and (hold_of(work, joined) is not None or _has_evidence(work, joined.id)):
        return False
    try:
        erase(work, type(row), row.id, GROUND)
    except TransitionError:
        return None
    return True


def _has_evidence(work: Work, record: str) -> bool:
    query = select(Evidence.event_id).where(Evidence.record == record, Evidence.erased.is_(False))
    return work.session.scalars(query.limit(1)).first() is not None


def _pages(store: Store, due: Callable[[Work, str], list[str]]) -> Iterator[str]:
    """Everything that is due, page by page, so that what is held never hides what comes after it."""
    after = ""
    while True:
        with store.read() as work:
            page = due(work, after)
        yield from page
        if len(page) < BATCH:
            return
        after = page[-1]


def _due_cases(work: Work, after: str) -> list[str]:
    terms = evidence_file(work.store.settings).retention
    undecided = work.now - timedelta(days=terms.undecided_days)
    closed = work.now - timedelta(days=terms.closed_days)
    signed = ViolationCase.t_signed.is_not(None)
    query = (
        select(ViolationCase.id)
        .join(Evidence, Evidence.record == ViolationCase.id)
        .where(
            ViolationCase.id > after,
            ViolationCase.state.in_(ENDED),
            Evidence.erased.is_(False),
            (signed & (ViolationCase.changed_at < closed)) | (~signed & (ViolationCase.changed_at < undecided)),
        )
    )
    return list(work.session.scalars(query.distinct().order_by(ViolationCase.id).limit(BATCH)))


def _due_alerts(work: Work, after: str) -> list[str]:
    before = work.now - timedelta(days=evidence_file(work.store.settings).retention.alert_days)
    query = (
        select(Alert.id)
        .join(Evidence, Evidence.record == Alert.id)
        .where(Alert.id > after, Alert.state.not_in(OPEN_ALERTS), Evidence.erased.is_(False), Alert.changed_at < before)
    )
    return list(work.session.scalars(query.distinct().order_by(Alert.id).limit(BATCH)))
