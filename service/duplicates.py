"""Reports of one act: found when a case comes in, merged into the older case, shown beside it, parted by an officer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import or_, select

from qyran.earth import distance_m
from qyran.errors import TransitionError
from qyran.roles import OFFICERS, SYSTEM, Role
from service.access import require
from service.case_view import moved
from service.records import load
from service.store.database import Work
from service.store.events import append_event, chain_of, facts_of
from service.store.officer_tables import CaseMerge
from service.store.tables import Camera, ViolationCase
from violations.case import CaseState
from violations.duplicates import SECTION, STANDING, Report, Sameness, same_act

APART = (CaseState.MERGED, CaseState.AUTO_REJECTED, CaseState.RETURNED, CaseState.EXPIRED)
"""Nothing is merged into these: a good report would be lost with one that is set aside."""
LONGEST_STAY = timedelta(days=2)
"""How far back the first report of a stay may lie; what stands longer begins a new case."""
SYSTEM_ROLE = Role.SYSTEM


def older_case(work: Work, row: ViolationCase, plate: str | None) -> tuple[ViolationCase, Sameness] | None:
    """The case that holds the same act already, the oldest of several, with what shows it.

    Args:
        work: the unit of work.
        row: the report; it need not be stored yet.
        plate: as read.
    """
    terms = work.store.settings.merge_terms
    span = terms.span(row.kind)
    start = row.t_onset or row.t_detect
    back = LONGEST_STAY if row.kind in STANDING or row.kind == SECTION else span + (row.t_detect - start)
    cameras = _places(work, row)
    query = select(ViolationCase).where(
        ViolationCase.kind == row.kind,
        ViolationCase.t_detect.between(row.t_detect - back, row.t_detect + back),
        ViolationCase.last_seen >= start - span,
        ViolationCase.camera_id.in_(cameras),
        ViolationCase.state.not_in(APART),
        or_(ViolationCase.state != CaseState.CLOSED, ViolationCase.verdict.is_not(None)),
        ViolationCase.id != row.id,
    )
    with work.session.no_autoflush:
        found = work.session.scalars(query.order_by(ViolationCase.t_detect, ViolationCase.id).with_for_update()).all()
        parted = set(work.session.scalars(select(CaseMerge.into).where(CaseMerge.case_id == row.id)))
        parted |= set(work.session.scalars(select(CaseMerge.case_id).where(CaseMerge.into == row.id)))
        plates = _plates(work, row, plate, found)
    mine = _report(row, plate, cameras)
    for one in found:
        same = None if one.id in parted else same_act(_report(one, plates.get(one.id), cameras), mine, terms)
        if same is not None:
            return one, same
    return None


def merge(work: Work, row: ViolationCase, older: ViolationCase, same: Sameness, plate: str | None) -> None:
    """Put a report under the case that holds its act; that case takes over a plate it lacks.

    Args:
        work: the unit of work.
        row: the report.
        older: the case that keeps both.
        same: what shows that they are one.
        plate: of the report.
    """
    metres = None if same.metres is None else round(same.metres, 1)
    data = {"why": same.why, "seconds": round(same.seconds, 3), "metres": metres}
    moved(work, row, CaseState.MERGED, actor=SYSTEM, step="merge", data={"into": older.id, **data})
    row.merged_into = older.id
    work.session.add(
        CaseMerge(case_id=row.id, into=older.id, why=same.why, seconds=same.seconds, metres=metres, at=work.now)
    )
    lent = plate if older.plate_token is None and older.verdict is None else None
    older.last_seen = max(older.last_seen, row.t_detect)
    told = {"report": row.id, **data, **({"plate_of": row.id} if lent else {})}
    payload = {"plate": lent, "plate_read": lent} if lent else None
    append_event(replace(work, actor=SYSTEM), older, "seen_again", SYSTEM_ROLE, data=told, payload=payload)
    if lent:
        older.plate_token, older.plate_read = row.plate_token, True
        older.plate_score, older.plate_uncertain = row.plate_score, row.plate_uncertain


def merge_again(work: Work, row: ViolationCase) -> bool:
    """Before a case comes back to the queue: put it under one that meanwhile holds its act; whether there is one."""
    plate = facts_of(work.session, work.store.vault, [row.id])[row.id].get("plate")
    found = older_case(work, row, plate)
    if found is None:
        return False
    merge(work, row, *found, plate)
    return True


def unmerge(work: Work, case_id: str, reason: str, note: str | None, version: int | None) -> ViolationCase:
    """Part a report from the case it was put under; it stands as a new finding, and the pair is not merged again.

    Raises:
        TransitionError: it is not merged, or another officer has the other case under review.
        AccessError: the actor is no officer.
    """
    require(work.actor, OFFICERS)
    row = load(work, ViolationCase, case_id, version)
    older = None if row.merged_into is None else load(work, ViolationCase, row.merged_into)
    held = older is not None and older.state == CaseState.IN_REVIEW and older.claimed_by != work.actor.id
    if held and Role.SENIOR_OFFICER not in work.actor.roles:
        raise TransitionError("The step part is refused: another officer reviews it; a senior officer can part it.")
    payload = {"note": note.strip()} if note and note.strip() else None
    moved(work, row, CaseState.DETECTED, reason, step="part", data={"from": row.merged_into}, payload=payload)
    row.merged_into = None
    if older is None:
        return row
    pair = work.session.get_one(CaseMerge, (row.id, older.id))
    pair.parted_at, pair.parted_by, pair.reason = work.now, work.actor.id, reason
    role = work.actor.acts_as(OFFICERS) or Role.POLICE_OFFICER
    returned = _plate_lent(work, older, row)
    append_event(work, older, "parted", role, reason=reason, data={"report": row.id},
                 payload={"plate": None, "plate_read": None} if returned else None)  # fmt: skip
    if returned:
        older.plate_token, older.plate_read, older.plate_score, older.plate_uncertain = None, False, None, None
    return row


def merges_of(work: Work, case_id: str) -> list[CaseMerge]:
    """Reports that were put under a case, the parted ones too, in order."""
    return list(
        work.session.scalars(
            select(CaseMerge).where(CaseMerge.into == case_id).order_by(CaseMerge.at, CaseMerge.case_id)
        )
    )


def _plate_lent(work: Work, older: ViolationCase, row: ViolationCase) -> bool:
    """Whether the case's plate is still the one it took over from a report."""
    if older.verdict is not None or "plate" in older.edited or older.plate_token != row.plate_token:
        return False
    came_in = (chain_of(work.session, work.store.vault, older)[0].payload or {}).get("plate")
    return row.plate_token is not None and came_in is None


def _places(work: Work, row: ViolationCase) -> dict[str, tuple[float, float] | None]:
    """Cameras that may have seen the same act, with their places."""
    rows = work.session.execute(select(Camera.id, Camera.latitude, Camera.longitude)).all()
    known = {id_: (lat, lon) if lat is not None and lon is not None else None for id_, lat, lon in rows}
    here = known.get(row.camera_id)
    most = work.store.settings.merge_metres
    near = {
        id_: place
        for id_, place in known.items()
        if row.kind == SECTION or (here is not None and place is not None and distance_m(here, place) <= most)
    }
    return {**near, row.camera_id: here}


def _plates(work: Work, row: ViolationCase, plate: str | None, found: Iterable[ViolationCase]) -> dict[str, str | None]:
    """Plates of the cases found: opened only where tokens cannot answer."""
    if plate is None:
        return {}
    plates = {one.id: plate for one in found if one.plate_token == row.plate_token}
    others = [one.id for one in found if one.plate_token is not None and one.id not in plates]
    facts = facts_of(work.session, work.store.vault, others)
    return {**plates, **{one: facts[one].get("plate") for one in others}}


def _report(row: ViolationCase, plate: str | None, places: dict[str, tuple[float, float] | None]) -> Report:
    start = min(row.t_onset or row.t_detect, row.t_detect)
    return Report(
        kind=row.kind,
        camera=row.camera_id,
        place=places.get(row.camera_id),
        line=row.line,
        track=row.track,
        plate=plate,
        doubtful=frozenset(row.plate_uncertain or ()),
        start=start,
        end=max(row.last_seen, row.t_detect),
    )
