"""Questions about the work itself: open alerts, slow stages, cameras that are down, passages, the exchange."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from sqlalchemy import Float, cast, func, select
from sqlalchemy.sql import ColumnElement

from incidents.alert import OPEN
from kpi_catalog.period import Period
from qyran.errors import InputError, NotFound
from service.exchange.measures import delays_in, update_gaps_in
from service.exchange.questions.asking import (
    MOST_ROWS,
    Answer,
    Asked,
    Camera,
    Line,
    OfPeriod,
    Params,
    Sentence,
    no_data,
    sentence,
)
from service.i18n import has, number, translate
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.tables import Camera as CameraRow
from service.store.tables import CameraLog, Passage, ViolationCase

ALERT_STAGES: Final = (
    ("notification", Alert.t_detect, Alert.t_notify_sent),
    ("acknowledgement", Alert.t_notify_sent, Alert.t_ack),
    ("verdict", Alert.t_ack, Alert.t_verdict),
    ("dispatch", Alert.t_verdict, Alert.t_dispatch),
    ("departure", Alert.t_dispatch, Alert.t_depart),
    ("arrival", Alert.t_depart, Alert.t_arrive),
)
CASE_STAGES: Final = (
    ("screening", ViolationCase.t_detect, ViolationCase.t_screened),
    ("decision", ViolationCase.t_screened, ViolationCase.t_officer_decision),
    ("signature", ViolationCase.t_officer_decision, ViolationCase.t_signed),
    ("first_notification", ViolationCase.t_signed, ViolationCase.t_first_notification_sent),
)
"""Stages of processing: from which moment to which."""
HOUR: Final = timedelta(hours=1)
MOST_DAYS: Final = 31
"""Days over which passages are counted by hour."""
MINUTES_A_DAY: Final = 1440.0
SECONDS_A_MINUTE: Final = 60.0


class StageParams(OfPeriod):
    """Of alerts or of violation cases that were detected in a period."""

    of: Literal["alerts", "cases"] = "alerts"


class OpenParams(Params):
    """Alerts of one kind, or of all."""

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")] | None = None


class NoParams(Params):
    """Nothing has to be said."""


class PassageParams(OfPeriod):
    """A control line of a camera; all its lines together where none is named."""

    camera: Camera
    line: Line | None = None


def open_alerts(asked: Asked, params: OpenParams) -> Answer:
    """How many alerts somebody still has to do something about, by kind."""
    table = Alert
    query = select(table.kind, func.count(), func.min(table.t_detect), func.count() - func.count(table.t_ack)).where(
        table.state.in_(OPEN), table.merged_into.is_(None), table.t_raised.is_not(None)
    )
    if params.kind is not None:
        query = query.where(table.kind == params.kind)
    with asked.store.read() as work:
        found = work.session.execute(query.group_by(table.kind).order_by(func.count().desc(), table.kind)).all()
    data: list[dict[str, Any]] = [
        {"kind": kind, "open": int(n), "oldest_at": oldest.isoformat(), "unacknowledged": int(waiting)}
        for kind, n, oldest, waiting in found
    ]
    count = sum(row["open"] for row in data)
    kinds: Sentence = lambda lang: ", ".join(  # noqa: E731
        f"{_kind_words(lang, row['kind'])} {number(lang, row['open'])}" for row in data
    )
    said = sentence("open_alerts", n=count, kinds=kinds) if count else sentence("open_none")
    return Answer(rows=count, definition_version="open_alerts/1", data=data, totals={"open": count}, said=said)


def slowest_stage(asked: Asked, params: StageParams) -> Answer:
    """How long each stage took on average and at most, and which was slowest."""
    period = asked.period(params.period)
    stages = ALERT_STAGES if params.of == "alerts" else CASE_STAGES
    with asked.store.read() as work:
        data = [row for row in (_stage(work, period, params.of, *one) for one in stages) if row is not None]
    if not data:
        missing = ("stage_times",)
        return Answer(rows=0, definition_version="slowest_stage/1", period=period, missing=missing,
                      said=no_data("slowest_stage", missing))  # fmt: skip
    slowest = max(data, key=lambda row: row["mean_minutes"])
    stage: Sentence = lambda lang: translate(lang, f"exchange.stage.{slowest['stage']}")  # noqa: E731
    said = sentence("slowest_stage", period=str(period), stage=stage, mean=slowest["mean_minutes"],
                    longest=slowest["longest_minutes"], n=slowest["count"])  # fmt: skip
    return Answer(rows=sum(row["count"] for row in data), definition_version="slowest_stage/1", period=period,
                  data=data, totals={"slowest": slowest["stage"]}, said=said)  # fmt: skip


def cameras_down(asked: Asked, params: NoParams) -> Answer:  # noqa: ARG001
    """Which cameras send no picture now, and for how many hours."""
    today = asked.now.astimezone(asked.store.settings.zone).date()
    there = CameraRow.retired.is_(None) | (CameraRow.retired > today)
    with asked.store.read() as work:
        rows = work.session.scalars(select(CameraRow).where(there).order_by(CameraRow.id)).all()
    down = [row for row in rows if row.status == "down"]
    unknown = sum(1 for row in rows if row.status not in {"up", "down"})
    if rows and unknown == len(rows):
        return Answer(rows=0, definition_version="cameras_down/1", missing=("camera_log",), totals={"unknown": unknown},
                      said=no_data("cameras_down", ("camera_log",)))  # fmt: skip
    data = sorted(
        (
            {
                "camera": row.id,
                "territory": row.territory,
                "since": None if row.status_at is None else row.status_at.isoformat(),
                "hours": None if row.status_at is None else max(0.0, (asked.now - row.status_at) / HOUR),
            }
            for row in down
        ),
        key=lambda one: -float(one["hours"] or 0.0),
    )
    totals = {"down": len(down), "unknown": unknown, "cameras": len(rows),
              "hours": sum(float(one["hours"] or 0.0) for one in data)}  # fmt: skip
    key = "cameras_down" if down else "cameras_none_down"
    longest = data[0]["hours"] if data else 0.0
    said = sentence(key, n=len(down), of=len(rows), unknown=unknown, hours=longest,
                    camera=data[0]["camera"] if data else "")  # fmt: skip
    return Answer(rows=len(rows), definition_version="cameras_down/1", data=data[:MOST_ROWS], totals=totals, said=said)


def passages_by_hour(asked: Asked, params: PassageParams) -> Answer:
    """Vehicles that crossed a control line, by hour of the city's time; counts only."""
    period = asked.period(params.period)
    if period.end - period.start > timedelta(days=MOST_DAYS):
        raise InputError(f"Passages are counted by hour over {MOST_DAYS} days at most; ask for a month or less.")
    table = Passage
    held = [table.camera_id == params.camera, table.time >= period.start, table.time < period.end]
    held += [table.line == params.line] if params.line is not None else []
    with asked.store.read() as work:
        if work.session.get(CameraRow, params.camera) is None:
            raise NotFound(f"There is no camera {params.camera}.")
        hours = _by_hour(work, held)
        seen = work.session.scalar(
            select(CameraLog.event_id).where(
                CameraLog.camera_id == params.camera, CameraLog.kind == "analysed", CameraLog.end > period.start,
                CameraLog.start < period.end,
            ).limit(1)
        )  # fmt: skip
    count = sum(hours.values())
    if not count and seen is None:
        return Answer(rows=0, definition_version="passages/1", period=period, missing=("video",),
                      said=no_data("passages_by_hour", ("video",)))  # fmt: skip
    zone = asked.store.settings.zone
    data = [{"hour": hour.astimezone(zone).isoformat(), "passages": n} for hour, n in sorted(hours.items())]
    busiest = max(hours, key=lambda hour: (hours[hour], hour), default=period.start).astimezone(zone)
    said = sentence("passages" if count else "passages_none", camera=params.camera, period=str(period), n=count,
                    hour=f"{busiest:%H}:00", top=max(hours.values(), default=0))  # fmt: skip
    return Answer(rows=count, definition_version="passages/1", period=period, data=data, totals={"passages": count},
                  said=said)  # fmt: skip


def exchange_state(asked: Asked, params: OfPeriod) -> Answer:
    """How late and how often the feed told (KPI 1.1 and 1.4)."""
    period = asked.period(params.period)
    with asked.store.read() as work:
        late, gaps = delays_in(work, period), update_gaps_in(work, period)
    data = [
        {
            "mean_delay_minutes": late.mean_minutes,
            "longest_delay_minutes": late.longest_minutes,
            "facts": late.n,
            "mean_gap_hours": gaps.mean_hours,
            "longest_gap_hours": gaps.longest_hours,
            "updates": gaps.updates,
        }
    ]
    if late.mean_minutes is None or gaps.mean_hours is None:
        return Answer(rows=0, definition_version="exchange_state/1", period=period, data=data, missing=("feed_log",),
                      said=no_data("exchange_state", ("feed_log",)))  # fmt: skip
    said = sentence("exchange_state", period=str(period), delay=late.mean_minutes, gap=gaps.mean_hours, n=late.n)
    return Answer(rows=late.n + gaps.n, definition_version="exchange_state/1", period=period, data=data, said=said)


def _stage(work: Work, period: Period, of: str, name: str, start: Any, end: Any) -> dict[str, Any] | None:
    """One stage over the records detected in a period, drills and merged ones left out."""
    table: Any = Alert if of == "alerts" else ViolationCase
    minutes = _minutes(start, end, sqlite=work.session.get_bind().dialect.name == "sqlite")
    query = select(func.count(), func.avg(minutes), func.max(minutes)).where(
        table.t_detect >= period.start, table.t_detect < period.end, table.merged_into.is_(None),
        start.is_not(None), end.is_not(None), end >= start,
    )  # fmt: skip
    if of == "alerts":
        query = query.where(Alert.is_drill.is_(False))
    count, mean, longest = work.session.execute(query).one()
    if not count:
        return None
    return {"stage": name, "count": int(count), "mean_minutes": round(float(mean), 3),
            "longest_minutes": round(float(longest), 3)}  # fmt: skip


def _minutes(start: Any, end: Any, *, sqlite: bool) -> ColumnElement[Any]:
    if sqlite:
        return (func.julianday(end, type_=Float) - func.julianday(start, type_=Float)) * MINUTES_A_DAY
    return cast(func.extract("epoch", end - start), Float) / SECONDS_A_MINUTE


def _by_hour(work: Work, held: list[Any]) -> dict[datetime, int]:
    """Passages by the hour they fell in (UTC), in whole hours of every zone Kazakhstan has had."""
    sqlite = work.session.get_bind().dialect.name == "sqlite"
    hour: Any = func.strftime("%Y-%m-%d %H", Passage.time) if sqlite else func.to_char(
        func.timezone("UTC", Passage.time), "YYYY-MM-DD HH24"
    )  # fmt: skip
    rows = work.session.execute(select(hour, func.count()).where(*held).group_by(hour))
    return {datetime.fromisoformat(f"{text}:00:00+00:00"): int(n) for text, n in rows}


def _kind_words(lang: Any, kind: str) -> str:
    for room in ("incidents", "fire_alerts"):
        if has(lang, f"{room}.kind.{kind}"):
            return translate(lang, f"{room}.kind.{kind}").lower()
    return kind
