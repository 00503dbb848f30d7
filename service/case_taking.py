"""Taking a finding of a violation into the store: one case, merged into an older one or screened."""

from __future__ import annotations

from typing import Any

from service import law
from service.case_view import moved
from service.duplicates import merge, older_case
from service.event import Event
from service.fault_points import reach
from service.plate_index import remember
from service.plates import normal
from service.screening import screen
from service.store.database import Work
from service.store.record_tables import DeviceRecord
from service.store.tables import Camera, ViolationCase
from service.taking import Package, common, keep, link, origin
from service.views import LOOKS
from violations.case import CaseState


def take_violation(work: Work, event: Event, package: Package | None) -> None:
    """Store a finding as a case."""
    plate = normal(event.plate) if event.plate else None
    camera = work.session.get(Camera, event.camera)
    score, doubtful = _certainty(package, plate)
    row = ViolationCase(
        **common(work, event, package),
        territory=camera.territory if camera else None,
        plate_token=remember(work, plate) if plate else None,
        plate_read=plate is not None,
        plate_score=score,
        plate_uncertain=doubtful,
        speed_kmh=event.speed_kmh,
        speed_uncertainty_kmh=event.speed_uncertainty_kmh,
        limitation_ends=law.limitation_ends(work.store, event.time),
        over_kmh=_over_kmh(work, event),
        edited=[],
    )
    work.session.add(row)
    older = older_case(work, row, plate)
    payload: dict[str, Any] = {"plate": plate, "plate_read": plate} if plate else {}
    payload |= {name: seen for name in LOOKS if (seen := getattr(event, name)) is not None}
    moved(work, row, CaseState.DETECTED, payload=payload, data=origin(event, package))
    keep(work, row.id, event, package)
    if older is not None:
        merge(work, row, *older, plate)
        return
    screen(work, row, event, package)
    link(work, event, row)
    reach(work.store, "case.written")


def _certainty(package: Package | None, plate: str | None) -> tuple[float | None, list[int] | None]:
    """How far the plate's reading is to be trusted, and its doubtful signs, by the signed manifest."""
    read = package.manifest.plate if package and package.manifest else None
    if plate is None or read is None or normal(read.text) != plate:
        return None, None
    return round(read.score, 3), list(read.uncertain)


def _over_kmh(work: Work, event: Event) -> float | None:
    """The excess a certified device measured; None for what no device grounds."""
    record = work.session.get(DeviceRecord, str(event.id))
    return None if record is None else record.over_kmh
