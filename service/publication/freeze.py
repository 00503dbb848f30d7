"""Publishing a period: its figures as they are known now, frozen for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select

from kpi_catalog.city import CityReport
from kpi_catalog.period import Period
from kpi_catalog.records import Definitions
from kpi_catalog.security import DEFINITIONS
from qyran.errors import InputError, TransitionError
from qyran.roles import SYSTEM, Actor, Role
from service.access import require
from service.publication.content import Behind, Text, frozen, kpi_content, whole_content
from service.publication.event_sets import EventSet, event_set
from service.publication.model import Publication, State
from service.publication.reckoning import Adder
from service.publication.rules import rules_of
from service.publication.shelf import LOCK, keep_sets, period_of, publication_of, published
from service.rating import city_report
from service.rollups.events import every_event
from service.store.counter import lock_series
from service.store.database import Store, Work
from service.store.events import STATE, append_event
from service.store.publication_tables import KpiPublication, KpiPublished, KpiPublishedDay

PUBLISHERS: Final = frozenset({Role.EVALUATOR, Role.SYSTEM})
TRIES: Final = 5
"""Readings of the store until events and values come from one moment; only a store that never rests needs them."""
CHOICES: Final = Definitions()


@dataclass(frozen=True, slots=True)
class Draft:
    """A period's figures with the events behind them, all of one moment."""

    report: CityReport
    behind: Mapping[str, Behind]


def publish(store: Store, period: Period | str, *, actor: Actor = SYSTEM) -> Publication:
    """Publish a period that has ended; one that is published already stays as it is and is given back.

    Raises:
        AccessError: the actor publishes nothing.
        InputError: there is no such period, or it has not ended.
        TransitionError: the store changed so fast that no moment of it could be read.
    """
    role = require(actor, PUBLISHERS)
    wanted = period_of(store, period)
    if wanted.end > store.clock():
        raise InputError(f"The period {wanted} has not ended yet; until then its figures are provisional.")
    before = published(store, wanted)
    if before is not None:
        return before
    draft = compose(store, wanted)
    with store.write(actor) as work:
        lock_series(work, LOCK)
        row = _kept(work, wanted)
        return publication_of(work, row or _freeze(work, draft, role))


def compose(store: Store, period: Period, *, category: str | None = None) -> Draft:
    """A period's figures as they are known now, with the events behind them.

    Raises:
        TransitionError: the store changed so fast that no moment of it could be read.
    """
    behind: dict[str, Behind] = {}
    for _ in range(TRIES):
        report = city_report(store, category, period, actor=SYSTEM, definitions=CHOICES)
        stale = [kpi_id for kpi_id in DEFINITIONS if not _agrees(report, kpi_id, behind.get(kpi_id))]
        if not stale:
            return Draft(report, behind)
        behind |= {kpi_id: behind_value(store, kpi_id, report.period) for kpi_id in stale}
    kpis = ", ".join(stale)
    raise TransitionError(f"The events of {period} behind {kpis} changed while they were read; publish it again.")


def behind_value(store: Store, kpi_id: str, period: Period) -> Behind:
    """The events behind a KPI's value, by day."""
    adder, days = Adder(kpi_id), dict[date, EventSet]()
    zone = ZoneInfo(period.zone)
    for day, some in groupby(every_event(store, kpi_id, period), key=lambda one: one.at.astimezone(zone).date()):
        events = list(some)
        adder.add(events)
        days[day] = event_set([*days[day].events, *events] if day in days else events)
    return Behind(days, adder.reckoned)


def _agrees(report: CityReport, kpi_id: str, behind: Behind | None) -> bool:
    """Whether the events add up to the value that the report tells."""
    if behind is None:
        return False
    value = report.kpi(kpi_id).value
    return behind.reckoned.disagrees({"numerator": value.numerator, "denominator": value.denominator}) is None


def _kept(work: Work, period: Period) -> KpiPublication | None:
    return work.session.scalar(select(KpiPublication).where(KpiPublication.period == str(period)))


def _freeze(work: Work, draft: Draft, role: Role) -> KpiPublication:
    report = draft.report
    texts = {one.kpi.id: frozen(kpi_content(one, draft.behind.get(one.kpi.id))) for one in report.kpis}
    hashes = {key: text.sha256 for key, text in texts.items()}
    whole = frozen(whole_content(work, report, hashes, CHOICES, rules_of(report.period).version))
    row = _row(work, report, whole)
    work.session.add(row)
    data = {"period": row.period, "sha256": whole.sha256, "root": whole.content["root"]}
    append_event(work, row, STATE, role, target=State.PUBLISHED.value, data=data)
    work.session.flush()
    for one in report.kpis:
        work.session.add(_value(row.id, texts[one.kpi.id]))
    keep_sets(work, (one for behind in draft.behind.values() for one in behind.days.values()))
    work.session.add_all(
        KpiPublishedDay(publication_id=row.id, kpi_id=kpi_id, day=day, rows=one.rows, sha256=one.sha256)
        for kpi_id, behind in draft.behind.items()
        for day, one in behind.days.items()
    )
    work.session.flush()
    return row


def _row(work: Work, report: CityReport, whole: Text) -> KpiPublication:
    period = report.period
    return KpiPublication(
        id=str(uuid4()),
        period=str(period),
        kind=period.kind.value,
        first=period.first,
        zone=period.zone,
        category=report.category.value,
        state="",
        seq=0,
        head="",
        changed_at=work.now,
        published_at=work.now,
        published_by=work.actor.id,
        content=whole.text,
        marks=whole.marks,
        sha256=whole.sha256,
    )


def _value(publication_id: str, text: Text) -> KpiPublished:
    content = text.content
    return KpiPublished(
        publication_id=publication_id,
        kpi_id=content["id"],
        content=text.text,
        marks=text.marks,
        sha256=text.sha256,
        **{name: content[name] for name in ("value", "numerator", "denominator", "status", "score", "uncapped")},
    )
