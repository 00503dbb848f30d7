"""What use cases give back: read-only shapes for the JSON API and for pages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """Root of all views."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EvidenceFile(View):
    """A file of a package. `role` is clip, viewing_copy, still, crop or overlay; `moment` names a still."""

    name: str
    role: str
    media_type: str
    bytes: int
    sha256: str
    moment: str | None = None
    time: datetime | None = None


class EvidenceFault(View):
    """Why a package is not what was signed: a text key under `[verify]` of `evidence/texts`, and its values."""

    path: str
    code: str
    values: dict[str, str | int]


class EvidenceView(View):
    """An evidence package: `event_id` names it; `faults` say why it is not intact."""

    event_id: str
    intact: bool
    faults: tuple[EvidenceFault, ...]
    verified_at: datetime
    manifest_sha256: str | None
    files: tuple[EvidenceFile, ...]
    marks: dict[str, bool] = {}


class TraceStep(View):
    """One step of why the rule fired: a text key's last part under `<room>.trace`, and its values."""

    code: str
    values: dict[str, str | float | int | bool]


class HistoryItem(View):
    """One event of a record's chain. `kind` is state, an attribute, or what else happened."""

    seq: int
    at: datetime
    actor: str
    actor_name: str
    role: str
    kind: str
    source: str | None
    target: str | None
    reason: str | None
    data: dict[str, Any]
    note: str | None
    erased: int | None
    hash: str


class CaseSummary(View):
    """A line of the queue.

    Attributes:
        version: of the row; give it back with a step, so that nobody acts on an old page.
        late: nobody claimed it within the term.
        mine: the actor holds the claim.
        plate: None where it was not read, was erased, or the actor may not see it.
    """

    id: str
    version: int
    kind: str
    camera_id: str
    camera_name: dict[str, str]
    territory: str | None
    state: str
    t_detect: datetime
    score: float | None
    class_: str | None
    plate: str | None
    late: bool
    mine: bool
    claimed_by: str | None
    claimed_by_name: str | None
    second_look: str | None
    document_no: str | None
    t_signed: datetime | None
    still: str | None


class OwnerView(View):
    """Who the vehicle register names, and what it says of the vehicle; `demo` marks invented people.

    Attributes:
        vehicle: make, model and year as the register writes them.
        vehicle_type: car, van, bus or truck, where the register says so.
        colour: white, grey, black, red, yellow, green or blue, where the register says so.
        phone, email: where notices can reach the owner, where the register says so.
    """

    name: str
    iin: str
    address: str
    vehicle: str
    demo: bool
    vehicle_type: str | None = None
    colour: str | None = None
    phone: str | None = None
    email: str | None = None


LOOKS: Final = ("vehicle_type", "colour")
"""What is compared with the register, as events, sealed facts and the register's answer name it."""


class LookView(View):
    """What a camera saw of a vehicle beside what the register says of it.

    Attributes:
        name: `vehicle_type` or `colour`.
        seen: by the camera; None where it could not be told.
        registered: by the register; None where it was not asked or does not say.
        differs: both speak and say other things.
    """

    name: str
    seen: str | None
    registered: str | None
    differs: bool


class DeviceView(View):
    """The device a case rests on: its papers, what it measured, and how our camera's passage fits its record.

    Attributes:
        over_kmh: excess that counts, the margin subtracted.
        match: matched, ambiguous or none.
    """

    type: str
    serial: str
    certificate: str | None
    verification: str | None
    verified_until: date | None
    measured_kmh: float | None
    permitted_kmh: float | None
    margin_kmh: float | None
    over_kmh: float | None
    length_m: float | None
    match: str | None
    match_score: float | None
    passage_id: str | None


class MergedView(View):
    """A report that was taken for the same act as a case.

    Attributes:
        version: of the report's own row; give it back where it is parted.
        why: same_plate, doubtful_sign or same_track.
        seconds, metres: how far apart the two were; metres is None where a place is not known.
        still: `<event id>/<file name>` of its picture, under the report's own id.
        parted_at, reason: since when and why it stands by itself again.
    """

    id: str
    version: int
    camera_id: str
    camera_name: dict[str, str]
    t_detect: datetime
    why: str
    seconds: float
    metres: float | None
    plate: str | None
    still: str | None
    evidence: tuple[EvidenceView, ...]
    parted_at: datetime | None
    reason: str | None


class RepeatView(View):
    """An earlier signed case of the same plate within the term of a repeat."""

    id: str
    document_no: str | None
    kind: str
    offence: str | None
    t_signed: datetime | None


class CaseDetail(CaseSummary):
    """Everything an officer decides on.

    Attributes:
        steps: names of the steps the actor may take now (`violations.case.TRANSITIONS`).
        reasons: the reason codes of each of these steps that needs one.
        offences: ids of catalogue entries the rule's finding may be, the likeliest first.
        plate_read: the plate as the machine read it; `plate` is what holds now.
        speed_kmh: auxiliary speed from video, never a ground for a fine.
        device: what a device measured or saw, where the case rests on its record.
        looks: the vehicle's kind and colour as the camera saw them, beside the register's.
        claim_ends: when the claim lapses without a further action.
        attributes: registration, delivery, payment, appeal, enforcement of a signed case.
        plate_score, plate_uncertain: how far the machine's reading is to be trusted, and its doubtful signs, from 0.
        held_by: id of the quarantine for which it waits.
        merged: reports of the same act.
        repeats: our own signed cases of the plate within the term of a repeat.
        repeat_source: who knows of a repeat under the chosen article: store, register or both.
    """

    t_onset: datetime | None
    t_received: datetime
    line: str | None
    track: int | None
    video_s: float
    plate_read: str | None
    edited: tuple[str, ...]
    speed_kmh: float | None
    speed_uncertainty_kmh: float | None
    device: DeviceView | None
    steps: tuple[str, ...]
    reasons: dict[str, tuple[str, ...]]
    offences: tuple[str, ...]
    offence: str | None
    penalty_kind: str | None
    fine_mci: float | None
    fine_kzt: int | None
    reason: str | None
    verdict: str | None
    decided_by_name: str | None
    t_officer_decision: datetime | None
    limitation_ends: datetime | None
    claim_ends: datetime | None
    owner: OwnerView | None
    looks: tuple[LookView, ...]
    evidence: tuple[EvidenceView, ...]
    trace: tuple[TraceStep, ...]
    history: tuple[HistoryItem, ...]
    alert_id: str | None
    merged_into: str | None
    attributes: dict[str, str | None]
    t_first_notification_sent: datetime | None
    chain_fault: str | None
    plate_score: float | None = None
    plate_uncertain: tuple[int, ...] = ()
    held_by: str | None = None
    merged: tuple[MergedView, ...] = ()
    repeats: tuple[RepeatView, ...] = ()
    repeat_source: str | None = None


class CasePage(View):
    """A page of cases and how many there are in each state."""

    items: tuple[CaseSummary, ...]
    counts: dict[str, int]
    total: int


class TimeSource(View):
    """Whose clock a time is of (device, server, external, typed), and who gave it."""

    clock: str
    by: str


class ResponseView(View):
    """One service's part in an alert; `cycle` counts how many times the alert had been reopened before."""

    service: str
    cycle: int
    state: str
    number: str | None
    initiator: str
    found: bool | None
    t_sent: datetime
    t_dispatch: datetime | None
    t_call_received: datetime | None
    t_depart: datetime | None
    t_arrive: datetime | None
    t_resolved: datetime | None
    t_called_off: datetime | None
    time_sources: dict[str, TimeSource]


class MergedAlertView(View):
    """A report that was taken for the same happening; `version` is its own row's, for parting it."""

    id: str
    version: int
    kind: str
    source: str
    camera_name: dict[str, str]
    t_detect: datetime
    score: float | None
    still: str | None


class AlertSummary(View):
    """A line of the alarm list.

    Attributes:
        initiator: system, or human where a person raised it.
        sources: every camera, sensor and person that told of it.
        latitude, longitude, radius_m: where it is; the camera's own place where nothing better is known.
        escalation: how many times nobody answered in time.
        assigned_to: user id of the operator who has it in hand.
        cycle: how many times it was reopened.
        held_back: why it is held back; None where it is not.
    """

    id: str
    version: int
    type: str
    kind: str
    camera_id: str
    camera_name: dict[str, str]
    latitude: float | None
    longitude: float | None
    state: str
    held_back: str | None
    verdict: str | None
    open: bool
    is_drill: bool
    reports: int
    score: float | None
    services: tuple[str, ...]
    t_onset: datetime | None
    t_detect: datetime
    t_notify_sent: datetime | None
    t_notify_delivered: datetime | None
    t_ack: datetime | None
    t_verdict: datetime | None
    t_dispatch: datetime | None
    t_closed: datetime | None
    last_seen: datetime
    still: str | None
    initiator: str
    sensor_id: str | None
    sources: tuple[str, ...]
    radius_m: float | None
    place_source: str | None
    address: dict[str, str] | None
    severity: str | None
    certainty: str | None
    escalation: int
    t_escalated: datetime | None
    assigned_to: str | None
    cycle: int


class NotificationView(View):
    """Who was told of an alert, by which channel, by the system or a person."""

    channel: str
    recipient: str
    initiator: str
    sent_at: datetime
    delivered_at: datetime | None


class AlertDetail(AlertSummary):
    """Everything an operator decides on; `steps` and `reasons` as in `CaseDetail`."""

    t_received: datetime
    t_raised: datetime | None
    t_verify_start: datetime | None
    t_depart: datetime | None
    t_arrive: datetime | None
    t_control: datetime | None
    video_s: float
    track: int | None
    class_: str | None
    reason: str | None
    closing_code: str | None
    ack_by_name: str | None
    verdict_by_name: str | None
    incident_id: str
    case_id: str | None
    merged_into: str | None
    repeat_of: str | None
    t_call_received: datetime | None
    t_assigned: datetime | None
    assigned_to_name: str | None
    service_numbers: dict[str, str]
    time_sources: dict[str, TimeSource]
    responses: tuple[ResponseView, ...]
    merged: tuple[MergedAlertView, ...]
    steps: tuple[str, ...]
    reasons: dict[str, tuple[str, ...]]
    notifications: tuple[NotificationView, ...]
    evidence: tuple[EvidenceView, ...]
    trace: tuple[TraceStep, ...]
    history: tuple[HistoryItem, ...]
    chain_fault: str | None


class AlertPage(View):
    """A page of alerts and how many there are in each state."""

    items: tuple[AlertSummary, ...]
    counts: dict[str, int]
    total: int


class CameraView(View):
    """A registered camera and what its log says now."""

    id: str
    name: dict[str, str]
    territory: str | None
    commissioned: str | None
    retired: str | None
    latitude: float | None
    longitude: float | None
    covers: tuple[tuple[float, float], ...]
    file_version: int
    status: str
    status_at: datetime | None
    last_analysed: datetime | None
