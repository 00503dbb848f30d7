"""What happened in a city, as plain frozen records: all that the 16 security KPIs are computed from.

Whoever keeps the data fills one `CityFacts` and calls ``kpi_catalog.security.security_kpis(facts, category,
period)``; nothing else is needed, and nothing here reads a data base. Rules for filling it:

* Times are aware datetimes (UTC). `CityFacts.as_of` is the moment the data were read; a period that still runs
  is computed up to it.
* Give every case and every raised alert, the uncounted ones too, each with its flags: `drill`, `test` and
  `merged` (a duplicate) records count nowhere. An alert held back by a rule before it was raised is no alert.
* Give records from `Definitions.repeat_window_days` before the period on (KPI 10.5 looks back), and from the
  start of its quarter (10.7). Records outside the period do no harm.
* None means that an input was never given, and shows as missing by name. An empty tuple means that it was given
  and holds nothing.
* Ground geometry is in metres of one plane for the whole city (for example its UTM zone).

::

    facts = CityFacts(as_of=now, cases=cases, alerts=alerts, cameras=cameras, inputs=inputs)
    report = security_kpis(facts, "republican", Period.parse("2027-03", "Asia/Almaty"))
    report.sphere.score, report.sphere.coverage      # 0..1
    for one in report.kpis:
        one.kpi.name["kk"], one.value.value, one.status, one.score.score, one.value.missing
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

Interval = tuple[datetime, datetime | None]
"""A half-open span of time; None as its end means that it still runs."""

Polyline = tuple[tuple[float, float], ...]
"""Points (x east, y north) in metres of the city's plane."""

CASE_FIELDS = frozenset({"plate", "place", "time", "article", "measured_value", "owner"})
"""What the system must have filled for a case to count as processed automatically (KPI 9.3)."""

FIRE_KINDS = frozenset({"fire", "smoke"})


class Decision(StrEnum):
    """What a police officer decided on a case."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    NON_PAYABLE = "non_payable"  # the offence took place, its penalty is not a fine


class Payment(StrEnum):
    """The payment attribute of a signed case."""

    DUE = "due"
    HALF = "half"
    FULL = "full"
    PART = "part"
    OVERPAID = "overpaid"
    LATE = "late"
    REFUNDED = "refunded"


class Source(StrEnum):
    """What raised an alert."""

    CAMERA = "camera"
    SENSOR = "sensor"
    OPERATOR = "operator"


class Initiator(StrEnum):
    """Who sent a notification."""

    SYSTEM = "system"
    HUMAN = "human"


class Recipient(StrEnum):
    """Whom a notification of a fire event went to."""

    FIRE_SERVICE = "fire_service"  # 101 / the department for emergency situations
    OBJECT_STAFF = "object_staff"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Countable:
    """A record that counts unless it is a drill, a test or a merged duplicate.

    Attributes:
        times: how many records it stands for, alike in all that matters where it is given.
    """

    drill: bool = False
    test: bool = False
    merged: bool = False
    times: int = 1

    @property
    def counts(self) -> bool:
        """Whether it may count anywhere."""
        return not (self.drill or self.test or self.merged)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFact(Countable):
    """A violation case.

    Attributes:
        t_detect: moment of the violation's detection.
        decision: None for a case without an officer's decision (also auto-rejected, returned, expired).
        mandatory_fields: those of `CASE_FIELDS` that this kind of violation has (a red light has no
            measured value).
        auto_filled: fields filled by the system.
        edited_fields: fields that a person changed before deciding.
        payment: None where nothing is to be paid (a warning) or no notice was made.
        payment_term_end: end of the term in which payment counts.
    """

    id: str
    t_detect: datetime
    t_screened: datetime | None = None
    t_officer_decision: datetime | None = None
    decision: Decision | None = None
    mandatory_fields: frozenset[str] = CASE_FIELDS
    auto_filled: frozenset[str] = frozenset()
    edited_fields: frozenset[str] = frozenset()
    t_signed: datetime | None = None
    t_first_notification_sent: datetime | None = None
    payment: Payment | None = None
    payment_term_end: datetime | None = None
    cancelled: bool = False

    @property
    def verdict(self) -> bool | None:
        """Whether the violation took place, by the officer; None without a decision."""
        return None if self.decision is None else self.decision is not Decision.REJECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFact(Countable):
    """An alert of an incident, a fire or smoke.

    Attributes:
        kind: an incident kind, `fire` or `smoke`.
        incident_id: the incident that it belongs to; its own id where it stands alone.
        verdict: confirmed (True), false (False), or none yet or undetermined (None).
        object_id: the protected object (УТО register) it concerns.
        linked_case_id: the violation case of the same happening.
    """

    id: str
    kind: str
    t_detect: datetime
    incident_id: str | None = None
    t_onset: datetime | None = None
    t_notify_sent: datetime | None = None
    t_ack: datetime | None = None
    t_dispatch: datetime | None = None
    t_depart: datetime | None = None
    verdict: bool | None = None
    source: Source = Source.CAMERA
    object_id: str | None = None
    linked_case_id: str | None = None

    @property
    def is_fire(self) -> bool:
        """Whether initiative 10 concerns it."""
        return self.kind in FIRE_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraFact:
    """A registered camera.

    Attributes:
        up: when video was received from it; None without a log.
        analysed: when the analytics were at work on it; None without a heartbeat log.
        fixation: whether it is a photo-video fixation device.
        covered_road: stretches of road centre line that it sees.
        view: ring of the ground that it sees, used with the road network where that is known.
    """

    id: str
    commissioned_at: datetime
    decommissioned_at: datetime | None = None
    up: tuple[Interval, ...] | None = None
    analysed: tuple[Interval, ...] | None = None
    fixation: bool = True
    covered_road: tuple[Polyline, ...] = ()
    view: Polyline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FireCall(Countable):
    """One call in the fire service's journal (101, 112)."""

    id: str
    t_call_received: datetime
    t_dispatch: datetime | None = None
    t_depart: datetime | None = None
    t_arrive: datetime | None = None
    object_id: str | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """A journal taken over from outside: the span that it covers and where it came from."""

    covers_from: datetime
    covers_until: datetime
    source: str


@dataclass(frozen=True, slots=True)
class FireCallLog:
    """The fire service's journal."""

    calls: tuple[FireCall, ...]
    imported: Import


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationFact(Countable):
    """One notification of a fire event; the object's id where the event was at a protected object."""

    id: str
    t_sent: datetime
    initiator: Initiator
    recipient: Recipient
    object_id: str | None = None


@dataclass(frozen=True, slots=True)
class SensorFact:
    """A sensor or other detecting device at a protected object, with the spans in which it was heard of."""

    id: str
    object_id: str
    working: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class ProtectedObject:
    """An object of the УТО register; None as a bound means that it has always been, or still is, in it."""

    id: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ObjectRegister:
    """The register of protected objects as of a day."""

    objects: tuple[ProtectedObject, ...]
    on: date
    source: str


@dataclass(frozen=True, slots=True)
class Survey:
    """A closed survey of satisfaction with initiative 10: how many people gave each score 1..10."""

    id: str
    t_closed: datetime
    question: str
    scores: Mapping[int, int]
    source: str


@dataclass(frozen=True, slots=True)
class Dated:
    """A figure from outside with its day and origin."""

    value: float
    on: date
    source: str


@dataclass(frozen=True, slots=True)
class RoadRegister:
    """The city's roads: their length, their centre lines, or both (then the given length is the denominator)."""

    on: date
    source: str
    length_km: float | None = None
    lines: tuple[Polyline, ...] = ()


@dataclass(frozen=True, slots=True)
class FireNorm:
    """The norm of KPI 10.2: within how many minutes of the call the crew departs, or arrives."""

    minutes: float
    event: Literal["depart", "arrive"]
    on: date
    source: str


@dataclass(frozen=True, slots=True)
class CityInputs:
    """What only others can tell. None is missing.

    Attributes:
        registered_vehicles: vehicles registered in the city (9.2 A).
        passed_vehicles: distinct vehicles that passed control zones in the period (9.2 B); over several months
            the mean of the months' counts.
        payments: the payment import (9.5).
        phone_notifications: the journal of telephone notifications to 101, if they are among
            `CityFacts.notifications` (10.4).
    """

    registered_vehicles: Dated | None = None
    passed_vehicles: Dated | None = None
    roads: RoadRegister | None = None
    payments: Import | None = None
    phone_notifications: Import | None = None
    fire_norm: FireNorm | None = None


@dataclass(frozen=True, slots=True)
class Definitions:
    """The choices that the order leaves to a city, with our defaults.

    Attributes:
        vehicles: denominator of 9.2: A `registered` in the city, B `passed` the control zones.
        reaction: end of 9.8: A `ack` by the responsible service, B `dispatch`.
        repeat_window_days: 10.5: how long after a call another to the same object is a repeated one.
        known_share: share of records that must tell (a verdict, an object) for 9.9, 10.3 and 10.5 not to be
            preliminary.
    """

    vehicles: Literal["registered", "passed"] = "registered"
    reaction: Literal["dispatch", "ack"] = "dispatch"
    repeat_window_days: int = 30
    known_share: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class CityFacts:
    """Everything known of a city at `as_of`."""

    as_of: datetime
    cases: tuple[CaseFact, ...] = ()
    alerts: tuple[AlertFact, ...] = ()
    cameras: tuple[CameraFact, ...] = ()
    fire_calls: FireCallLog | None = None
    notifications: tuple[NotificationFact, ...] = ()
    sensors: tuple[SensorFact, ...] | None = None
    objects: ObjectRegister | None = None
    surveys: tuple[Survey, ...] | None = None
    inputs: CityInputs = field(default_factory=CityInputs)
    definitions: Definitions = field(default_factory=Definitions)
