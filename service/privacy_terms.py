"""Terms of procedures and of keeping data: dated, each with its source and whether a lawyer has confirmed it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import select

from qyran.errors import InputError
from qyran.roles import Role
from service.access import log_access, require
from service.store.database import Work
from service.store.people_tables import PrivacyTerm
from violations.offences import work_calendar

FILE: Final = Path(__file__).with_name("privacy_terms.toml")
KEEPERS: Final = frozenset({Role.DATA_PROTECTION_OFFICER, Role.SYSTEM})
READERS: Final = KEEPERS | {Role.AUDITOR}
MOST_DAYS: Final = 36_500
LEAST_SOURCE: Final = 5
"""Characters of a source at least."""

Unit = Literal["working_days", "days"]


@dataclass(frozen=True, slots=True)
class Term:
    """A term as it holds on a day.

    Attributes:
        valid_from: None for what ships.
        verified: a lawyer has read the text it comes from.
    """

    name: str
    value: int
    unit: Unit
    source: str
    verified: bool
    valid_from: date | None = None


@cache
def shipped() -> dict[str, Term]:
    """The terms that ship, by name."""
    said = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {name: Term(name, **one) for name, one in said.items()}


def today(work: Work) -> date:
    """The day in the city."""
    return work.now.astimezone(work.store.settings.zone).date()


def terms(work: Work, on: date | None = None) -> dict[str, Term]:
    """Every term as it holds on a day, today where none is given."""
    day = on or today(work)
    found = dict(shipped())
    query = select(PrivacyTerm).where(PrivacyTerm.valid_from <= day)
    for row in work.session.scalars(query.order_by(PrivacyTerm.valid_from, PrivacyTerm.entered_at, PrivacyTerm.id)):
        if row.name in found:
            unit = found[row.name].unit
            found[row.name] = Term(row.name, row.value, unit, row.source, row.verified, row.valid_from)
    return found


def set_term(work: Work, name: str, value: int, valid_from: date, source: str, *, verified: bool) -> None:
    """Enter what holds from a day on; nothing entered before is changed.

    Raises:
        AccessError: the actor is no data-protection officer.
        InputError: there is no such term, the value cannot be, or its source is not named.
    """
    role = require(work.actor, KEEPERS)
    words = source.strip()
    if name not in shipped():
        raise InputError(f"A term is one of {', '.join(shipped())}.")
    if not 1 <= value <= MOST_DAYS:
        raise InputError(f"A term has 1 to {MOST_DAYS} days.")
    if not LEAST_SOURCE <= len(words) <= 255:
        raise InputError("Name the document and article the term comes from.")
    work.session.add(
        PrivacyTerm(
            name=name,
            value=value,
            valid_from=valid_from,
            source=words,
            verified=verified,
            entered_at=work.now,
            entered_by=work.actor.id,
        )
    )
    log_access(work, role, "term_set", name)


def last_day(begin: date, term: Term) -> date:
    """The last day of a term that begins on a day, which itself does not count.

    Raises:
        ConfigError: the holidays of a year are not known.
    """
    if term.unit == "days":
        return begin + timedelta(days=term.value)
    calendar, day, left = work_calendar(), begin, term.value
    while left:
        day += timedelta(days=1)
        left -= calendar.is_working(day)
    return day


def end_of(work: Work, day: date) -> datetime:
    """The moment a day of the city is over."""
    return datetime.combine(day + timedelta(days=1), time(), work.store.settings.zone)
