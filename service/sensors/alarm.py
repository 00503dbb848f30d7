"""An alarm of a sensor becomes an alert at once, with its message kept as signed evidence."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from evidence.canonical import canonical_json, sha256_hex
from evidence.keys import installation_signer
from evidence.record_package import write_record_package
from evidence.subject import Subject
from incidents.where.place import Place
from qyran import __version__
from service.alert_taking import Device, Report, raise_alert
from service.evidence_words import in_words
from service.protected_objects.model import Details
from service.protected_objects.sealed import details_of
from service.sensors.fusing import other_signs
from service.store.sensor_tables import ProtectedObject
from service.taking import Package, keep_package, read_package
from vision.finding import Finding, FindingType, Reason

if TYPE_CHECKING:
    from fire_alerts import sensor as life
    from service.store.database import Work
    from service.store.sensor_tables import FireSensor

KINDS: Final = {"smoke": "smoke", "heat": "fire", "manual": "fire"}
"""What a sensor of each kind says is there."""
VERSION: Final = "1"
"""Of the rule that an alarm of a sensor is an alert."""
SENSOR_M: Final = 15.0
"""Metres around a sensor that hold its fire: the room it hangs in, and its corridor."""
OBJECT_M: Final = 60.0
"""Metres around an object's place that hold its buildings."""
LATE: Final = timedelta(minutes=5)
"""An alarm that was on its way for longer is told as late."""

log = logging.getLogger(__name__)


def raise_for(
    work: Work, row: FireSensor, report: life.Report, *, received: datetime, raw: str, source: str, topic: str | None
) -> str:
    """Raise the alert of a sensor's alarm; id of the alert that stands for it.

    Args:
        work: the unit of work.
        row: the sensor.
        report: what it said.
        received: when it came in.
        raw: the message as it came.
        source: over which way.
        topic: of MQTT.
    """
    kind = KINDS[row.kind]
    alert_id = uuid5(NAMESPACE_URL, f"qyran:sensor-alarm:{row.id}:{report.at.isoformat()}")
    trace = _trace(work, row, report, received)
    origin = {"sensor": row.id, "kind": kind, "t_detect": report.at.isoformat(), "source": source}
    package: Package | None = None
    try:
        _write(work, row, report, alert_id, raw, received, source, topic, trace)
        package = read_package(work.store.settings.evidence_folder, _place(report, alert_id), work.store.settings.home)
        origin["package_sha256"] = package.sha256 or ""
    except OSError:
        # A disk that is full must not keep a fire from the operator.
        log.exception("The evidence of the alarm of the sensor %s was not written.", row.id)
        origin["evidence"] = "not_written"
    alert = raise_alert(
        work,
        Report(
            id=str(alert_id),
            type="fire_alert",
            kind=kind,
            device=Device("sensor", row.id),
            t_detect=report.at,
            t_onset=report.at,
            place=_where(work, row),
            object_id=row.object_id,
            origin=origin,
        ),
    )
    if package is not None:
        keep_package(work, alert.id, str(alert_id), package)
    return alert.id


def _trace(work: Work, row: FireSensor, report: life.Report, received: datetime) -> tuple[Reason, ...]:
    steps = [Reason(f"sensor_alarm_{row.kind}", (("sensor", row.id),))]
    if row.room:
        steps.append(Reason("sensor_room", (("room", row.room),)))
    if received - report.at > LATE:
        steps.append(Reason("sensor_late", (("minutes", round((received - report.at) / timedelta(minutes=1))),)))
    if row.clock_doubt:
        steps.append(Reason("sensor_clock"))
    steps += [Reason("seen_too", (("camera", camera),)) for camera in other_signs(work, row, report.at)]
    return (*steps, Reason("auxiliary_fire_sign"))


def _write(
    work: Work, row: FireSensor, report: life.Report, alert_id: UUID, raw: str, received: datetime, source: str,
    topic: str | None, trace: tuple[Reason, ...],
) -> None:  # fmt: skip
    about = {"id": row.id, "kind": row.kind, "gateway": row.gateway, "heartbeat_s": row.heartbeat_s}
    finding = Finding(
        type=FindingType.FIRE_ALERT, kind=KINDS[row.kind], rule_version=VERSION, onset_s=0.0, video_s=0.0, score=1.0,
        trace=trace, moments=(),
    )  # fmt: skip
    subject = Subject(
        event_id=alert_id,
        camera=row.id,
        camera_sha256=sha256_hex(canonical_json(about)),
        calibration_sha256=None,
        models={},
        finding=finding,
        anchor_s=0.0,
        anchor_time=report.at,
        clock={"source": "server" if row.clock_doubt else "sensor"},
        software=__version__,
        marks={"demo": True} if work.store.demo else {},
        words=in_words(finding.type, trace),
    )
    said = {
        "sensor": about,
        "time": report.at.isoformat(),
        "received": received.isoformat(),
        "source": source,
        "topic": topic,
        "battery_percent": row.battery_percent,
    }
    folder = work.store.settings.evidence_folder / _place(report, alert_id).parent
    signer = installation_signer(work.store.settings.home)
    folder.mkdir(parents=True, exist_ok=True)
    write_record_package(subject, said, (), folder, signer, received=raw.encode())


def _place(report: life.Report, alert_id: UUID) -> Path:
    return Path(f"{report.at:%Y-%m}") / str(alert_id)


def _where(work: Work, row: FireSensor) -> Place | None:
    """The sensor's own place, else its object's; with the object's address."""
    details = Details()
    found = work.session.get(ProtectedObject, row.object_id) if row.object_id else None
    if found is not None:
        details = details_of(work, [found.version_id]).get(found.version_id, Details())
    address = {str(lang): text for lang, text in details.address.items()} or None
    if row.latitude is not None and row.longitude is not None:
        return Place(row.latitude, row.longitude, SENSOR_M, None, "sensor", address, row.object_id)
    if details.latitude is not None and details.longitude is not None:
        return Place(details.latitude, details.longitude, OBJECT_M, None, "object", address, row.object_id)
    return None
