"""Keeping the days of KPIs: what changed is counted again, days that ended are closed, and all can be made anew.

One process at a time works; what it reads is one state of the store, and only marks that it saw are taken away. A
change that commits meanwhile leaves its mark for the next time. Counting holds no lock that a writer waits for.
"""

from __future__ import annotations

import fcntl
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, and_, delete, func, select, text
from sqlalchemy.orm import InstrumentedAttribute

from kpi_catalog.period import Period, PeriodKind, midnight
from kpi_catalog.tally import Part, Tally
from service.camera_spans import commission_of
from service.rollups.days import CHUNK, Days
from service.rollups.kept import DAILY, VERSION, Key, forget, last_ended, month_of, put
from service.store.alert_tables import Alert, AlertNotification
from service.store.database import Store, Work
from service.store.rollup_tables import KpiMark, KpiRollup
from service.store.tables import Camera, CameraLog, Passage, ViolationCase

ADVISORY: Final = 469_011
"""PostgreSQL's advisory lock of whoever keeps the days."""
MANY: Final = 200
"""Days of parts from which on two count at once."""
AT_ONCE: Final = 20
"""Days of parts in one unit of work."""
WORKERS: Final = 2
BEFORE: Final = timedelta(days=366)
"""Cameras are counted from their commission on, yet no earlier than so long before the first thing known of any."""

Range = tuple[date, date]


@dataclass(slots=True)
class _Plan:
    """What must be counted.

    Attributes:
        days: by part.
        months: by part, by their first days.
        anew: parts that are made from nothing.
        marks: ids of the marks that this work answers.
    """

    days: defaultdict[Part, set[date]] = field(default_factory=lambda: defaultdict(set))
    months: defaultdict[Part, set[date]] = field(default_factory=lambda: defaultdict(set))
    anew: set[Part] = field(default_factory=set)
    marks: list[int] = field(default_factory=list)


def refresh(store: Store) -> int:
    """Bring the days up to date: those that changed, and those that have ended since; how many were counted."""
    with store.read() as work:
        if not _due(work):
            return 0
    with _alone(store):
        return _work_off(store, _changed)


def rebuild(store: Store, first: date | None = None, last: date | None = None) -> int:
    """Count days from nothing.

    Args:
        store: the store.
        first: day from which; by default the first that the store knows anything of.
        last: day up to which, included; by default the last that it knows anything of.

    Returns:
        How many days and months were counted, each part for itself.
    """
    with _alone(store):
        if first is None and last is None:
            return _work_off(store, _everything)
        return _work_off(store, lambda days: _given(days, first, last))


def _due(work: Work) -> bool:
    zone = work.store.settings.time_zone
    began = midnight(work.now.astimezone(work.store.settings.zone).date(), zone)
    # what a camera says of the running day changes no day that ended; the marks go with the next real change
    idle = and_(KpiMark.part == Part.CAMERAS, KpiMark.open.is_(False), KpiMark.since >= began)
    if work.session.scalar(select(KpiMark.id).where(~idle).limit(1)) is not None:
        return True
    kept = {row.part: row for row in work.session.scalars(select(KpiRollup))}
    return any(not _stands(work, kept.get(part)) for part in Part)


def _stands(work: Work, row: KpiRollup | None) -> bool:
    """Whether a part is kept by these definitions up to the last day that ended."""
    return _same(work, row) and row is not None and row.until >= last_ended(work.now, work)


def _same(work: Work, row: KpiRollup | None) -> bool:
    return row is not None and row.version == VERSION and row.zone == work.store.settings.time_zone


def _work_off(store: Store, plan_of: Callable[[Days], _Plan]) -> int:
    with store.read() as work:
        if store.engine.dialect.name == "postgresql":  # one state of the store, as SQLite gives it by itself
            work.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        days = Days(work)
        plan = plan_of(days)
        fresh = _counted(days, plan)
        until = last_ended(work.now, work)
        months = _months(days, plan, until, fresh)
    with store.write() as work:
        for part in plan.anew:
            forget(work, part)
        put(work, fresh | months)
        for start in range(0, len(plan.marks), CHUNK):
            work.session.execute(delete(KpiMark).where(KpiMark.id.in_(plan.marks[start : start + CHUNK])))
        _note(work, until)
    return len(fresh) + len(months)


def _counted(days: Days, plan: _Plan) -> dict[Key, Tally]:
    """The tallies of the plan's days; of many by two at once, for while one asks the database the other counts.

    Their units of work see later states of the store than the marks were read in: what was changed meanwhile left a
    mark that is still there.
    """
    asked = [(part, day) for part in DAILY for day in sorted(plan.days[part])]
    if len(asked) < MANY:
        return {(part, PeriodKind.DAY, day): days.tally(part, day) for part, day in asked}

    def count(chunk: list[tuple[Part, date]]) -> dict[Key, Tally]:
        with days.work.store.read() as work:
            own = days.beside(work)
            return {(part, PeriodKind.DAY, day): own.tally(part, day) for part, day in chunk}

    days.beside(days.work)  # journals are read once, before
    chunks = [asked[start : start + AT_ONCE] for start in range(0, len(asked), AT_ONCE)]
    with ThreadPoolExecutor(WORKERS) as pool:
        return {key: tally for counted in pool.map(count, chunks) for key, tally in counted.items()}


def _months(days: Days, plan: _Plan, until: date, fresh: Mapping[Key, Tally]) -> dict[Key, Tally]:
    """Months that hold a day just counted, or have ended since; the running one is left to its days."""
    found: dict[Key, Tally] = {}
    for part, firsts in plan.months.items():
        for first in sorted(firsts):
            month = Period(PeriodKind.MONTH, first, days.zone)
            if month.after > until + timedelta(days=1):
                continue
            if part is Part.VEHICLES:
                tally = days.vehicles(month)
            else:
                tally = month_of(days.work, part, month, fresh, anew=part in plan.anew)
            found[part, PeriodKind.MONTH, first] = tally
    return found


def _everything(days: Days) -> _Plan:
    """All parts from nothing."""
    plan = _Plan(anew=set(Part))
    plan.marks.extend(days.work.session.scalars(select(KpiMark.id)))
    return _with_months(_filled(days, plan), {})


def _given(days: Days, first: date | None, last: date | None) -> _Plan:
    """What changed, and every day of a span besides."""
    plan, known = _changed(days), _filled(days, _Plan(anew=set(Part)))
    every = sorted(set().union(*known.days.values()))
    if not every:
        return plan
    ended = last_ended(days.work.now, days.work)
    for day in _span(first or every[0], last or every[-1]):
        for part in DAILY:
            if part is not Part.CAMERAS or day <= ended:
                plan.days[part].add(day)
    plan.months[Part.VEHICLES] |= {day.replace(day=1) for day in plan.days[Part.CASES]}
    return _with_months(plan, {})


def _changed(days: Days) -> _Plan:
    """Marked days, days that have ended since, and parts that other definitions or another zone once counted."""
    session = days.work.session
    kept = {Part(row.part): row for row in session.scalars(select(KpiRollup))}
    until = {part: row.until for part, row in kept.items() if _same(days.work, row)}
    plan = _Plan(anew=set(Part) - set(until))
    for mark in session.scalars(select(KpiMark)):
        plan.marks.append(mark.id)
        part = Part(mark.part)
        if part is Part.CALLS or (mark.open and part is Part.NOTIFICATIONS):
            plan.anew.add(part)  # a journal changed: all of it is read again
        elif part is Part.VEHICLES and mark.since is not None:
            plan.months[part].add(days.day_of(mark.since).replace(day=1))
        else:
            plan.days[part] |= _marked(days, part, mark)
    ended = last_ended(days.work.now, days.work)
    if Part.CAMERAS in until:
        plan.days[Part.CAMERAS].update(_span(until[Part.CAMERAS] + timedelta(days=1), ended))
    return _with_months(_filled(days, plan), {part: day for part, day in until.items() if part not in plan.anew})


def _with_months(plan: _Plan, until: Mapping[Part, date]) -> _Plan:
    """Name the months of the days, and the months that have ended since a part was kept."""
    for part in DAILY:
        plan.months[part] |= {day.replace(day=1) for day in plan.days[part]}
    for part, day in until.items():
        plan.months[part].add((day + timedelta(days=1)).replace(day=1))
    return plan


def _filled(days: Days, plan: _Plan) -> _Plan:
    """Name every day of the parts that are made anew."""
    for part in plan.anew:
        if part is Part.CALLS:
            plan.days[part] |= set(days.calls)
        elif part is Part.CAMERAS:
            plan.days[part].update(_span(*_camera_days(days)))
        elif part is Part.VEHICLES:
            plan.months[part] |= {day.replace(day=1) for day in _days_of(days, Passage.time)}
        else:
            for column in MOMENTS[part]:
                plan.days[part].update(_days_of(days, column))
            if part is Part.NOTIFICATIONS:
                plan.days[part] |= set(days.phoned)
    return plan


def _days_of(days: Days, column: InstrumentedAttribute[Any]) -> Iterator[date]:
    """The days in which a column has a moment; one look into its index each."""
    after = datetime.min.replace(tzinfo=UTC)
    while (moment := days.work.session.scalar(select(func.min(column)).where(column >= after))) is not None:
        day = days.day_of(moment)
        yield day
        after = midnight(day + timedelta(days=1), days.zone)


def _camera_days(days: Days) -> Range:
    """As `_days_of_cameras`, asked once."""
    if days.of_cameras is None:
        days.of_cameras = _days_of_cameras(days)
    return days.of_cameras


def _days_of_cameras(days: Days) -> Range:
    """From when cameras were in commission, no longer than a year before anything was known of them, to yesterday."""
    session, zone = days.work.session, days.work.store.settings.zone
    cameras = session.execute(select(Camera.commissioned, Camera.retired, Camera.registered_at)).all()
    ended = last_ended(days.work.now, days.work)
    if not cameras:
        return ended + timedelta(days=1), ended
    known = [row.registered_at for row in cameras]
    first_word = session.scalar(select(func.min(CameraLog.end)))
    earliest = min([*known, first_word] if first_word is not None else known)
    began = min(commission_of(row, zone)[0] for row in cameras)
    return max(days.day_of(began), days.day_of(earliest) - BEFORE), ended


def _marked(days: Days, part: Part, mark: KpiMark) -> set[date]:
    """The days that a mark speaks of, those of the happening it names among them."""
    moments = {one for one in (mark.since, mark.until) if one is not None}
    if part is Part.CAMERAS:
        return _marked_cameras(days, mark)
    if mark.ref is not None:
        moments.update(moment for query in _others(part, mark.ref) for moment in days.work.session.scalars(query))
    return {days.day_of(one) for one in moments}


def _others(part: Part, ref: str) -> Iterable[Select[datetime]]:
    """Where else the records of one happening lie."""
    if part is Part.ALERTS:
        return (select(Alert.t_detect).where(Alert.incident_id == ref),)
    if part is Part.ITEMS:
        return (
            select(ViolationCase.t_detect).where(ViolationCase.id == ref),
            select(Alert.t_detect).where(Alert.case_id == ref),
        )
    if part is Part.NOTIFICATIONS:
        return (select(AlertNotification.sent_at).where(AlertNotification.alert_id == ref),)
    return ()


def _marked_cameras(days: Days, mark: KpiMark) -> set[date]:
    """Days that have ended; what was said holds until the camera's next word, or until now."""
    first, ended = _camera_days(days)
    since = first if mark.since is None else max(first, days.day_of(mark.since))
    if not mark.open:
        last = days.day_of(mark.until) if mark.until is not None else since
    elif mark.ref is None:
        last = ended
    else:
        following = select(func.min(CameraLog.end)).where(
            CameraLog.camera_id == mark.ref, CameraLog.kind.in_(("up", "down")), CameraLog.end > mark.since
        )
        moment = days.work.session.scalar(following)
        last = ended if moment is None else days.day_of(moment)
    return set(_span(since, min(last, ended)))


def _span(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _note(work: Work, until: date) -> None:
    for part in Part:
        row = work.session.get(KpiRollup, part.value)
        if row is None:
            row = KpiRollup(part=part.value)
            work.session.add(row)
        row.version, row.zone, row.until, row.kept_at = VERSION, work.store.settings.time_zone, until, work.now


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    """One at a time keeps the days, of however many processes and machines."""
    if store.engine.dialect.name == "postgresql":
        with store.engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY})
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY})
        return
    with (store.settings.home / ".rollups.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


MOMENTS: Final[Mapping[Part, tuple[InstrumentedAttribute[Any], ...]]] = {
    Part.CASES: (
        ViolationCase.t_detect,
        ViolationCase.t_officer_decision,
        ViolationCase.t_first_notification_sent,
        ViolationCase.t_signed,
    ),
    Part.TERMS: (ViolationCase.payment_term_ends,),
    Part.ITEMS: (ViolationCase.t_detect, Alert.t_detect),
    Part.ALERTS: (Alert.t_detect,),
    Part.NOTIFICATIONS: (AlertNotification.sent_at,),
}
"""By which columns a part's days are found."""
