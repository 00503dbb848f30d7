"""Why somebody looks for passages: a reason with its number or words before any search, kept with what was found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import select

from qyran.errors import InputError
from qyran.roles import Role
from service.access import log_access, require
from service.auth import names
from service.store.database import Work
from service.store.events import facts_of
from service.store.passage_tables import QueryLog
from service.store.tables import Personal

LOG_READERS: Final = frozenset({Role.AUDITOR, Role.DATA_PROTECTION_OFFICER})
REASONS: Final = (
    "criminal_case", "administrative_case", "accident", "wanted_person", "missing_person", "stolen_vehicle",
    "court_order", "other",
)  # fmt: skip
CASE_WORK: Final = "case_work"
"""Written down for a search of cases that names no plate: the work on cases is reason enough."""
OTHER: Final = "other"
"""The one reason that has no number of a case and is explained in words."""
LEAST_WORDS: Final = 10
"""Characters of that explanation at least."""


class Reason(BaseModel):
    """Why somebody searches.

    Attributes:
        code: of `REASONS`.
        number: of the case, the search order, the report; needed with every code but `other`.
        words: an explanation, needed with `other`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, StringConstraints(max_length=64)] = ""
    number: Annotated[str, StringConstraints(max_length=64, strip_whitespace=True)] = ""
    words: Annotated[str, StringConstraints(max_length=500, strip_whitespace=True)] = ""


class QueryView(BaseModel):
    """A query as the auditor reads it; what was sealed is None where it was erased."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    at: datetime
    actor: str
    actor_name: str
    role: str
    kind: str
    reason: str
    number: str | None
    words: str | None
    wanted: dict[str, Any] | None
    results: int


def check_reason(reason: Reason) -> None:
    """Refuse a search without a reason.

    Raises:
        InputError: the reason is none, or lacks its number or its words.
    """
    if reason.code not in REASONS:
        raise InputError(f"Give the reason of the search: one of {', '.join(REASONS)}.")
    if reason.code == OTHER and len(reason.words) < LEAST_WORDS:
        raise InputError(f"Explain the reason of the search in {LEAST_WORDS} characters or more.")
    if reason.code != OTHER and not reason.number:
        raise InputError("Give the number of the case or order the search is for.")


def note(
    work: Work, role: Role, kind: Literal["search", "route", "cases"], reason: Reason, wanted: Mapping[str, Any], *,
    plate: str | None, results: int,
) -> str:  # fmt: skip
    """Write a query down; its id."""
    vault, query = work.store.vault, str(uuid4())
    work.session.add(
        QueryLog(
            id=query,
            at=work.now,
            actor=work.actor.id,
            role=role.value,
            kind=kind,
            reason=reason.code,
            plate_token=vault.token(plate) if plate else None,
            results=results,
        )
    )
    payload = {"number": reason.number, "words": reason.words, "wanted": dict(wanted)}
    wrapped, sealed = vault.seal(query, 0, {"payload": payload})
    work.session.add(Personal(record=query, seq=0, wrapped_key=wrapped, sealed=sealed))
    work.session.flush()
    return query


def listing(work: Work, *, limit: int = 200, offset: int = 0) -> tuple[QueryView, ...]:
    """The newest queries with their reasons; this look is logged too.

    Raises:
        AccessError: the actor is neither auditor nor data-protection officer.
    """
    role = require(work.actor, LOG_READERS)
    rows = work.session.scalars(select(QueryLog).order_by(QueryLog.at.desc(), QueryLog.id).limit(limit).offset(offset))
    found = rows.all()
    said = facts_of(work.session, work.store.vault, [row.id for row in found])
    people = names(work, [row.actor for row in found])
    log_access(work, role, "query_log_opened", "query_log")
    return tuple(
        QueryView(
            id=row.id,
            at=row.at,
            actor=row.actor,
            actor_name=people.get(row.actor, row.actor),
            role=row.role,
            kind=row.kind,
            reason=row.reason,
            number=said[row.id].get("number"),
            words=said[row.id].get("words"),
            wanted=said[row.id].get("wanted"),
            results=row.results,
        )
        for row in found
    )
