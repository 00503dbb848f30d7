"""What is told of an alert: one shape for every channel, taken down in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from incidents.alert import AlertState, Verdict
from incidents.cap.message import Certainty, Severity
from incidents.severity import certainty_of, severity_of
from service.records import name_of
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.tables import Camera

TIMES: Final = (
    "t_onset", "t_detect", "t_raised", "t_ack", "t_verify_start", "t_verdict", "t_call_received", "t_dispatch",
    "t_depart", "t_arrive", "t_control", "t_closed",
)  # fmt: skip


class AlertPlace(BaseModel):
    """Where it is.

    Attributes:
        latitude, longitude: WGS 84 degrees; of the camera where nothing better is known.
        radius_m: metres around it that hold the place 95 times in 100; None where it was not reckoned.
        region: outline of where it can be, (latitude, longitude) each.
        source: how the place is known.
        words: address or name of the device, by language.
    """

    model_config = ConfigDict(frozen=True)

    latitude: float | None = None
    longitude: float | None = None
    radius_m: float | None = None
    region: tuple[tuple[float, float], ...] | None = None
    source: str | None = None
    words: dict[str, str]


class AlertFacts(BaseModel):
    """An alert at one step; nothing about a person.

    Attributes:
        schema_version: of this shape.
        sources: every camera and sensor that told of it.
        services: sent out so far.
        times: what happened when, those that are known.
        merged_into: the alert that tells on, where this one was merged.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: Literal[1] = 1
    alert_id: str
    incident_id: str
    type: str
    kind: str
    state: AlertState
    verdict: Verdict | None = None
    reason: str | None = None
    severity: Severity
    certainty: Certainty
    score: float | None = None
    is_drill: bool = False
    camera_id: str | None = None
    sensor_id: str | None = None
    sources: tuple[str, ...] = ()
    territory: str | None = None
    object_id: str | None = None
    place: AlertPlace
    services: tuple[str, ...] = ()
    service_numbers: dict[str, str] = {}
    reports: int = 1
    merged_into: str | None = None
    times: dict[str, AwareDatetime] = {}


def facts_of(work: Work, row: Alert) -> AlertFacts:
    """An alert as it is in this unit of work."""
    camera = work.session.get(Camera, row.camera_id)
    verdict = Verdict(row.verdict) if row.verdict else None
    return AlertFacts(
        alert_id=row.id,
        incident_id=row.incident_id,
        type=row.type,
        kind=row.kind,
        state=AlertState(row.state),
        verdict=verdict,
        reason=row.reason,
        severity=Severity(row.severity) if row.severity else severity_of(row.kind),
        certainty=_certainty(row, verdict),
        score=row.score,
        is_drill=row.is_drill,
        camera_id=row.camera_id if row.sensor_id is None else None,
        sensor_id=row.sensor_id,
        sources=tuple(row.sources or ()),
        territory=camera.territory if camera is not None else None,
        object_id=row.object_id,
        place=_place(row, camera),
        services=tuple(row.services or ()),
        service_numbers={str(name): str(number) for name, number in (row.service_numbers or {}).items()},
        reports=row.reports or 1,
        merged_into=row.merged_into,
        times=_times(row),
    )


def _certainty(row: Alert, verdict: Verdict | None) -> Certainty:
    """What a person found stands before what machines reckon."""
    return Certainty(row.certainty) if row.certainty and verdict is None else certainty_of(verdict)


def _place(row: Alert, camera: Camera | None) -> AlertPlace:
    words = dict(row.address) if row.address else name_of(camera, row.camera_id)
    if row.latitude is not None and row.longitude is not None:
        region = tuple((float(one[0]), float(one[1])) for one in row.region) if row.region else None
        return AlertPlace(
            latitude=row.latitude,
            longitude=row.longitude,
            radius_m=row.radius_m,
            region=region,
            source=row.place_source,
            words=words,
        )
    if camera is not None:
        return AlertPlace(latitude=camera.latitude, longitude=camera.longitude, source="camera", words=words)
    return AlertPlace(words=words)


def _times(row: Alert) -> dict[str, datetime]:
    return {name: moment for name in TIMES if (moment := getattr(row, name)) is not None}


def as_json(facts: AlertFacts) -> Mapping[str, Any]:
    """As it is stored and sent: absent keys are unknown."""
    return facts.model_dump(mode="json", exclude_none=True)
