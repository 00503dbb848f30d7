"""Search over all cases: by plate for a reason, by number, place, rule, article, state, officer and days.

A search is posted and kept sealed in the query log; its results are read under its id, so that no address, no log and
no browser history ever holds a plate. Only who searched reads them, and only in the same shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints
from sqlalchemy import ColumnElement, Select, func, or_, select

from qyran.errors import AccessError, InputError
from service import query_log
from service.access import CASE_READERS, require
from service.auth import names
from service.case_view import summaries
from service.cases import visible
from service.plate_index import plates_of, tokens_like
from service.plate_pattern import PlatePattern, plate_pattern
from service.query_log import CASE_WORK, Reason
from service.store.database import Work
from service.store.events import facts_of
from service.store.passage_tables import QueryLog
from service.store.tables import Camera, ViolationCase
from service.views import CaseSummary
from violations import offences
from violations.case import CaseState

PAGE: Final = 50
MOST_CANDIDATES: Final = 6000
"""Plates that are unsealed for one search, some twenty microseconds each: an answer has to come within 0.3 s."""
LAST: Final = "\U0010ffff"
"""Stands after every sign of a number."""
FEW_PLATES: Final = 2000
"""Plates of what else is asked for that are compared one by one before the index is asked."""
MOST_COUNTED: Final = 1000
"""So many results are counted; what is more is said to be more."""

Code = Annotated[str, StringConstraints(max_length=64, strip_whitespace=True)]


class CaseFilter(BaseModel):
    """What is searched for; None and empty mean any.

    Attributes:
        plate: `?` stands for one sign, `*` for any number; needs a reason.
        number: of the decision; a beginning is enough.
        place: part of a camera's name in any language, of its id, or of the territory.
        camera: its id.
        kind: the rule.
        article: of the offence catalogue, 592; of decided cases.
        states: of the case.
        officer: who decided it or reviews it.
        days: whether `start` and `end` mean the act or the officer's decision.
        start, end: UTC; the end does not belong to it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    plate: Annotated[str, StringConstraints(max_length=20)] | None = None
    number: Code | None = None
    place: Code | None = None
    camera: Code | None = None
    kind: Code | None = None
    article: Code | None = None
    states: tuple[CaseState, ...] = ()
    officer: Code | None = None
    days: Literal["act", "decision"] = "act"
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None


class CaseHits(BaseModel):
    """A page of results.

    Attributes:
        total: how many matched, `MOST_COUNTED` at most.
        more: there are more than that.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: tuple[CaseSummary, ...]
    total: int
    more: bool
    offset: int


def begin(work: Work, wanted: CaseFilter, reason: Reason | None = None) -> str:
    """Write a search down with its reason and its yield; the id under which its results are read.

    Raises:
        AccessError: the actor's roles see no cases.
        InputError: a plate without a reason, an impossible one, days that end before they begin, or an empty search.
    """
    role = require(work.actor, CASE_READERS)
    if wanted == CaseFilter(days=wanted.days):
        raise InputError("The search of cases is empty; fill in one field or more.")
    if wanted.start is not None and wanted.end is not None and wanted.start >= wanted.end:
        raise InputError("The search needs a time that begins before it ends.")
    if wanted.plate:
        query_log.check_reason(reason or Reason())
    given = reason if reason is not None and reason.code else Reason(code=CASE_WORK)
    plate = plate_pattern(wanted.plate).text if wanted.plate else None
    total, _ = _count(work, _where(work, wanted))
    said = wanted.model_dump(mode="json", exclude_none=True)
    return query_log.note(work, role, "cases", given, said, plate=plate, results=total)


def held(work: Work, query: str) -> CaseFilter:
    """What one's own search of this shift looks for.

    Raises:
        AccessError: it is another person's, of another shift, or none.
    """
    require(work.actor, CASE_READERS)
    entry = work.session.get(QueryLog, query)
    oldest = work.now - timedelta(hours=work.store.settings.session_hours)
    said = facts_of(work.session, work.store.vault, [query])[query].get("wanted")
    if entry is None or entry.kind != "cases" or entry.actor != work.actor.id or entry.at < oldest or said is None:
        raise AccessError("The results of a search are read by who searched, in the same shift; search again.")
    return CaseFilter.model_validate(said)


def results(work: Work, wanted: CaseFilter, *, limit: int = PAGE, offset: int = 0) -> CaseHits:
    """A page of what matches, the newest first."""
    found = _where(work, wanted)
    total, more = _count(work, found)
    order = ViolationCase.t_officer_decision if wanted.days == "decision" else ViolationCase.t_detect
    rows = work.session.scalars(found.order_by(order.desc(), ViolationCase.id).limit(limit).offset(offset)).all()
    return CaseHits(items=summaries(work, rows), total=total, more=more, offset=offset)


def officers(work: Work) -> tuple[tuple[str, str], ...]:
    """Id and name of everybody who has decided or holds a case."""
    ids: set[str] = set()
    for column in (ViolationCase.decided_by, ViolationCase.claimed_by):
        ids |= _distinct(work, column)
    return tuple(sorted(names(work, ids).items(), key=lambda one: one[1]))


def articles() -> tuple[str, ...]:
    """Every article of the catalogue, in order of its number."""
    return tuple(sorted({entry.article for entry in offences.entries()}, key=lambda one: (len(one), one)))


def _distinct(work: Work, column: Any) -> set[str]:
    """Different values of an indexed column: one step of the index a value, not one a row."""
    found: set[str] = set()
    last = work.session.scalar(select(func.min(column)))
    while last is not None:
        found.add(last)
        last = work.session.scalar(select(func.min(column)).where(column > last))
    return found


def _count(work: Work, found: Select[ViolationCase]) -> tuple[int, bool]:
    capped = found.with_only_columns(ViolationCase.id).limit(MOST_COUNTED + 1).subquery()
    count = work.session.scalar(select(func.count()).select_from(capped)) or 0
    return min(count, MOST_COUNTED), count > MOST_COUNTED


def _where(work: Work, wanted: CaseFilter) -> Select[ViolationCase]:
    query = visible(work.actor, select(ViolationCase))
    conditions = _conditions(work, wanted)
    for condition in conditions:
        query = query.where(condition)
    if wanted.plate is None:
        return query
    tokens = _tokens(work, query if conditions else None, plate_pattern(wanted.plate))
    return query.where(ViolationCase.plate_token.in_(tokens))


def _tokens(work: Work, narrowed: Select[ViolationCase] | None, pattern: PlatePattern) -> list[str]:
    """Tokens of the plates that are meant: by comparing the few of what else is asked for, or by the index."""
    if narrowed is not None and not pattern.exact:
        there = narrowed.with_only_columns(ViolationCase.plate_token).where(ViolationCase.plate_token.is_not(None))
        tokens = [one for one in work.session.scalars(there.distinct().limit(FEW_PLATES + 1)) if one is not None]
        if len(tokens) <= FEW_PLATES:
            return [token for token, plate in plates_of(work, tokens).items() if pattern.matches(plate)]
    return tokens_like(work, pattern, most=MOST_CANDIDATES)


def _conditions(work: Work, wanted: CaseFilter) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.number:
        whole = ViolationCase.document_no == wanted.number
        known = work.session.scalar(select(ViolationCase.id).where(whole).limit(1)) is not None
        begins = ViolationCase.document_no.startswith(wanted.number, autoescape=True)
        if known:
            found.append(whole)
        else:  # an index serves the range, whatever the collation; what it brings beside is sorted out by the beginning
            found += [ViolationCase.document_no.between(wanted.number, wanted.number + LAST), begins]
    if wanted.place:
        cameras, territories = _places(work, wanted.place)
        found.append(or_(ViolationCase.camera_id.in_(cameras), ViolationCase.territory.in_(territories)))
    if wanted.camera:
        found.append(ViolationCase.camera_id == wanted.camera)
    if wanted.kind:
        found.append(ViolationCase.kind == wanted.kind)
    if wanted.article:
        found.append(ViolationCase.offence.in_(_offences(wanted.article)))
    if wanted.states:
        found.append(ViolationCase.state.in_(wanted.states))
    if wanted.officer:
        own = (ViolationCase.decided_by == wanted.officer) | (ViolationCase.claimed_by == wanted.officer)
        found.append(own)
    day = ViolationCase.t_officer_decision if wanted.days == "decision" else ViolationCase.t_detect
    if wanted.days == "decision":
        found.append(day.is_not(None))
    found += [day >= wanted.start] if wanted.start else []
    found += [day < wanted.end] if wanted.end else []
    return found


def _places(work: Work, text: str) -> tuple[list[str], list[str]]:
    """Ids of the cameras and the territories a place may mean."""
    part = text.casefold()
    cameras, territories = [], set()
    for row in work.session.execute(select(Camera.id, Camera.name, Camera.territory)):
        if part in row.id.casefold() or any(part in str(name).casefold() for name in row.name.values()):
            cameras.append(row.id)
        if row.territory and part in row.territory.casefold():
            territories.add(row.territory)
    return cameras, sorted(territories)


def _offences(article: str) -> list[str]:
    return sorted({entry.id for entry in offences.entries() if entry.article == article})
