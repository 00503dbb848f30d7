"""What a record of the feed may say: one shape a kind, from which JSON Schema and data dictionary are made.

Nothing here can hold a plate, a name, an IIN or a picture: every text is a code of a fixed form, a day, or the name of
a camera's place. A field that is not listed cannot be told.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from incidents.alert import AlertState, Verdict
from kpi_catalog.status import Status

SCHEMA_VERSION: Final = "1.0"
"""Major.minor: a new optional field or kind raises the minor number, anything a reader could trip over the major."""
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_ID: Final = f"urn:qyran:exchange:{SCHEMA_VERSION}"

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Ident = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
SubjectId = Annotated[str, StringConstraints(pattern=r"^[a-z_]+/[A-Za-z0-9._:/-]{1,180}$")]
KpiId = Annotated[str, StringConstraints(pattern=r"^\d{1,2}\.\d{1,2}$")]
PeriodText = Annotated[str, StringConstraints(pattern=r"^\d{4}(-(Q[1-4]|W\d{2}|\d{2}(-\d{2})?))?$")]
Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
PlaceName = Annotated[str, StringConstraints(max_length=200)]
Count = Annotated[int, Field(ge=0)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Service = Literal["101", "102", "103", "112"]


class Kind(StrEnum):
    """What a record is about."""

    ALERT = "alert"
    VIOLATION_COUNT = "violation_count"
    CAMERA_STATUS = "camera_status"
    DATA_QUALITY = "data_quality"
    KPI_VALUE = "kpi_value"
    SECURITY_STATE = "security_state"


class Op(StrEnum):
    """What a record does to the one before it about the same subject."""

    NEW = "new"
    UPDATE = "update"
    TOMBSTONE = "tombstone"


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AlertData(_Shape):
    """An alert as the centre sees it: what, where, when, how far it is dealt with."""

    type: Literal["incident", "fire_alert"]
    alert_kind: Code
    state: AlertState
    verdict: Verdict | None
    camera: Ident
    territory: Ident | None
    latitude: Latitude | None
    longitude: Longitude | None
    detected_at: datetime
    onset_at: datetime | None
    notified_at: datetime | None
    acknowledged_at: datetime | None
    verdict_at: datetime | None
    dispatched_at: datetime | None
    departed_at: datetime | None
    arrived_at: datetime | None
    controlled_at: datetime | None
    closed_at: datetime | None
    services: list[Service]
    reports: Count
    drill: bool
    found_by: Literal["camera", "operator"]
    at_protected_object: bool
    reason: Code | None
    closing: Code | None


class ViolationCountData(_Shape):
    """How many violations of one kind one camera found in one hour, and what officers made of them so far."""

    camera: Ident
    territory: Ident | None
    violation: Code
    hour: datetime
    day: date
    detected: Count
    waiting: Count
    set_aside: Count
    confirmed: Count
    rejected: Count
    cancelled: Count


class PlaceNames(_Shape):
    """A camera's name by language."""

    kk: PlaceName
    ru: PlaceName
    en: PlaceName


class CameraStatusData(_Shape):
    """A camera and whether its picture arrives."""

    camera: Ident
    name: PlaceNames
    territory: Ident | None
    latitude: Latitude | None
    longitude: Longitude | None
    status: Literal["up", "down", "unknown"]
    since: datetime | None
    commissioned: date | None
    retired: date | None


class DataQualityData(_Shape):
    """Something that bears on how far other records can be trusted."""

    event: Code
    camera: Ident | None
    violation: Code | None
    began_at: datetime
    ended_at: datetime | None
    outcome: Code | None


class KpiValueData(_Shape):
    """The value of one KPI of order 469/НҚ for one period."""

    kpi: KpiId
    period: PeriodText
    city_category: Literal["republican", "regional", "district"]
    stage: Literal["provisional", "published", "revised"]
    status: Status
    value: float | None
    unit: Annotated[str, StringConstraints(max_length=32)]
    numerator: float | None
    denominator: float | None
    rows: Count
    missing: list[Code]
    score: float | None
    uncapped: float | None
    definition_version: Annotated[str, StringConstraints(max_length=32)]
    as_of: datetime
    publication: Uuid | None
    correction: Annotated[int, Field(ge=1)] | None
    reason: Code | None


class OpenAlerts(_Shape):
    """How many alerts of one kind are open."""

    alert_kind: Code
    count: Count


class SecurityStateData(_Shape):
    """The state of public safety at one moment; comes at least four times an hour, whether or not anything happened."""

    as_of: datetime
    cameras_up: Count
    cameras_down: Count
    cameras_unknown: Count
    open_alerts: list[OpenAlerts]
    cases_waiting: Count
    complete_to: datetime


Data = AlertData | ViolationCountData | CameraStatusData | DataQualityData | KpiValueData | SecurityStateData
SHAPES: Final[dict[Kind, type[_Shape]]] = {
    Kind.ALERT: AlertData,
    Kind.VIOLATION_COUNT: ViolationCountData,
    Kind.CAMERA_STATUS: CameraStatusData,
    Kind.DATA_QUALITY: DataQualityData,
    Kind.KPI_VALUE: KpiValueData,
    Kind.SECURITY_STATE: SecurityStateData,
}

_GONE: Final[dict[str, Any]] = {
    "if": {"properties": {"op": {"const": "tombstone"}}},
    "then": {"properties": {"data": {"type": "null"}, "gone": {"type": "string"}, "replaces": {"type": "string"}}},
    "else": {"properties": {"data": {"type": "object"}, "gone": {"type": "null"}}},
}
"""A tombstone says why and nothing else; everything else has its data."""


class Envelope(_Shape):
    """What every record has."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_GONE)

    schema_version: Literal["1.0"]
    id: Uuid
    seq: Annotated[int, Field(ge=1)]
    cursor: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    city: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
    category: Literal["security", "utilities", "ecology", "education", "other"]
    op: Op
    subject: SubjectId
    revision: Annotated[int, Field(ge=1)]
    replaces: Uuid | None
    origin: Literal["live", "backfill"]
    occurred_at: datetime
    received_at: datetime
    published_at: datetime
    gone: Literal["merged", "suppressed", "test", "retired", "removed"] | None
    see: SubjectId | None


class AlertRecord(Envelope):
    """A record about an alert."""

    kind: Literal[Kind.ALERT]
    data: AlertData | None


class ViolationCountRecord(Envelope):
    """A record with counts of violations."""

    kind: Literal[Kind.VIOLATION_COUNT]
    data: ViolationCountData | None


class CameraStatusRecord(Envelope):
    """A record about a camera."""

    kind: Literal[Kind.CAMERA_STATUS]
    data: CameraStatusData | None


class DataQualityRecord(Envelope):
    """A record about the quality of other records."""

    kind: Literal[Kind.DATA_QUALITY]
    data: DataQualityData | None


class KpiValueRecord(Envelope):
    """A record with the value of a KPI."""

    kind: Literal[Kind.KPI_VALUE]
    data: KpiValueData | None


class SecurityStateRecord(Envelope):
    """A record with the state of public safety."""

    kind: Literal[Kind.SECURITY_STATE]
    data: SecurityStateData | None


Record = Annotated[
    AlertRecord | ViolationCountRecord | CameraStatusRecord | DataQualityRecord | KpiValueRecord | SecurityStateRecord,
    Field(discriminator="kind"),
]
RECORD: Final[TypeAdapter[Any]] = TypeAdapter(Record)


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of one line of the feed."""
    made = RECORD.json_schema(mode="serialization")
    made.pop("discriminator", None)  # a word of OpenAPI, not of JSON Schema
    return {
        "$schema": DIALECT,
        "$id": SCHEMA_ID,
        "title": "A record of the feed from Qyran to the city's situational centre",
        "version": SCHEMA_VERSION,
        **made,
    }
