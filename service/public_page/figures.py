"""What anybody may read: the sphere's score and the 16 values of periods that are over, small counts held back.

Suppression: a value that rests on fewer than `FEWEST` records is not shown, nor a count smaller than that, since a
handful of records can be somebody; 0 stays 0. Numerators, denominators, single records, cameras and days are never
public. Only months, quarters and years that are over are shown: the difference of two running figures would be a single
record.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from kpi_catalog.catalogue import Kpi, Target
from kpi_catalog.period import Period, PeriodKind
from kpi_catalog.security import SPHERE, SecurityKpi
from kpi_catalog.status import Status
from qyran.errors import NotFound
from service.kpi import security_report
from service.publication import State, published
from service.store.database import Store

FEWEST: Final = 10
"""Records that a public value rests on at least."""
KEPT: Final = timedelta(minutes=10)
"""How long figures are kept; a reader sees nothing newer than that."""
COUNTS: Final = frozenset({"count_per_month"})
SHOWN: Final = {PeriodKind.MONTH: 13, PeriodKind.QUARTER: 4, PeriodKind.YEAR: 2}
"""How many periods of each kind are public."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One KPI as it is public: no numerator, no records; `held_back` says that it rests on too few."""

    kpi: Kpi
    target: Target
    status: Status
    value: float | None
    score: float | None
    held_back: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublicFigures:
    """The sphere as it is public.

    Attributes:
        published_at: when the period was published; None while its figures are provisional.
        revised: whether the published figures were found to differ later.
    """

    period: Period
    category: str
    as_of: datetime
    score: float | None
    points_scored: int
    points_applicable: int
    published_at: datetime | None
    revised: bool
    figures: tuple[Figure, ...]


def public_periods(store: Store) -> tuple[Period, ...]:
    """The periods that are public: months, quarters and years that are over, the newest of each kind first."""
    now, zone = store.clock(), store.settings.time_zone
    found = []
    for kind, count in SHOWN.items():
        one = Period.containing(now, kind, zone)
        for _ in range(count):
            one = Period.containing(one.start - timedelta(seconds=1), kind, zone)
            found.append(one)
    return tuple(found)


def public_figures(store: Store, period: Period | None = None) -> PublicFigures:
    """The public figures of a period, the last whole month by default; kept for `KEPT`.

    Raises:
        NotFound: the period is not public.
    """
    known = public_periods(store)
    wanted = period or known[0]
    if wanted not in known:
        raise NotFound(f"The period {wanted} is not public; months, quarters and years that are over are.")
    return _kept(store, wanted)


_lock = threading.Lock()
_shelves: Final[WeakKeyDictionary[Engine, dict[Period, tuple[datetime, PublicFigures]]]] = WeakKeyDictionary()


def _kept(store: Store, period: Period) -> PublicFigures:
    now = store.clock()
    with _lock:
        held = _shelves.setdefault(store.engine, {}).get(period)
    if held is not None and now - held[0] < KEPT:
        return held[1]
    made = _made(store, period)
    with _lock:
        shelf = _shelves.setdefault(store.engine, {})
        shelf[period] = (now, made)
        for old in [one for one in shelf if one not in public_periods(store)]:
            del shelf[old]
    return made


def _made(store: Store, period: Period) -> PublicFigures:
    """The figures as they were published, else as the records say now."""
    report = security_report(store, None, period)
    frozen = published(store, period)
    if frozen is None:
        sphere: Mapping[str, Any] = asdict(report.sphere)
        figures = tuple(_figure(one, _cells(one)) for one in report.kpis)
    else:
        sphere = frozen.content["spheres"][SPHERE]
        figures = tuple(_figure(one, frozen.kpi(one.kpi.id).content) for one in report.kpis)
    return PublicFigures(
        period=period,
        category=report.category.value if frozen is None else frozen.category,
        as_of=report.as_of if frozen is None else frozen.as_of,
        score=sphere["score"],
        points_scored=sphere["points_scored"],
        points_applicable=sphere["points_applicable"],
        published_at=None if frozen is None else frozen.published_at,
        revised=frozen is not None and frozen.state is State.REVISED,
        figures=figures,
    )


def _cells(one: SecurityKpi) -> Mapping[str, Any]:
    return one.value.as_dict() | {"status": one.status.value, "score": one.score.score}


def _figure(one: SecurityKpi, cells: Mapping[str, Any]) -> Figure:
    counted = cells["numerator"] if one.kpi.unit in COUNTS else None
    held = held_back(cells["value"], cells["n"], counted)
    return Figure(
        kpi=one.kpi,
        target=one.target,
        status=Status(cells["status"]),
        value=None if held else cells["value"],
        score=None if held else cells["score"],
        held_back=held,
        missing=tuple(cells["missing"]),
    )


def held_back(value: float | None, records: int, count: float | None = None) -> bool:
    """Whether a value rests on too few records to be public: some, and fewer than `FEWEST`."""
    if value is None:
        return False
    few = records if count is None else count
    return 0 < few < FEWEST
