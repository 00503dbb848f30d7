"""Alerts that a person knows to be one, and reports that were taken for one and are not."""

from __future__ import annotations

from sqlalchemy import select

from incidents.alert import OPEN, AlertState
from qyran.errors import TransitionError
from qyran.roles import Role
from service import places
from service.alerting.moving import moved, sealed_note, told_the_room
from service.alerting.reading import alert_detail
from service.records import load
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.events import append_event
from service.store.tables import ViolationCase
from service.views import AlertDetail


def join(work: Work, alert_id: str, into: str, *, note: str | None = None, version: int | None = None) -> AlertDetail:
    """Take an alert for the same happening as another, which then stands for both.

    Returns:
        The alert that stands.

    Raises:
        TransitionError: it is the same, one of them is not open, or a service was sent to the one that goes.
    """
    if alert_id == into:
        raise TransitionError("An alert is joined to another one.")
    # In one order, so that two who join crosswise do not wait for each other.
    rows = {one: load(work, Alert, one) for one in sorted((alert_id, into))}
    row, older = load(work, Alert, alert_id, version), rows[into]
    if AlertState(older.state) not in OPEN:
        raise TransitionError("The alert that shall stand for both is not open any more.")
    if row.is_drill is not older.is_drill:
        raise TransitionError("An exercise and a real alert are not joined.")
    moved(work, row, AlertState.MERGED, data={"into": older.id}, payload=sealed_note(note))
    row.merged_into, row.incident_id = older.id, older.incident_id
    gone = work.session.scalars(select(Alert).where(Alert.merged_into == row.id).with_for_update()).all()
    for one in gone:
        append_event(work, one, "joined_on", Role.SITUATIONAL_OPERATOR, data={"into": older.id})
        one.merged_into, one.incident_id = older.id, older.incident_id
    older.reports += row.reports
    older.last_seen = max(older.last_seen, row.last_seen)
    older.sources = list(dict.fromkeys([*older.sources, *row.sources]))
    places.settle(work, older)
    data = {"report": row.id, "sources": list(row.sources), "by": "person"}
    append_event(work, older, "seen_again", Role.SITUATIONAL_OPERATOR, data=data)
    work.session.flush()
    return alert_detail(work, older)


def part(work: Work, alert_id: str, reason: str, *, note: str | None = None, version: int | None = None) -> AlertDetail:
    """Let a merged report stand by itself again: it is raised, and somebody has to answer it.

    Raises:
        TransitionError: it is merged into nothing, or the reason code is none.
    """
    into = load(work, Alert, alert_id, lock=False).merged_into
    for one in sorted(filter(None, (alert_id, into))):
        load(work, Alert, one)
    row = load(work, Alert, alert_id, version)
    older = load(work, Alert, into) if into is not None else None
    data = {"from": into} if into is not None else None
    moved(work, row, AlertState.RAISED, reason, data=data, payload=sealed_note(note))
    row.merged_into, row.incident_id = None, row.id
    if older is not None:
        older.reports = max(1, older.reports - row.reports)
        left = work.session.scalars(
            select(Alert.sources).where(Alert.merged_into == older.id, Alert.id != row.id)
        ).all()
        own = _own_sources(older)
        older.sources = list(dict.fromkeys([*own, *(source for sources in left for source in sources)]))
        places.settle(work, older)
        append_event(work, older, "report_parted", Role.SITUATIONAL_OPERATOR, data={"report": row.id})
    told_the_room(work, row)
    _own_case(work, row)
    work.session.flush()
    return alert_detail(work, row)


def _own_sources(row: Alert) -> list[str]:
    if row.sensor_id is not None:
        return [f"sensor:{row.sensor_id}"]
    kind = "camera" if row.initiator == "system" else str(row.sources[0]).partition(":")[0]
    return [f"{kind}:{row.camera_id}"]


def _own_case(work: Work, row: Alert) -> None:
    """A case that was tied to the parted report stays tied to it."""
    if row.case_id is None:
        return
    case = work.session.get(ViolationCase, row.case_id)
    if case is not None and case.alert_id is None:
        case.alert_id = row.id
