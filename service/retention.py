"""What is kept for how long: each kind of data by its term, what somebody locked or what still runs aside.

Cases and alerts leave their chain with a tombstone; of queries and requests the words go and the lines stay. Passages,
device records and logins have jobs of their own (`service.passage_retention`, `service.record_retention`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import aliased

from incidents.alert import AlertState
from qyran.errors import TransitionError
from qyran.roles import SYSTEM
from service.access import require
from service.erasure import erase
from service.evidence_locks import hold_of
from service.privacy_terms import READERS, terms
from service.records import load
from service.store.alert_tables import Alert
from service.store.database import Store, Work
from service.store.passage_tables import QueryLog
from service.store.people_tables import RetentionRun, SubjectRequest
from service.store.tables import Personal, ViolationCase
from violations.case import CaseState

EVERY: Final = timedelta(days=1)
BATCH: Final = 200
FIRST_EVENT: Final = 1


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of data: the name of its term, and the query of the ids of what is over before a moment."""

    name: str
    over: Callable[[datetime], Select[Any]]
    gone: Callable[[Work, str], bool]


def _still_sealed(record: Any, seq: int) -> Any:
    item = aliased(Personal)
    return exists().where(item.record == record, item.seq == seq, item.sealed.is_not(None))


def _cases(decided: bool) -> Callable[[datetime], Select[Any]]:  # noqa: FBT001  one of two kinds
    def over(before: datetime) -> Select[Any]:
        number = ViolationCase.document_no
        return select(ViolationCase.id).where(
            ViolationCase.state == CaseState.CLOSED,
            ViolationCase.changed_at < before,
            number.is_not(None) if decided else number.is_(None),
            _still_sealed(ViolationCase.id, FIRST_EVENT),
        )

    return over


def _alerts(before: datetime) -> Select[Any]:
    return select(Alert.id).where(
        Alert.state == AlertState.CLOSED, Alert.changed_at < before, _still_sealed(Alert.id, FIRST_EVENT)
    )


def _queries(before: datetime) -> Select[Any]:
    return select(QueryLog.id).where(QueryLog.at < before, _still_sealed(QueryLog.id, 0))


def _requests(before: datetime) -> Select[Any]:
    return select(SubjectRequest.id).where(SubjectRequest.done_at < before, SubjectRequest.erased_at.is_(None))


def _erase_record(table: type[ViolationCase | Alert]) -> Callable[[Work, str], bool]:
    def gone(work: Work, record: str) -> bool:
        if hold_of(work, load(work, table, record, lock=False)) is not None:
            return False
        try:
            erase(work, table, record, "retention_over")
        except TransitionError:
            return False
        return True

    return gone


def _forget_words(work: Work, record: str) -> bool:
    for item in work.session.scalars(select(Personal).where(Personal.record == record)):
        item.wrapped_key = item.sealed = None
        item.erased_at = work.now
    request = work.session.get(SubjectRequest, record)
    if request is not None:
        request.erased_at, request.person_token, request.plate_token = work.now, None, None
    return True


KINDS: Final = (
    Kind("keep_case_ended", _cases(decided=False), _erase_record(ViolationCase)),
    Kind("keep_case_decided", _cases(decided=True), _erase_record(ViolationCase)),
    Kind("keep_alert", _alerts, _erase_record(Alert)),
    Kind("keep_query", _queries, _forget_words),
    Kind("keep_request", _requests, _forget_words),
)


def retire(store: Store) -> tuple[RetentionRun, ...]:
    """One round: what is over goes, what is held stays and is counted; what each kind came to."""
    found = []
    for kind in KINDS:
        removed = held = 0
        after = ""
        while True:
            with store.write(SYSTEM) as work:
                days = terms(work)[kind.name].value
                query = kind.over(work.now - timedelta(days=days)).order_by("id").limit(BATCH)
                ids = list(work.session.scalars(query.where(query.selected_columns.id > after)))
                done = [kind.gone(work, one) for one in ids]
            removed, held = removed + sum(done), held + len(done) - sum(done)
            if not ids:
                break
            after = ids[-1]
        with store.write(SYSTEM) as work:
            run = RetentionRun(at=work.now, kind=kind.name, term_days=days, removed=removed, held=held)
            work.session.add(run)
        found.append(run)
    return tuple(found)


def retire_daily(store: Store) -> bool:
    """A round, unless there was one within a day; whether there was."""
    with store.read() as work:
        last = work.session.scalar(select(func.max(RetentionRun.at)))
        if last is not None and work.now - last < EVERY:
            return False
    retire(store)
    return True


def last_runs(work: Work) -> dict[str, RetentionRun]:
    """The newest round of each kind."""
    require(work.actor, READERS)
    newest = select(func.max(RetentionRun.id)).group_by(RetentionRun.kind)
    return {row.kind: row for row in work.session.scalars(select(RetentionRun).where(RetentionRun.id.in_(newest)))}
