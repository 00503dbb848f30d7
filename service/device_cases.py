"""Judging what devices delivered: each waiting record becomes a case in the spool, or keeps the reason why not."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import select

from evidence.keys import installation_signer
from evidence.record_package import RecordPicture, write_record_package
from evidence.subject import Subject
from qyran.roles import SYSTEM
from service.devices import CASE, clear_workshop, forget_picture, opened, picture_path, received_of, workshop
from service.event import Event
from service.plate_index import plate_of
from service.record_evidence import device_papers, record_subject
from service.spool import Spool
from service.store.database import Store, Work
from service.store.record_tables import DeviceRecord as Row
from service.store.tables import Passage
from violations.device_match import WINDOW_S, Match, Seen, match
from violations.devices import DeviceRecord
from violations.record_rule import RecordRule
from violations.rules import phone, seat_belt, section_speeding, speeding
from vision.finding import Reason

RULES: Final[dict[str, RecordRule[DeviceRecord]]] = {
    rule.kind: rule for rule in (speeding.RULE, section_speeding.RULE, seat_belt.RULE, phone.RULE)
}
"""Every rule about records of devices."""
PATIENCE: Final = timedelta(seconds=20)
"""How long a record waits for the passage it is about: our camera reports one once its plate is read."""
AT_ONCE: Final = timedelta(0)
MOMENT: Final = "device"
ERASED: Final = "erased"
MATCH_CODES: Final = {"matched": "device_matched", "ambiguous": "device_ambiguous", "none": "device_unmatched"}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a round did: cases put into the spool, records that ground none."""

    cases: int = 0
    none: int = 0


def settle(store: Store, patience: timedelta = PATIENCE) -> Settled:
    """Judge every waiting record whose passage is there, or that waited long enough for it.

    Args:
        store: the store.
        patience: how long a record waits for its passage after it was received.
    """
    with store.read(SYSTEM) as work:
        names = work.session.scalars(select(Row.id).where(Row.outcome.is_(None)).order_by(Row.received_at)).all()
    done = Settled()
    for name in names:
        outcome = _settle(store, name, patience)
        if outcome == CASE:
            done = replace(done, cases=done.cases + 1)
        elif outcome is not None:
            done = replace(done, none=done.none + 1)
    return done


def _settle(store: Store, name: str, patience: timedelta) -> str | None:
    with store.write(SYSTEM) as work:
        row = work.session.get_one(Row, name, with_for_update=True)
        if row.outcome is not None:
            return None
        record = opened(work, row)
        if record is None:
            row.outcome = ERASED
            return row.outcome
        found = match(record, _passages(work, record))
        if found.status == "none" and work.now - row.received_at < patience:
            return None
        day = record.time.astimezone(store.settings.zone).date()
        judged = RULES[record.kind].judge(record, day)
        passage = work.session.get(Passage, found.seen) if found.seen else None
        trace = judged.trace + (_seen(found, passage, store) if judged.holds else ())
        row.trace = [{"code": step.code, "values": dict(step.values)} for step in trace]
        row.match, row.passage_id, row.match_score = found.status, found.seen, round(found.score, 3)
        row.over_kmh = judged.over_kmh
        if not judged.holds:
            row.outcome = judged.trace[-1].code
            forget_picture(store, name)
            return row.outcome
        held = row.picture_held
        event = _event(name, record, found, passage, held=held)
        subject = record_subject(work, event, judged, trace, plate=record.plate, source=MOMENT)
        received = received_of(work, row)
    _hand_over(store, event, subject, record, received, held=held)
    with store.write(SYSTEM) as work:
        work.session.get_one(Row, name, with_for_update=True).outcome = CASE
    forget_picture(store, name)
    return CASE


def _hand_over(
    store: Store, event: Event, subject: Subject, record: DeviceRecord, received: str | None, *, held: bool
) -> None:
    """Write the evidence and put the event into the spool; repeating it changes nothing."""
    package: Path | None = None
    path = picture_path(store, str(event.id))
    if held and path.exists():
        picture = RecordPicture(MOMENT, record.time, path.read_bytes())
        signer = installation_signer(store.settings.home)
        content = record.model_dump(mode="json")
        package = write_record_package(
            subject,
            content,
            [picture],
            workshop(store),
            signer,
            received=None if received is None else received.encode(),
            papers=device_papers(store.settings, record.device_serial),
        ).folder
    Spool(store.settings.spool_folder).put(event, package)
    clear_workshop(store, str(event.id))


def _passages(work: Work, record: DeviceRecord) -> list[Seen]:
    near = timedelta(seconds=WINDOW_S)
    query = select(Passage).where(
        Passage.camera_id == record.camera, Passage.time.between(record.time - near, record.time + near)
    )
    return [
        Seen(
            id=row.id,
            time=row.time,
            plate=plate_of(work, row),
            lane=row.lane,
            direction=row.direction,
            speed_kmh=row.speed_kmh,
            sigma_kmh=row.speed_uncertainty_kmh,
        )
        for row in work.session.scalars(query)
    ]


def _seen(found: Match, passage: Passage | None, store: Store) -> tuple[Reason, ...]:
    values: tuple[tuple[str, str | float], ...] = (("score", round(found.score, 2)),)
    if passage is None:
        return (Reason(MATCH_CODES[found.status], values if found.status == "ambiguous" else ()),)
    at = f"{passage.time.astimezone(store.settings.zone):%H:%M:%S}"
    said = [Reason(MATCH_CODES[found.status], (("at", at), *values))]
    if passage.speed_kmh is not None:
        said.append(Reason("video_speed", (("speed_kmh", round(passage.speed_kmh)),)))
    return tuple(said)


def _event(name: str, record: DeviceRecord, found: Match, passage: Passage | None, *, held: bool) -> Event:
    since = (record.exit_time - record.entry_time) if record.exit_time and record.entry_time else None
    return Event(
        id=UUID(name),
        type="violation",
        kind=record.kind,
        camera=record.camera,
        time=record.time,
        video_s=0.0,
        onset_s=None if since is None else -since.total_seconds(),
        class_=record.vehicle_class or (passage.class_ if passage else None),
        direction=record.direction,
        plate=record.plate,
        speed_kmh=passage.speed_kmh if passage else None,
        speed_uncertainty_kmh=passage.speed_uncertainty_kmh if passage else None,
        score=round(found.score, 3) if passage else None,
        evidence="evidence" if held else None,
    )
