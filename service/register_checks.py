"""Asking the registers about a passage: where a plate beyond doubt has no cover, one case a plate, kind and day."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

from evidence.keys import installation_signer
from evidence.record_package import RecordPicture, write_record_package
from service.event import Event
from service.objects_store import local_folder
from service.passage_still import VEHICLE, VIEW
from service.plates import normal
from service.ports.road_registers import KIND_OF, Register, RoadRegister, road_register
from service.record_evidence import record_subject
from service.spool import Spool
from service.store.bulk import there
from service.store.tables import Camera, Ingested, Passage
from violations.record_rule import RecordRule
from violations.registers import RegisterCheck
from violations.rules import no_inspection, no_insurance

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from service.store.database import Work
    from violations.record_rule import Judgement

RULES: Final[dict[str, RecordRule[RegisterCheck]]] = {
    rule.kind: rule for rule in (no_insurance.RULE, no_inspection.RULE)
}
NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:qyran:register-check")
MOMENTS: Final = ((VEHICLE, "in_act"), (VIEW, "wide"))
"""Pictures of a passage, and what they are called in a case."""


def check_passages(work: Work, events: Sequence[Event]) -> int:
    """Ask every register about passages that were just stored; how many cases went into the spool.

    A case's id is made of plate, kind and the city's day, so that a car without cover makes one case a day, and a
    repetition after a kill none.
    """
    asking = [(register, asked, asked.state(work)) for register in KIND_OF if (asked := road_register(work, register))]
    asking = [one for one in asking if one[2] is not None]
    known = there(work.session, Camera.id, {event.camera for event in events}) if asking else set[str]()
    zone = work.store.settings.zone
    read = [
        (event, normal(event.plate), event.time.astimezone(zone).date())
        for event in events
        if event.plate is not None and event.camera in known
    ]
    return sum(_check(work, read, register, asked, as_of) for register, asked, as_of in asking if as_of and read)


def _check(
    work: Work, read: Sequence[tuple[Event, str, date]], register: Register, asked: RoadRegister, as_of: datetime
) -> int:
    covers, count = asked.covers_of(work, {(plate, day) for _, plate, day in read}), 0
    for event, plate, day in read:
        record = RegisterCheck(
            time=event.time,
            plate_score=event.plate_score,
            doubtful=len(event.plate_uncertain or ()),
            register=asked.name,
            as_of=as_of,
            cover=covers[plate, day],
        )
        kind = KIND_OF[register]
        judged = RULES[kind].judge(record, day)
        if judged.holds:
            _hand_over(work, event, plate, kind, judged, day)
            count += 1
    return count


def _hand_over(work: Work, event: Event, plate: str, kind: str, judged: Judgement, day: date) -> None:
    store = work.store
    name = uuid5(NAMESPACE, f"{kind} {store.vault.token(plate)} {day.isoformat()}")
    if work.session.get(Ingested, str(name)) is not None:
        return
    pictures = _pictures(work, event)
    finding = Event(
        id=name,
        type="violation",
        kind=kind,
        camera=event.camera,
        time=event.time,
        video_s=event.video_s,
        track=event.track,
        class_=event.class_,
        line=event.line,
        direction=event.direction,
        plate=plate,
        vehicle_type=event.vehicle_type,
        colour=event.colour,
        score=event.plate_score,
        evidence="evidence" if pictures else None,
    )
    package: Path | None = None
    if pictures:
        subject = record_subject(work, finding, judged, judged.trace, plate=plate, source="camera")
        said: dict[str, Any] = {
            "passage": str(event.id),
            "kind": kind,
            "day": day.isoformat(),
            "trace": [{"code": step.code, "values": dict(step.values)} for step in judged.trace],
        }
        folder = store.settings.home / "register-packages"
        signer = installation_signer(store.settings.home)
        package = write_record_package(subject, said, pictures, folder, signer).folder
    Spool(store.settings.spool_folder).put(finding, package)


def _pictures(work: Work, event: Event) -> list[RecordPicture]:
    row = work.session.get(Passage, str(event.id))
    if row is None or row.still is None:
        return []
    folder = local_folder(work.store.settings, "passages", row.still)
    return [
        RecordPicture(moment, event.time, (folder / name).read_bytes())
        for name, moment in MOMENTS
        if (folder / name).is_file()
    ]
