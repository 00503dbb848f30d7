"""Published periods read back from the store, and the events kept with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final, Literal

from sqlalchemy import ColumnElement, Select, func, insert, select
from sqlalchemy.orm import InstrumentedAttribute

from evidence.canonical import strict_json
from kpi_catalog.period import Period, PeriodKind
from qyran.errors import NotFound
from qyran.roles import SYSTEM, Actor, Role
from service.access import KPI_READERS, require
from service.publication.event_sets import EventSet, opened
from service.publication.model import FrozenKpi, Header, Publication, Revision, State
from service.store.database import Store, Work
from service.store.publication_tables import (
    KpiEventSet,
    KpiPublication,
    KpiPublished,
    KpiPublishedDay,
    KpiRevision,
    KpiRevisionDay,
)

READERS: Final = KPI_READERS | {Role.SYSTEM}
LOCK: Final = "kpi_publication"
"""The series (`store.counter`) that whoever publishes or revises holds until done: one at a time."""
EVERY: Final = 1_000_000
CHUNK: Final = 500  # SQLite takes no more than 999 values in one statement of older builds


def period_of(store: Store, period: Period | str) -> Period:
    """A period of the city's own zone.

    Raises:
        InputError: it is none.
    """
    return period if isinstance(period, Period) else Period.parse(period, store.settings.time_zone)


def published(store: Store, period: Period | str, *, actor: Actor = SYSTEM) -> Publication | None:
    """The publication of a period with its revisions; None while it is provisional.

    Raises:
        AccessError: the actor reads no KPIs.
        InputError: there is no such period.
    """
    require(actor, READERS)
    wanted = period_of(store, period)
    with store.read(actor) as work:
        row = work.session.scalar(_row_of(wanted))
        return None if row is None else publication_of(work, row)


def the_published(store: Store, period: Period | str, *, actor: Actor = SYSTEM) -> Publication:
    """The publication of a period.

    Raises:
        AccessError: the actor reads no KPIs.
        InputError: there is no such period.
        NotFound: it is not published.
    """
    found = published(store, period, actor=actor)
    if found is None:
        raise NotFound(f"The period {period_of(store, period)} is not published; its figures are provisional.")
    return found


def publications(
    store: Store,
    *,
    kind: PeriodKind | None = None,
    since: datetime | None = None,
    limit: int = 100,
    actor: Actor = SYSTEM,
) -> tuple[Header, ...]:
    """The publications of the newest periods first, without their values.

    Args:
        store: the store.
        kind: only periods of this length.
        since: only what was published or revised after this moment.
        limit: how many at most.
        actor: who asks.

    Raises:
        AccessError: the actor reads no KPIs.
    """
    require(actor, READERS)
    query = select(KpiPublication).order_by(KpiPublication.first.desc(), KpiPublication.period).limit(limit)
    if kind is not None:
        query = query.where(KpiPublication.kind == kind.value)
    if since is not None:
        query = query.where(KpiPublication.changed_at > since)
    with store.read(actor) as work:
        rows = work.session.scalars(query).all()
        valued = _counted(work, KpiPublished.publication_id, KpiPublished.value.is_not(None))
        revised = _counted(work, KpiRevision.publication_id)
        return tuple(_header(row, valued.get(row.id, 0), revised.get(row.id, 0)) for row in rows)


def _counted(work: Work, column: InstrumentedAttribute[str], *where: ColumnElement[bool]) -> dict[str, int]:
    return dict(iter(work.session.execute(select(column, func.count()).where(*where).group_by(column))))


def _header(row: KpiPublication, valued: int, revisions: int) -> Header:
    content = _json(row.content)
    return Header(
        period=Period(PeriodKind(row.kind), row.first, row.zone),
        state=State(row.state),
        category=row.category,
        as_of=datetime.fromisoformat(str(content["as_of"])),
        published_at=row.published_at,
        published_by=row.published_by,
        changed_at=row.changed_at,
        sha256=row.sha256,
        content=content,
        valued=valued,
        revisions=revisions,
    )


def publication_of(work: Work, row: KpiPublication) -> Publication:
    """A stored publication as a value."""
    values = select(KpiPublished).where(KpiPublished.publication_id == row.id)
    kpis = {one.kpi_id: FrozenKpi(one.kpi_id, _json(one.content), one.sha256) for one in work.session.scalars(values)}
    found = select(KpiRevision).where(KpiRevision.publication_id == row.id).order_by(KpiRevision.number)
    content = _json(row.content)
    return Publication(
        id=row.id,
        period=Period(PeriodKind(row.kind), row.first, row.zone),
        category=row.category,
        state=State(row.state),
        as_of=datetime.fromisoformat(str(content["as_of"])),
        published_at=row.published_at,
        published_by=row.published_by,
        content=content,
        sha256=row.sha256,
        head=row.head,
        kpis={key: kpis[key] for key in _order(kpis)},
        revisions=tuple(
            Revision(one.number, one.kpi_id, one.found_at, one.found_by, _json(one.content), one.sha256)
            for one in work.session.scalars(found)
        ),
    )


def events_behind(
    work: Work, publication_id: str, kpi_id: str, *, at: Literal["published", "known"] = "published"
) -> dict[date, EventSet]:
    """The events of a KPI by day: as they were published, or as the newest revision found them.

    Raises:
        IntegrityError: they are not what was kept.
    """
    days = select(KpiPublishedDay.day, KpiPublishedDay.sha256).where(
        KpiPublishedDay.publication_id == publication_id, KpiPublishedDay.kpi_id == kpi_id
    )
    held: dict[date, str] = dict(iter(work.session.execute(days)))
    if at == "known":
        later = (
            select(KpiRevisionDay.day, KpiRevisionDay.sha256)
            .join(
                KpiRevision,
                (KpiRevision.publication_id == KpiRevisionDay.publication_id)
                & (KpiRevision.number == KpiRevisionDay.number),
            )
            .where(KpiRevision.publication_id == publication_id, KpiRevision.kpi_id == kpi_id)
            .order_by(KpiRevision.number)
        )
        held |= dict(iter(work.session.execute(later)))
    sets = sets_of(work, held.values())
    return {day: sets[held[day]] for day in sorted(held)}


def held_days(work: Work, publication_id: str) -> dict[str, dict[date, tuple[int, str]]]:
    """Number and hash of the events of every KPI and day as the newest revision knows them."""
    found: dict[str, dict[date, tuple[int, str]]] = {}
    days = select(KpiPublishedDay).where(KpiPublishedDay.publication_id == publication_id)
    for one in work.session.scalars(days):
        found.setdefault(one.kpi_id, {})[one.day] = (one.rows, one.sha256)
    later = (
        select(KpiRevision.kpi_id, KpiRevisionDay)
        .join(
            KpiRevisionDay,
            (KpiRevision.publication_id == KpiRevisionDay.publication_id)
            & (KpiRevision.number == KpiRevisionDay.number),
        )
        .where(KpiRevision.publication_id == publication_id)
        .order_by(KpiRevision.number)
    )
    for kpi_id, revised in work.session.execute(later):
        found.setdefault(kpi_id, {})[revised.day] = (revised.rows, revised.sha256)
    return found


def sets_of(work: Work, hashes: Iterable[str]) -> dict[str, EventSet]:
    """Kept events by their hash.

    Raises:
        IntegrityError: some are missing or are not what was kept.
    """
    found: dict[str, EventSet] = {}
    for some in _chunks(sorted(set(hashes))):
        for one in work.session.scalars(select(KpiEventSet).where(KpiEventSet.sha256.in_(some))):
            found[one.sha256] = opened(one.sha256, one.rows, one.packed)
        for sha256 in some:
            if sha256 not in found:
                raise NotFound(f"The events {sha256[:12]} of a publication are gone.")
    return found


def keep_sets(work: Work, sets: Iterable[EventSet]) -> None:
    """Keep events; those that are kept already stay as they are. The caller holds `LOCK`, so nobody keeps the same."""
    wanted = {one.sha256: one for one in sets}
    if not wanted:
        return
    for some in _chunks(sorted(wanted)):
        known = set(work.session.scalars(select(KpiEventSet.sha256).where(KpiEventSet.sha256.in_(some))))
        rows = [
            {"sha256": one.sha256, "rows": one.rows, "packed": one.packed}
            for sha256, one in ((key, wanted[key]) for key in some)
            if sha256 not in known
        ]
        if rows:
            work.session.execute(insert(KpiEventSet), rows)


def _row_of(period: Period) -> Select[KpiPublication]:
    return select(KpiPublication).where(KpiPublication.period == str(period))


def _order(kpis: Mapping[str, object]) -> list[str]:
    return sorted(kpis, key=lambda key: tuple(int(part) for part in key.split(".")))


def _json(text: str) -> dict[str, object]:
    found: dict[str, object] = strict_json(text.encode())
    return found


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
