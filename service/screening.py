"""Screening: whether an officer has to look at a finding at all, with a reason code wherever one need not.

What is set aside is stored with its evidence; a random share of it is looked at by officers all the same, and a senior
officer may take any of it back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from qyran.roles import SYSTEM
from service.case_view import moved
from service.event import Event
from service.exemptions import exemption_of
from service.quarantine import hold, holding
from service.registers import parking_fault
from service.samples import draw
from service.store.database import Work
from service.store.record_tables import DeviceRecord
from service.store.tables import Camera, ViolationCase
from service.taking import Package, package_of
from violations.case import CaseState
from violations.offences import about, kinds

IN_ACT: Final = "in_act"
"""The still without which nothing shows the act."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a finding is set aside: a reason code, and public facts that go with it."""

    code: str
    data: dict[str, Any] = field(default_factory=dict)


def screen(work: Work, row: ViolationCase, event: Event, package: Package | None) -> None:
    """Put a detected case into the queue, set it aside with the reason, or let it expire where it came too late."""
    if row.limitation_ends is not None and work.now >= row.limitation_ends:
        moved(work, row, CaseState.EXPIRED, actor=SYSTEM, step="expire")
        return
    fault = fault_of(work, row, event, package)
    if fault is None:
        moved(work, row, CaseState.SCREENED, actor=SYSTEM, step="screen")
    else:
        drawn = draw(work.store, "rejection", row.id, work.store.settings.sample_auto_rejected)
        data = {**fault.data, **drawn.data}
        moved(work, row, CaseState.AUTO_REJECTED, fault.code, actor=SYSTEM, step="auto_reject", data=data)
        row.reason = fault.code
        if not drawn.hit:
            return
        moved(work, row, CaseState.SCREENED, "random_sample", actor=SYSTEM, step="sample")
    row.t_screened = work.now
    under = holding(work, row.camera_id, row.kind)
    if under is not None:
        hold(work, row, under)


def screen_again(work: Work, row: ViolationCase) -> None:
    """Screen a case that stands by itself again after it was parted from another."""
    screen(work, row, _event_of(row), package_of(work, row.id))


def fault_of(work: Work, row: ViolationCase, event: Event, package: Package | None) -> Fault | None:
    """Why an officer need not look at a finding, the weightiest reason first, or None."""
    code = _evidence_fault(work, event, package) or _measurement_fault(work, event) or _plate_fault(work, row)
    if code is not None:
        return Fault(code)
    zone = package.manifest.finding.zone if package and package.manifest else None
    exempt = exemption_of(work, event, row.plate_token, zone)
    if exempt is not None:
        return Fault(exempt.reason, {"exempt_by": exempt.by})
    code = parking_fault(work, event, row.plate_token, zone)
    return None if code is None else Fault(code)


def _evidence_fault(work: Work, event: Event, package: Package | None) -> str | None:
    if package is None:
        return "evidence_missing"
    if package.faults or package.manifest is None:
        return "evidence_altered"
    if work.session.get(Camera, event.camera) is None:
        return "camera_unknown"
    roles = {entry.role for entry in package.manifest.files}
    filmed = _ground(event.kind) == "camera"
    whole = {"clip", "still"} <= roles if filmed else bool({"still", "crop"} & roles)
    if not whole or any(gap.moment == IN_ACT for gap in package.manifest.gaps):
        return "evidence_incomplete"
    offset = package.manifest.clock.get("offset_ms")
    most = timedelta(seconds=work.store.settings.clock_offset_s)
    off = isinstance(offset, int | float) and abs(timedelta(milliseconds=offset)) > most
    return "clock_wrong" if off else None


def _measurement_fault(work: Work, event: Event) -> str | None:
    """Only a measurement of a certified device whose verification held that day grounds a case of speed."""
    if _ground(event.kind) != "certified_device":
        return None
    record = work.session.get(DeviceRecord, str(event.id))
    if record is None or record.over_kmh is None or not (record.certificate and record.verification):
        return "measurement_absent"
    day = event.time.astimezone(work.store.settings.zone).date()
    return "certificate_expired" if record.verified_until is None or record.verified_until < day else None


def _plate_fault(work: Work, row: ViolationCase) -> str | None:
    settings = work.store.settings
    if row.plate_token is None:
        return "plate_unread" if settings.plate_required else None
    return "plate_uncertain" if row.plate_score is not None and row.plate_score < settings.plate_least else None


def _ground(kind: str) -> str:
    return about(kind).ground if kind in kinds() else "camera"


def _event_of(row: ViolationCase) -> Event:
    """What the rules of screening ask of the finding, from the case."""
    since = (row.t_detect - row.t_onset) if row.t_onset else None
    return Event(
        id=UUID(row.id),
        type="violation",
        kind=row.kind,
        camera=row.camera_id,
        time=row.t_detect,
        video_s=row.video_s,
        onset_s=None if since is None else row.video_s - since / timedelta(seconds=1),
        track=row.track,
        class_=row.class_,
        line=row.line,
    )
