"""When a camera was in commission, gave video and was analysed within a span, from the register and the durable log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, null, select

from kpi_catalog.records import Interval
from service.store.database import Work
from service.store.tables import Camera, CameraLog

LONGEST: Final = timedelta(days=1)
"""The longest stretch that one entry says was analysed (`ingest`)."""
MANY_CAMERAS: Final = 1000
COUNTED_FOR: Final = timedelta(minutes=5)
"""The running day of so many cameras is asked of the log so often: each takes a look of its own."""


def commission_of(row: Any, zone: ZoneInfo) -> Interval:
    """The span in which a camera's hours count: from its day of commissioning, or else its registration."""
    since = _midnight(row.commissioned, zone) if row.commissioned else row.registered_at
    return since, _midnight(row.retired, zone) if row.retired else None


def up_spans(entries: Iterable[tuple[str, datetime]]) -> tuple[Interval, ...]:
    """When video came, from the words up and down in their order; an open end still runs."""
    spans: list[Interval] = []
    began: datetime | None = None
    for kind, moment in entries:
        if kind == "up" and began is None:
            began = moment
        elif kind == "down" and began is not None:
            spans.append((began, moment))
            began = None
    if began is not None:
        spans.append((began, None))
    return tuple(spans)


Spans = tuple[Interval, tuple[Interval, ...] | None, tuple[Interval, ...] | None]


def camera_spans(work: Work, since: datetime, until: datetime, *, analysed: bool = True) -> dict[str, Spans]:
    """Of each registered camera its commission, when video came from it in a span, and when analytics were at work.

    None stands for a log that held nothing up to the span's end.

    Args:
        work: the unit of work.
        since: first moment of the span.
        until: the moment after it.
        analysed: whether it is asked when analytics were at work, of which ten thousand cameras write 240,000 rows a
            day; where it is not, None stands there.
    """
    zone = work.store.settings.zone
    entries: dict[str, list[tuple[str, datetime, datetime]]] = {}
    log = CameraLog
    kinds = log.kind.in_(("up", "down", "analysed") if analysed else ("up", "down"))
    query = select(log.camera_id, log.kind, log.start, log.end)
    query = query.where(log.end >= since, log.end < until + LONGEST, kinds).order_by(log.end, log.event_id)
    for camera, kind, start, end in work.session.execute(query):
        entries.setdefault(camera, []).append((kind, start, end))

    def at(kind: str, pick: Callable[[Any], Any]) -> Any:
        before = log.end < since if kind != "analysed" else log.end <= until
        asked = select(pick(log.end)).where(log.camera_id == Camera.id, log.kind == kind, before)
        return asked.correlate(Camera).scalar_subquery()

    cameras = select(
        Camera.id, Camera.commissioned, Camera.retired, Camera.registered_at,
        at("up", func.max), at("down", func.max), at("analysed", func.min) if analysed else null(),
    )  # fmt: skip
    found: dict[str, Spans] = {}
    for row in work.session.execute(cameras.order_by(Camera.id)):
        camera, _, _, _, was_up, was_down, first_analysed = row
        there = entries.get(camera, ())
        moves = [(kind, end) for kind, _, end in there if kind != "analysed" and end < until]
        seen = [(start, end) for kind, start, end in there if kind == "analysed" and start < until and end > since]
        logged = bool(was_up or was_down or moves)
        stands = was_up is not None and (was_down is None or was_down < was_up)
        if was_up is not None and was_up == was_down:
            stands = _said_last(work, camera, was_up) == "up"
        found[camera] = (
            commission_of(row, zone),
            up_spans([("up", since), *moves] if stands else moves) if logged else None,
            tuple(seen) if seen or first_analysed is not None else None,
        )
    return found


def _said_last(work: Work, camera: str, moment: datetime) -> str | None:
    """Which of up and down stands where both bear one moment: that of the entry named last."""
    log = CameraLog
    query = select(log.kind).where(log.camera_id == camera, log.end == moment, log.kind.in_(("up", "down")))
    return work.session.scalar(query.order_by(log.event_id.desc()).limit(1))


@cache
def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
