"""The dated offence catalogue: what a finding may be by law, what it costs, and the terms of the procedure.

All law is data in `catalogue/*.toml`, each line with its source and how certain it is; a city's lawyer confirms it.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from qyran.errors import ConfigError, InputError
from violations.offence_file import Catalogue, Certainty, Entry, Kind, Part, PenaltyKind, load_catalogue, load_part

CATALOGUE: Final = Path(__file__).parent / "catalogue"
OTHER_FILES: Final = frozenset({"terms.toml", "holidays.toml"})
"""What lies beside the offence files; every other TOML file of the folder is one."""
SATURDAY: Final = 5  # date.weekday() of the first day of the weekend


class Offence(Entry):
    """An entry as chosen for a kind of finding on a day, with its amount.

    Attributes:
        kind: the rule's kind.
        catalogue: version of the catalogue.
        mci_year, mci_kzt: the monthly calculation index applied; None for what is no fine.
    """

    kind: str
    catalogue: str
    mci_year: int | None = None
    mci_kzt: int | None = None

    @property
    def penalty_kind(self) -> PenaltyKind:
        """Fine, warning or non_payable."""
        return self.penalty

    @property
    def fine_mci(self) -> int | None:
        """The fine in monthly calculation indices."""
        return self.mci

    @property
    def fine_kzt(self) -> int | None:
        """The fine in tenge."""
        return None if self.mci is None or self.mci_kzt is None else self.mci * self.mci_kzt

    @property
    def half_kzt(self) -> Decimal | None:
        """Half of the fine in tenge, exact to the tiyn."""
        return None if self.fine_kzt is None else Decimal(self.fine_kzt) / 2


class Term(Part):
    """One term of the procedure."""

    value: Annotated[int, Field(gt=0)]
    certainty: Certainty
    source: str


class LegalTerms(Part):
    """Terms of the procedure from a day on (what each counts stands in `catalogue/terms.toml`)."""

    valid_from: date
    half_price_working_days: Term
    full_days: Term
    appeal_days: Term
    court_days: Term
    resolved_days: Term
    limitation_months: Term
    repeat_months: Term


class _Mci(Part):
    year: int
    kzt: int
    certainty: Certainty
    source: str


class _TermsFile(Part):
    mci: tuple[_Mci, ...]
    terms: tuple[LegalTerms, ...]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        years, days = [one.year for one in self.mci], [one.valid_from for one in self.terms]
        if len(set(years)) != len(years) or len(set(days)) != len(days):
            raise ValueError("a year's index, or the terms from a day on, stand there twice")
        return self


class _Year(Part):
    """Days off of a year, and the weekend's days that are worked on, each of that year and each once."""

    year: int
    certainty: Certainty
    source: str
    days: tuple[date, ...]
    working: tuple[date, ...]

    @model_validator(mode="after")
    def _of_the_year(self) -> Self:
        listed = (*self.days, *self.working)
        if any(day.year != self.year for day in listed) or len(set(listed)) != len(listed):
            raise ValueError(f"a day of {self.year} is of another year, or stands there twice")
        if any(day.weekday() < SATURDAY for day in self.working):
            raise ValueError(f"a moved working day of {self.year} is no Saturday or Sunday")
        return self


class _HolidaysFile(Part):
    year: tuple[_Year, ...]


class WorkCalendar(Part):
    """Which days are working days, for the years it covers."""

    years: frozenset[int]
    days_off: frozenset[date]
    moved_here: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether a day is a working day.

        Raises:
            ConfigError: the calendar does not cover the year.
        """
        if day.year not in self.years:
            raise ConfigError(f"The holidays of {day.year} are not in violations/catalogue/holidays.toml; add them.")
        return day in self.moved_here or (day.weekday() < SATURDAY and day not in self.days_off)


def candidates(
    kind: str, on: date, *, imposed: date | None = None, over_kmh: float | None = None
) -> tuple[Offence, ...]:
    """What a rule's finding may be on the day of the act, the likeliest first; empty where the catalogue is silent.

    Args:
        kind: the rule's kind.
        on: day of the act, in the city's time zone.
        imposed: day on which the penalty is imposed, which decides the index; the day of the act where not given.
        over_kmh: measured excess of speed: bands that do not hold it are left out.

    A fine of a year whose index is not in the catalogue has no amount in tenge.
    """
    book = _catalogue()
    about = book.kinds.get(kind)
    year = (imposed or on).year
    index = next((one.kzt for one in _terms_file().mci if one.year == year), None)
    found = []
    for wanted in about.entries if about else ():
        for entry in book.offence:
            if entry.id != wanted or not entry.valid(on) or not _in_band(entry, over_kmh):
                continue
            known = index if entry.penalty == "fine" else None
            found.append(
                Offence(
                    **dict(entry),
                    kind=kind,
                    catalogue=book.version,
                    mci_year=year if known else None,
                    mci_kzt=known,
                )
            )
    return tuple(found)


def _in_band(entry: Entry, over_kmh: float | None) -> bool:
    if over_kmh is None or entry.over_kmh is None:
        return True
    return entry.over_kmh[0] <= over_kmh < entry.over_kmh[1]


def find(
    offence_id: str, kind: str, on: date, *, imposed: date | None = None, over_kmh: float | None = None
) -> Offence:
    """The entry an officer chose, as `candidates`, its amount known.

    Raises:
        InputError: it is none of the entries for that kind and day.
        ConfigError: the index of the year is not in the catalogue.
    """
    for one in candidates(kind, on, imposed=imposed, over_kmh=over_kmh):
        if one.id == offence_id:
            if one.penalty == "fine" and one.mci_kzt is None:
                year = (imposed or on).year
                raise ConfigError(f"The МРП of {year} is not in violations/catalogue/terms.toml; add it.")
            return one
    raise InputError(f"The catalogue holds no article {offence_id!r} for {kind!r} on {on.isoformat()}.")


def offence(kind: str, on: date) -> Offence:
    """The likeliest entry for a kind on a day.

    Raises:
        InputError: the catalogue is silent.
    """
    found = candidates(kind, on)
    if not found:
        raise InputError(f"The catalogue holds no article for {kind!r} on {on.isoformat()}.")
    return found[0]


def kinds() -> tuple[str, ...]:
    """Every kind of finding the catalogue knows."""
    return tuple(_catalogue().kinds)


def entries() -> tuple[Entry, ...]:
    """Every entry of the catalogue, also those that hold no more."""
    return _catalogue().offence


def about(kind: str) -> Kind:
    """What a kind rests on and may be.

    Raises:
        InputError: the catalogue does not know it.
    """
    found = _catalogue().kinds.get(kind)
    if found is None:
        raise InputError(f"The catalogue knows no kind {kind!r}.")
    return found


def legal_terms(on: date) -> LegalTerms:
    """The terms in force on a day.

    Raises:
        ConfigError: the catalogue begins later.
    """
    found = [one for one in _terms_file().terms if one.valid_from <= on]
    if not found:
        raise ConfigError(f"The terms for {on.isoformat()} are not in violations/catalogue/terms.toml; add them.")
    return max(found, key=lambda one: one.valid_from)


@cache
def work_calendar() -> WorkCalendar:
    """The shipped calendar of working days."""
    file = load_part(CATALOGUE / "holidays.toml", _HolidaysFile)
    return WorkCalendar(
        years=frozenset(one.year for one in file.year),
        days_off=frozenset(day for one in file.year for day in one.days),
        moved_here=frozenset(day for one in file.year for day in one.working),
    )


def last_half_price_day(delivered: date, calendar: WorkCalendar, terms: LegalTerms | None = None) -> date:
    """Last day on which half of the fine suffices: working days, counted from the day after delivery."""
    left = (terms or legal_terms(delivered)).half_price_working_days.value
    day = delivered
    while left:
        day += timedelta(days=1)
        left -= calendar.is_working(day)
    return day


def last_payment_day(delivered: date) -> date:
    """Last day to pay the full fine."""
    return delivered + timedelta(days=legal_terms(delivered).full_days.value)


def last_appeal_day(delivered: date) -> date:
    """Last day to appeal."""
    return delivered + timedelta(days=legal_terms(delivered).appeal_days.value)


def resolved_day(delivered: date) -> date:
    """Day on which a case without payment or objection counts as resolved."""
    return delivered + timedelta(days=legal_terms(delivered).resolved_days.value)


def limitation_ends(act: datetime) -> datetime:
    """Moment after which no decision may be made: so many months after the act, the month's last day at the latest."""
    return _months_on(act, legal_terms(act.date()).limitation_months.value)


def repeat_since(act: datetime) -> datetime:
    """From when on an earlier decision of the same article makes an act a repeat."""
    return _months_on(act, -legal_terms(act.date()).repeat_months.value)


def _months_on(moment: datetime, count: int) -> datetime:
    """So many months later or earlier, on the month's last day at the latest."""
    months = moment.month - 1 + count
    year, month = moment.year + months // 12, months % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def shipped_files() -> tuple[Path, ...]:
    """The offence files of the catalogue's folder."""
    return tuple(path for path in sorted(CATALOGUE.glob("*.toml")) if path.name not in OTHER_FILES)


@cache
def _catalogue() -> Catalogue:
    return load_catalogue(*shipped_files())


@cache
def _terms_file() -> _TermsFile:
    return load_part(CATALOGUE / "terms.toml", _TermsFile)
