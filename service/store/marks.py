"""Marks: every change of a record that counts says, in its own transaction, which days it may have changed.

A mark holds moments, not days: which day a moment lies in is asked of the city's time zone when the mark is worked off.
A record that belongs to a happening with others (an incident, a case and its alerts) leaves its name too, so that the
happening's first moment is found then, among all that is committed by then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import History

from kpi_catalog.tally import Part
from service.store.alert_tables import Alert, AlertNotification
from service.store.import_tables import CityImport
from service.store.rollup_tables import KpiMark
from service.store.tables import Camera, CameraLog, CityInput, Passage, ViolationCase

SEEN: Final = "kpi_marks"
"""Where a session remembers what it marked, once a transaction being enough."""
MONTH: Final = "kpi_month"
"""Where it keeps the city's zone and the first day of the running month."""
CASE_MOMENTS: Final = ("t_detect", "t_officer_decision", "t_first_notification_sent", "t_signed")
CASE_MATTERS: Final = (
    *CASE_MOMENTS, "verdict", "penalty_kind", "merged_into", "plate_read", "owner_loaded", "offence", "edited",
)  # fmt: skip
ITEM_MATTERS: Final = ("t_detect", "verdict", "penalty_kind", "merged_into")
TERM_MATTERS: Final = ("payment", "payment_term_ends", "t_cancelled", "merged_into")
ALERT_FLAGS: Final = ("is_drill", "state", "merged_into")
ALERT_MATTERS: Final = (
    *ALERT_FLAGS, "t_detect", "incident_id", "kind", "verdict", "initiator", "t_ack", "t_dispatch", "t_notify_sent",
)  # fmt: skip
ALERT_ITEM_MATTERS: Final = (*ALERT_FLAGS, "t_detect", "verdict", "initiator", "case_id")
ALERT_SENT_MATTERS: Final = (*ALERT_FLAGS, "object_id", "type")
SENT_MATTERS: Final = ("alert_id", "sent_at", "initiator", "recipient")
STATES_BEFORE: Final = frozenset({"candidate", "suppressed", "test"})
"""States that decide whether an alert counts; a step between any others changes no KPI."""
COMMISSION: Final = ("commissioned", "retired", "registered_at")
JOURNALS: Final = {"fire_calls": Part.CALLS, "phone_notifications": Part.NOTIFICATIONS}
"""Journals from outside, and the part of a day that they are."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark, see `KpiMark`."""

    part: Part
    since: datetime | None = None
    until: datetime | None = None
    open: bool = False
    ref: str | None = None


def watch(session: Session, now: datetime, zone: ZoneInfo) -> None:
    """Let a session mark what it changes.

    Args:
        session: of one transaction.
        now: its moment.
        zone: the city's.
    """
    session.info[MONTH] = (zone, now.astimezone(zone).date().replace(day=1))
    event.listen(session, "before_flush", _before_flush)


def _before_flush(session: Session, _: object, __: object) -> None:
    seen: set[Mark] = session.info.setdefault(SEEN, set())
    fresh: set[Mark] = set()
    for row in (*session.new, *session.dirty, *session.deleted):
        marking = MARKING.get(type(row))
        if marking is not None:
            fresh.update(marking(_Change(row, session)))
    fresh -= seen
    seen |= fresh
    for mark in sorted(fresh, key=repr):
        session.add(_row(mark))


def leave(session: Session, marks: Iterable[Mark]) -> None:
    """Mark what rows changed that went past the session (`service.store.bulk`)."""
    seen: set[Mark] = session.info.setdefault(SEEN, set())
    for mark in sorted(set(marks) - seen, key=repr):
        seen.add(mark)
        session.add(_row(mark))


def _row(mark: Mark) -> KpiMark:
    return KpiMark(part=mark.part, since=mark.since, until=mark.until, open=mark.open, ref=mark.ref)


class _Change:
    """One record that is about to be written: what it was and will be."""

    def __init__(self, row: Any, session: Session) -> None:
        self.row, self.session = row, session
        self._whole = row in session.new or row in session.deleted
        self._attrs: Mapping[str, Any] = inspect(row).attrs

    def matters(self, names: Collection[str]) -> bool:
        """Whether one of these columns changes."""
        return self._whole or any(self._changes(name) for name in names)

    def _changes(self, name: str) -> bool:
        history: History = self._attrs[name].history
        if not history.has_changes():
            return False
        return name != "state" or not STATES_BEFORE.isdisjoint((*history.added, *history.deleted))

    def values(self, *names: str) -> set[Any]:
        """What columns hold, before and after; None left out."""
        found: set[Any] = set()
        for name in names:
            history: History = self._attrs[name].history
            for values in (history.added, history.unchanged, history.deleted):
                found.update(values or ())
            found.add(getattr(self.row, name))
        return found - {None}


def _case(change: _Change) -> Iterator[Mark]:
    if change.matters(CASE_MATTERS):
        for moment in change.values(*CASE_MOMENTS):
            yield Mark(Part.CASES, moment)
    if change.matters(ITEM_MATTERS):
        for moment in change.values("t_detect"):
            yield Mark(Part.ITEMS, moment, ref=change.row.id)
    if change.matters(TERM_MATTERS):
        for moment in change.values("payment_term_ends"):
            yield Mark(Part.TERMS, moment)


def _alert(change: _Change) -> Iterator[Mark]:
    moments = change.values("t_detect")
    if change.matters(ALERT_MATTERS):
        for moment in moments:
            for incident in change.values("incident_id"):
                yield Mark(Part.ALERTS, moment, ref=incident)
    if change.matters(ALERT_ITEM_MATTERS):
        for moment in moments:
            yield Mark(Part.ITEMS, moment)
            for case in change.values("case_id"):
                yield Mark(Part.ITEMS, moment, ref=case)
    if change.matters(ALERT_SENT_MATTERS):
        yield Mark(Part.NOTIFICATIONS, ref=change.row.id)


def _notification(change: _Change) -> Iterator[Mark]:
    if change.matters(SENT_MATTERS):
        for moment in change.values("sent_at"):
            yield Mark(Part.NOTIFICATIONS, moment)


def _log(change: _Change) -> Iterator[Mark]:
    """What was up stays up until the next word, so an entry may change every day after it."""
    kinds = change.values("kind")
    if kinds & {"up", "down"}:
        yield Mark(Part.CAMERAS, min(change.values("end")), open=True, ref=change.row.camera_id)
    if "analysed" in kinds:
        first = not _beat_before(change)
        yield Mark(Part.CAMERAS, min(change.values("start")), max(change.values("end")), open=first)


def _beat_before(change: _Change) -> bool:
    """Whether a camera's analytics were heard of before: the first word of them tells of all days after it."""
    row = change.row
    query = select(CameraLog.event_id).where(
        CameraLog.camera_id == row.camera_id,
        CameraLog.kind == "analysed",
        CameraLog.end <= row.end,
        CameraLog.event_id != row.event_id,
    )
    return change.session.scalar(query.limit(1)) is not None


def _camera(change: _Change) -> Iterator[Mark]:
    if change.matters(COMMISSION):
        days = change.values("retired") if change.matters(("retired",)) else set()
        moments: set[datetime] = set()
        if change.matters(("commissioned", "registered_at")):
            days |= change.values("commissioned")
            moments |= change.values("registered_at")
        moments |= {datetime.combine(day, time.min, UTC) for day in days}
        yield Mark(Part.CAMERAS, min(moments, default=None), open=True)


def _passage(change: _Change) -> Iterator[Mark]:
    """Vehicles of the running month are counted where they lie; only a month that is over must be counted again."""
    zone, month = change.session.info[MONTH]
    if change.row.plate_token is not None and change.row.time.astimezone(zone).date() < month:
        yield Mark(Part.VEHICLES, change.row.time)


def _journal(change: _Change) -> Iterator[Mark]:
    """A journal that comes, by hand or as a file, or is withdrawn."""
    part = JOURNALS.get(change.row.name if isinstance(change.row, CityInput) else change.row.kind)
    if part is not None:
        yield Mark(part, open=True)


MARKING: Final[Mapping[type, Callable[[_Change], Iterator[Mark]]]] = {
    ViolationCase: _case,
    Alert: _alert,
    AlertNotification: _notification,
    CameraLog: _log,
    Camera: _camera,
    CityInput: _journal,
    CityImport: _journal,
    Passage: _passage,
}
"""What each kind of record marks."""
