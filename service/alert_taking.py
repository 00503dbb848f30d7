"""Raising an alert, whoever reports it: a camera, a sensor, a person; one alert for one happening.

Everything an alert sets off (its place, who is told, what it is merged into) happens in the transaction that stores it,
so that a kill leaves all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from incidents.alert import AlertState
from incidents.response import Clock
from incidents.severity import certainty_of, severity_of
from incidents.where.place import Place
from qyran.roles import DETECTOR, SYSTEM
from service import alerts, places
from service.alerting.drills import drill_at
from service.alerting.happenings import goes_on, older_alert, repeated, seen_again, weight
from service.alerting.moving import stamp
from service.alerting.steps import opened_again
from service.alerting.works import works_at
from service.event import Event
from service.fault_points import reach
from service.protected_objects import object_of_camera
from service.records import load
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.events import append_event
from service.taking import Package, keep, link, origin

AlertType = Literal["incident", "fire_alert"]
DeviceKind = Literal["camera", "sensor", "person"]
Initiator = Literal["system", "human"]


@dataclass(frozen=True, slots=True)
class Device:
    """Who reports: a camera, a sensor, or a person."""

    kind: DeviceKind
    id: str

    @property
    def source(self) -> str:
        """As `Alert.sources` lists it."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Report:
    """One report of a happening.

    Attributes:
        id: UUID; taking one twice is impossible.
        video_s, onset_s: seconds of video of the decision and of the estimated start, where there is a video.
        class_: road class of the subject.
        box: where in the picture, pixels (x1, y1, x2, y2).
        picture: size of that picture, pixels (width, height).
        ground_m: metres on the camera's road plane, where the rule told them.
        zone: of the camera file, where one played a part.
        place: where on the ground, as far as the reporter knows.
        object_id: the protected object it is at, as far as the reporter knows.
        initiator: the system, or a person who tells what he saw or was told.
        origin: public facts of what began it, for the chain; nothing about a person.
        doubt: why the reporter itself holds it back; None where it does not.
    """

    id: str
    type: AlertType
    kind: str
    device: Device
    t_detect: datetime
    t_onset: datetime | None = None
    score: float | None = None
    video_s: float = 0.0
    onset_s: float | None = None
    track: int | None = None
    class_: str | None = None
    line: str | None = None
    box: Sequence[float] | None = None
    picture: tuple[int, int] | None = None
    ground_m: tuple[float, float] | None = None
    zone: str | None = None
    place: Place | None = None
    object_id: str | None = None
    initiator: Initiator = "system"
    is_drill: bool = False
    origin: Mapping[str, Any] = field(default_factory=dict)
    doubt: Literal["second_look"] | None = None


def take_alert(work: Work, event: Event, package: Package | None) -> None:
    """A camera's event with its evidence."""
    row = raise_alert(work, _report_of(event, package))
    keep(work, str(event.id), event, package)
    if row.id == str(event.id):
        work.session.flush()
        link(work, event, row)


def take_evidence(work: Work, event: Event, package: Package | None) -> None:
    """The whole clip of an alarm that left before its clip was over; whoever looks at the alert is told.

    Raises:
        NotFound: there is no such alert.
    """
    row = load(work, Alert, str(event.of), lock=True)
    keep(work, row.id, event, package)
    data = {"event": str(event.id), "package_sha256": package.sha256 if package else None}
    shown = row if row.merged_into is None else load(work, Alert, row.merged_into, lock=True)
    append_event(replace(work, actor=DETECTOR), shown, "evidence", next(iter(DETECTOR.roles)), data=data)


def raise_alert(work: Work, report: Report) -> Alert:
    """Store a report: as a new alert, raised or held back, or merged into the alert of the same happening.

    Returns:
        The alert that stands for the happening: the new one, or the older one the report was merged into.
    """
    row = _row(work, replace(report, place=places.locate(work, report)))
    if row.object_id is None and report.type == "fire_alert" and report.device.kind == "camera":
        row.object_id = object_of_camera(work, report.device.id)
    row.is_drill = row.is_drill or drill_at(work, row.sources, row.object_id, row.t_detect) is not None
    older = older_alert(work, row)
    work.session.add(row)
    first = work.actor if report.initiator == "human" else DETECTOR
    alerts.moved(work, row, AlertState.CANDIDATE, actor=first, data=dict(report.origin))
    held = works_at(work, row) if report.doubt is None and older is None else None
    reason = report.doubt if held is None else held.reason
    if reason is not None:
        data = {} if held is None else {"works": held.id}
        alerts.moved(work, row, AlertState.SUPPRESSED, reason, actor=SYSTEM, data=data)
        row.reason = reason
        return row
    places.note_sight(work, report)
    if older is not None and weight(row.kind) <= weight(older.kind):
        return _merged(work, row, older)
    if older is not None:  # a graver thing is told anew, and yet they are one incident
        row.incident_id = older.incident_id
    row.repeat_of = repeated(work, row)
    alerts.moved(work, row, AlertState.RAISED, actor=SYSTEM)
    alerts.told_the_room(work, row)
    reach(work.store, "alert.written")
    return row


def _merged(work: Work, row: Alert, older: Alert) -> Alert:
    alerts.moved(work, row, AlertState.MERGED, actor=SYSTEM, data={"into": older.id})
    row.merged_into, row.incident_id = older.id, older.incident_id
    seen_again(work, older, row)
    places.settle(work, older)
    if goes_on(older, row.t_detect):
        opened_again(replace(work, actor=SYSTEM), older)
        alerts.told_the_room(work, older)
        reach(work.store, "alert.written")
    return older


def _report_of(event: Event, package: Package | None) -> Report:
    onset = event.time - timedelta(seconds=event.video_s - event.onset_s) if event.onset_s is not None else None
    return Report(
        id=str(event.id),
        type="incident" if event.type == "incident" else "fire_alert",
        kind=event.kind,
        device=Device("camera", event.camera),
        t_detect=event.time,
        t_onset=onset,
        score=event.score,
        video_s=event.video_s,
        onset_s=event.onset_s,
        track=event.track,
        class_=event.class_,
        line=event.line,
        box=package.box if package else None,
        picture=package.picture if package else None,
        ground_m=package.manifest.finding.ground_m if package and package.manifest else None,
        zone=package.manifest.finding.zone if package and package.manifest else None,
        origin=origin(event, package),
        doubt="second_look" if event.type == "held_back" else None,
    )


def _row(work: Work, report: Report) -> Alert:
    row = Alert(
        id=report.id,
        type=report.type,
        kind=report.kind,
        camera_id=report.device.id,
        sensor_id=report.device.id if report.device.kind == "sensor" else None,
        sources=[report.device.source],
        incident_id=report.id,
        object_id=report.object_id,
        initiator=report.initiator,
        is_drill=report.is_drill,
        state="",
        seq=0,
        head="",
        t_onset=report.t_onset,
        t_detect=report.t_detect,
        t_received=work.now,
        video_s=report.video_s,
        onset_s=report.onset_s,
        track=report.track,
        class_=report.class_,
        line=report.line,
        score=report.score,
        box=list(report.box) if report.box is not None else None,
        last_seen=report.t_detect,
        changed_at=work.now,
        severity=severity_of(report.kind).value,
        certainty=certainty_of(None).value,
        services=[],
        service_numbers={},
        reports=1,
        time_sources={},
        cycle=0,
        escalation=0,
        escalation_step=0,
    )
    if report.place is not None:
        places.set_place(row, report.place)
    seen: Clock = "typed" if report.initiator == "human" else "device"
    for name in ("t_onset", "t_detect"):
        if getattr(row, name) is not None:
            stamp(row, name, getattr(row, name), seen, report.device.id)
    return row
