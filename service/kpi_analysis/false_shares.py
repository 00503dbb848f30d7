"""Where the false alarms of KPI 9.9 come from: by camera, by rule, by hour of the city's day.

The items are those of the KPI itself (`kpi_catalog.facts.false_alarms`): a case and the alert of the same happening are
one item, false only if neither was found true, and counted at the case's camera, rule and hour. So the rows of each
table add up to the KPI's numerator and denominator. Counting is the database's work: no row of a case is loaded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from incidents.alert import AlertState, Verdict
from kpi_catalog.period import Period
from qyran.errors import InputError
from qyran.roles import Actor, Role
from qyran.wilson import wilson
from service.access import KPI_READERS, require
from service.store.alert_tables import Alert
from service.store.database import Store, Work
from service.store.tables import ViolationCase

By = Literal["camera", "rule", "hour"]
BY: Final[tuple[By, ...]] = ("camera", "rule", "hour")
UNCOUNTED: Final = (AlertState.CANDIDATE, AlertState.SUPPRESSED, AlertState.TEST)
MINUTES_A_DAY: Final = 1440
TRUE, FALSE, NONE = 1, 0, -1  # a verdict in a query


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """One row.

    Attributes:
        key: id of a camera, name of a rule, or hour of the day ("00" to "23").
        false, judged, unjudged: items found false, with any verdict, and with none yet.
        share: false of judged, per cent; None where nothing is judged.
        low, high: its 95 % interval (Wilson), per cent.
    """

    key: str
    false: int
    judged: int
    unjudged: int
    share: float | None
    low: float
    high: float


def false_alarms(store: Store, period: Period, by: By, *, actor: Actor) -> tuple[FalseAlarms, ...]:
    """False alarms of a period by what raised them: the highest lower bound first, hours in order.

    Raises:
        AccessError: the actor reads no KPIs.
        InputError: they cannot be told apart by this.
    """
    require(actor, KPI_READERS | {Role.SYSTEM})
    if by not in BY:
        raise InputError(f"False alarms are told apart by {', '.join(BY)}, not by {by!r}.")
    with store.read(actor) as work:
        counts = _counts(work, period, by)
    keys = sorted({key for key, _ in counts})
    rows = [_row(key, counts) for key in keys]
    if by == "hour":
        return tuple(rows)
    return tuple(sorted(rows, key=lambda one: (-one.low if one.judged else 1.0, -one.judged, one.key)))


def _row(key: str, counts: Mapping[tuple[str, int], int]) -> FalseAlarms:
    false, true = counts[key, FALSE], counts[key, TRUE]
    judged = false + true
    low, high = wilson(false, judged)
    share = 100 * false / judged if judged else None
    return FalseAlarms(key, false, judged, counts[key, NONE], share, 100 * low, 100 * high)


def _counts(work: Work, period: Period, by: By) -> Counter[tuple[str, int]]:
    found: Counter[tuple[str, int]] = Counter()
    if by != "hour":
        for key, verdict, count in _counted(work, period.start, period.end, by):
            found[str(key), verdict] += count
        return found
    for start, end, offset in spans(period):
        for minute, verdict, count in _counted(work, start, end, by):
            hour = (minute + offset) % MINUTES_A_DAY // 60
            found[f"{hour:02}", verdict] += count
    return found


def spans(period: Period) -> Iterator[tuple[datetime, datetime, int]]:
    """The parts of a period with one offset from UTC each: start, end, minutes east."""
    zone = ZoneInfo(period.zone)
    start = moment = period.start
    offset = _offset(start, zone)
    while moment < period.end:
        following = min(moment + timedelta(hours=1), period.end)
        if following < period.end and (new := _offset(following, zone)) != offset:
            yield start, following, offset
            start, offset = following, new
        moment = following
    yield start, period.end, offset


def _offset(moment: datetime, zone: ZoneInfo) -> int:
    east = moment.astimezone(zone).utcoffset()
    return 0 if east is None else round(east.total_seconds() / 60)


def _counted(work: Work, start: datetime, end: datetime, by: By) -> Iterator[tuple[Any, int, int]]:
    """Key, verdict and count of the items detected in a span."""
    for query in (_cases(start, end, by), _alerts(start, end, by)):
        for *parts, verdict, count in work.session.execute(query):
            yield (parts[0] * 60 + parts[1] if by == "hour" else parts[0]), int(verdict), int(count)


def _linked() -> Any:
    """Alerts that count, gathered by the case of the same happening: their first moment and their joint verdict."""
    return (
        select(
            Alert.case_id.label("case_id"),
            func.min(Alert.t_detect).label("first"),
            func.max(_verdict(Alert.verdict)).label("verdict"),
        )
        .where(Alert.case_id.is_not(None), *counting())
        .group_by(Alert.case_id)
        .subquery()
    )


@dataclass(frozen=True, slots=True)
class Items:
    """How to ask for the items of one kind: their first moment, their joint verdict, and which of them count."""

    moment: Any
    verdict: Any
    joined: Any
    where: tuple[Any, ...]


def case_items(start: datetime, end: datetime) -> Items:
    """Cases detected in a span, each with the alert of the same happening."""
    linked = _linked()
    first = case((linked.c.first < ViolationCase.t_detect, linked.c.first), else_=ViolationCase.t_detect)
    own = _verdict(ViolationCase.verdict)
    joint = case((linked.c.verdict > own, linked.c.verdict), else_=own)
    inside = or_(
        and_(ViolationCase.t_detect < end, or_(linked.c.first.is_(None), linked.c.first >= start)),
        and_(linked.c.first >= start, linked.c.first < end, ViolationCase.t_detect >= end),
    )
    return Items(first, joint, linked, (ViolationCase.merged_into.is_(None), ViolationCase.t_detect >= start, inside))


def alert_items(start: datetime, end: datetime) -> Items:
    """Alerts detected in a span that belong to no case that counts."""
    paired = (
        select(ViolationCase.id).where(ViolationCase.id == Alert.case_id, ViolationCase.merged_into.is_(None)).exists()
    )
    where = (
        Alert.t_detect >= start,
        Alert.t_detect < end,
        *counting(),
        ~and_(Alert.case_id.is_not(None), paired),
    )
    return Items(Alert.t_detect, _verdict(Alert.verdict), None, where)


def _cases(start: datetime, end: datetime, by: By) -> Select[Any]:
    items = case_items(start, end)
    keys = _keys(ViolationCase, items.moment, by)
    return (
        select(*keys, items.verdict, func.count())
        .select_from(ViolationCase)
        .outerjoin(items.joined, items.joined.c.case_id == ViolationCase.id)
        .where(*items.where)
        .group_by(*keys, items.verdict)
    )


def _alerts(start: datetime, end: datetime, by: By) -> Select[Any]:
    items = alert_items(start, end)
    keys = _keys(Alert, items.moment, by)
    return (
        select(*keys, items.verdict, func.count()).select_from(Alert).where(*items.where).group_by(*keys, items.verdict)
    )


def counting() -> tuple[ColumnElement[bool], ...]:
    """Which alerts count: raised by the system, no drill, not merged into another."""
    return (
        Alert.merged_into.is_(None),
        Alert.is_drill.is_(False),
        Alert.state.not_in(UNCOUNTED),
        Alert.initiator == "system",
    )


def _keys(table: type[ViolationCase | Alert], moment: Any, by: By) -> tuple[Any, ...]:
    if by == "hour":
        return func.extract("hour", moment), func.extract("minute", moment)
    return (table.camera_id if by == "camera" else table.kind,)


def _verdict(column: InstrumentedAttribute[str | None]) -> ColumnElement[int]:
    return case((column == Verdict.TRUE.value, TRUE), (column == Verdict.FALSE.value, FALSE), else_=NONE)
