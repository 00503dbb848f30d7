"""Which alert a report is of: across pictures, cameras, sensors and time; and which earlier one it repeats."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select

from fire_alerts.fusion import TOGETHER
from incidents.alert import OPEN, AlertState, Verdict
from incidents.cap.message import Severity
from incidents.severity import FIRE_KINDS, KINDS, certainty_of, severity_of
from incidents.where.same import kin, near_m, same_place
from incidents.where.seen import OF_THE_CAMERA
from qyran.roles import SYSTEM, Role
from service.happening import Sighting, same_happening
from service.notifying import queue
from service.sensors.fusing import confirmed
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.events import append_event

FALSE_HOLD: Final = timedelta(minutes=5)
"""So long after a verdict `false` a report of the same place is taken for the same look-alike; then it is looked at."""
REST: Final = timedelta(seconds=60)
"""Reports that come so soon after `resolved` are of its end; later ones say that it goes on, and open it again."""
REPEAT: Final = timedelta(hours=24)
"""A new alert within so long after a true one of the same camera or object repeats it."""
WEIGHT: Final = (Severity.UNKNOWN, Severity.MINOR, Severity.MODERATE, Severity.SEVERE, Severity.EXTREME)


def older_alert(work: Work, row: Alert) -> Alert | None:
    """The open alert of the same happening, locked; None where there is none."""
    kinds = [kind for kind in KINDS if kin(kind, row.kind)] or [row.kind]
    span = max(timedelta(seconds=work.store.settings.merge_seconds), TOGETHER if row.kind in FIRE_KINDS else REST)
    query = select(Alert).where(
        Alert.kind.in_(kinds),
        Alert.last_seen.between(row.t_detect - span, row.t_detect + span),
        Alert.id != row.id,
        Alert.is_drill.is_(row.is_drill),
    )
    with work.session.no_autoflush:
        found = work.session.scalars(query.order_by(Alert.t_detect, Alert.id).with_for_update()).all()
    # Whether it is open is asked here: SQLite would go by the state's index and read every open alert there is.
    return next((one for one in found if one.state in OPEN and _one_happening(work, one, row)), None)


def weight(kind: str) -> int:
    """How grave a kind is, for comparing two."""
    return WEIGHT.index(severity_of(kind))


def goes_on(older: Alert, at: datetime) -> bool:
    """Whether a report of a happening that was resolved says that it is not."""
    return older.state == AlertState.RESOLVED and older.t_control is not None and at > older.t_control + REST


def seen_again(work: Work, older: Alert, row: Alert) -> None:
    """Note on an alert that another report is of the same happening."""
    older.reports += 1
    older.last_seen = max(older.last_seen, row.t_detect)
    older.sources = list(dict.fromkeys([*older.sources, *row.sources]))
    by = replace(work, actor=SYSTEM)
    append_event(by, older, "seen_again", Role.SYSTEM, data={"report": row.id, "sources": list(row.sources)})
    if row.kind == "fire" and older.kind == "smoke":
        append_event(by, older, "flames", Role.SYSTEM, data={"report": row.id})  # they have to be told of as flames
        older.kind = row.kind
    if older.verdict is None and confirmed(work, older.sources):
        certainty = certainty_of(None, agreed=True).value
        if older.certainty != certainty:
            told = {"sources": older.sources, "certainty": certainty}
            append_event(by, older, "agreed", Role.SYSTEM, data=told)  # camera and sensor fail for different reasons
            older.certainty = certainty
    queue(by, older, "updated")


def repeated(work: Work, row: Alert) -> str | None:
    """The latest true alert of the same camera or object that this one repeats."""
    same = Alert.camera_id == row.camera_id
    if row.object_id is not None:
        same = or_(same, Alert.object_id == row.object_id)
    query = select(Alert.id).where(
        same,
        Alert.t_detect >= row.t_detect - REPEAT,
        Alert.t_detect < row.t_detect,
        Alert.verdict == Verdict.TRUE.value,
        Alert.state.in_((AlertState.CLOSED, AlertState.RESOLVED)),
        Alert.kind.in_([kind for kind in KINDS if kin(kind, row.kind)] or [row.kind]),
        Alert.is_drill.is_(False),
        Alert.id != row.id,
    )
    with work.session.no_autoflush:
        return work.session.scalar(query.order_by(Alert.t_detect.desc(), Alert.id).limit(1))


def _one_happening(work: Work, older: Alert, row: Alert) -> bool:
    if older.state == AlertState.FALSE and row.t_detect > (older.t_verdict or row.t_detect) + FALSE_HOLD:
        return False
    if older.camera_id == row.camera_id:
        span = timedelta(seconds=work.store.settings.merge_seconds)
        near = abs(row.t_detect - older.last_seen) <= span
        return near and same_happening(Sighting(older.track, older.box), Sighting(row.track, row.box))
    if row.kind in OF_THE_CAMERA:
        return False
    if older.object_id is not None and older.object_id == row.object_id and {older.kind, row.kind} <= FIRE_KINDS:
        return True
    return same_place(older, row, near_m(older.kind, row.kind))
