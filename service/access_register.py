"""Who saw whose data, and what for: openings, searches, routes, lists and exports in one register.

Two sources make it: the access log (`access_log`, append-only) and the queries with their reasons (`query_log`,
append-only, the reason's words sealed). Nothing here changes either; a look at the register is itself in it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import String, cast, func, literal, null, select, union_all

from qyran.errors import InputError
from qyran.roles import Role
from service.access import log_access, require
from service.store.database import Work
from service.store.events import facts_of
from service.store.passage_tables import QueryLog
from service.store.tables import AccessLog
from service.users import names

READERS: Final = frozenset({Role.AUDITOR, Role.DATA_PROTECTION_OFFICER})
SEEN: Final = (
    "case_opened", "owner_seen", "owner_loaded", "evidence_opened", "document_opened", "evidence_exported",
    "still_seen", "alert_opened", "watch_list_opened", "watch_hit_opened", "permits_listed", "draft_opened",
    "request_opened", "request_report", "breach_opened", "register_exported", "video_archive", "video_live",
    "video_exported",
)  # fmt: skip
"""Actions of the access log that show somebody's data."""
ASKED: Final = {"search": "plate_search", "route": "route_shown", "cases": "case_search"}
"""Actions of the query log."""
ACTIONS: Final = (*SEEN, *ASKED.values())
PAGE: Final = 100
MOST: Final = 20_000
"""Lines of one export."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the register is wanted; None and empty want everything.

    Attributes:
        start, end: the end does not belong to it.
        actor: a user's id.
        role, action, reason: codes.
        record: of the case, passage or list.
    """

    start: datetime | None = None
    end: datetime | None = None
    actor: str | None = None
    role: str | None = None
    action: str | None = None
    reason: str | None = None
    record: str | None = None

    def said(self) -> dict[str, str]:
        """For a breach's record of what was asked."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: value.isoformat() if isinstance(value, datetime) else str(value)
            for name, value in found.items()
            if value is not None
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the register.

    Attributes:
        reason: code of the purpose; `number` and `words` what was said beside it, None where nothing was or it is gone.
        results: how much a search found.
    """

    at: datetime
    actor: str
    actor_name: str
    role: str
    action: str
    record: str
    reason: str | None
    territory: str | None
    number: str | None
    words: str | None
    results: int | None


def lines(work: Work, wanted: Wanted, *, limit: int = PAGE, offset: int = 0) -> tuple[tuple[Line, ...], int]:
    """A page of the register, the newest first, and how many lines there are; this look is logged.

    Raises:
        AccessError: the actor watches over nobody's data.
        InputError: the time ends before it begins.
    """
    role = require(work.actor, READERS)
    found = tuple(_lines(work, wanted, limit, offset))
    count = work.session.scalar(select(func.count()).select_from(_both(wanted).subquery())) or 0
    log_access(work, role, "register_opened", "access_register")
    return found, count


def export(work: Work, wanted: Wanted) -> str:
    """The register as CSV; logged.

    Raises:
        AccessError: the actor watches over nobody's data.
        InputError: it would have too many lines.
    """
    role = require(work.actor, READERS)
    count = work.session.scalar(select(func.count()).select_from(_both(wanted).subquery())) or 0
    if count > MOST:
        raise InputError(f"The register has {count} such lines; {MOST} go into one file: choose a shorter time.")
    text = io.StringIO()
    writer = csv.writer(text)
    names_ = (
        "at",
        "actor",
        "actor_name",
        "role",
        "action",
        "record",
        "reason",
        "territory",
        "number",
        "words",
        "results",
    )
    writer.writerow(names_)
    for line in _lines(work, wanted, MOST, 0):
        said = [getattr(line, name) for name in names_]
        writer.writerow([_cell(value) for value in said])
    log_access(work, role, "register_exported", "access_register")
    return text.getvalue()


def looks_at(work: Work, records: Sequence[str], plate_token: str | None) -> tuple[Line, ...]:
    """Every look at some records and every search for a plate, the oldest first: what a person is told of his data."""
    query = _both(Wanted(), records=records, plate_token=plate_token)
    rows = work.session.execute(query.order_by("at")).all()
    return tuple(_view(work, rows))


def counts(work: Work, wanted: Wanted) -> dict[str, int]:
    """How often each record was looked at, searches left out."""
    table = AccessLog
    query = select(table.record, func.count()).where(*_logged(wanted)).group_by(table.record)
    return dict(work.session.execute(query).all())


def _lines(work: Work, wanted: Wanted, limit: int, offset: int) -> Iterator[Line]:
    if wanted.start is not None and wanted.end is not None and wanted.end <= wanted.start:
        raise InputError("The time has to begin before it ends.")
    query = _both(wanted)
    rows = work.session.execute(query.order_by(query.selected_columns.at.desc()).limit(limit).offset(offset)).all()
    yield from _view(work, rows)


def _view(work: Work, rows: Sequence[Any]) -> Iterator[Line]:
    people = names(work, (row.actor for row in rows))
    queries = [row.record for row in rows if row.results is not None]
    said = facts_of(work.session, work.store.vault, queries)
    for row in rows:
        told = said.get(row.record, {})
        action = ASKED.get(row.action, row.action) if row.results is not None else row.action
        yield Line(
            row.at, row.actor, people.get(row.actor, row.actor), row.role, action, row.record, row.reason,
            row.territory, told.get("number") or None, told.get("words") or None, row.results,
        )  # fmt: skip


def _both(wanted: Wanted, records: Sequence[str] | None = None, plate_token: str | None = None) -> Any:
    log, asked = AccessLog, QueryLog
    first: Any = select(
        log.at, log.actor, log.role, log.action, log.record, log.reason, log.territory, null().label("results")
    ).where(*_logged(wanted))
    second: Any = select(
        asked.at, asked.actor, asked.role, asked.kind.label("action"), cast(asked.id, String(64)).label("record"),
        asked.reason, literal(None, String(64)).label("territory"), asked.results,
    ).where(*_asked(wanted))  # fmt: skip
    if records is not None:
        first = first.where(log.record.in_(records))
        second = second.where(asked.plate_token == plate_token if plate_token else literal(value=False))
    return union_all(first, second)


def _logged(wanted: Wanted) -> list[Any]:
    log = AccessLog
    found: list[Any] = [log.action.in_(SEEN if wanted.action is None else [wanted.action])]
    if wanted.record is not None:
        found.append(log.record == wanted.record)
    return [*found, *_shared(wanted, log)]


def _asked(wanted: Wanted) -> list[Any]:
    kinds = [kind for kind, action in ASKED.items() if wanted.action in {None, action}]
    found: list[Any] = [QueryLog.kind.in_(kinds)]
    if wanted.record is not None:
        found.append(QueryLog.id == wanted.record)
    return [*found, *_shared(wanted, QueryLog)]


def _shared(wanted: Wanted, table: Any) -> Iterator[Any]:
    if wanted.start is not None:
        yield table.at >= wanted.start
    if wanted.end is not None:
        yield table.at < wanted.end
    for name in ("actor", "role", "reason"):
        value = getattr(wanted, name)
        if value is not None:
            yield getattr(table, name) == value


def _cell(value: object) -> object:
    """A value that no spreadsheet takes for a formula."""
    text = "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
