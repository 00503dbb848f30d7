"""Cameras whose rule is under quarantine: their new cases wait, marked, until a senior officer ends it with a reason.

What waits stays `screened` with a mark and is not `returned`: a return is a person's finding about one case, goes into
the camera's statistics, and closes with the retention term. A quarantine is a doubt about a camera, and each of its
cases may be sound; only the limitation goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import func, select

from qyran.errors import AccessError, InputError, NotFound, TransitionError
from qyran.roles import SYSTEM, Role
from service.access import require
from service.case_view import moved
from service.notices import Told, tell
from service.store.database import Work
from service.store.events import append_event
from service.store.officer_tables import Quarantine
from service.store.tables import AppUser, Camera, ViolationCase
from violations.case import CaseState

KEEPERS: Final = frozenset({Role.SENIOR_OFFICER})
READERS: Final = frozenset({Role.SENIOR_OFFICER, Role.CAMERA_OPERATOR, Role.ADMINISTRATOR, Role.AUDITOR})
TOLD: Final = (Role.SENIOR_OFFICER, Role.CAMERA_OPERATOR)
"""Who is told that a quarantine began or ended: those who decide on it, and who keeps the camera."""
BEGIN_REASONS: Final = ("rejections_jumped", "camera_moved", "markings_changed", "device_doubtful")
END_REASONS: Final = ("camera_repaired", "scene_redrawn", "false_alarm", "camera_retired")
HOLD: Final = "held"
LIFT: Final = "hold_lifted"

OUTCOMES: Final = ("released", "returned")
"""What becomes of the cases that waited."""


@dataclass(frozen=True, slots=True)
class QuarantineView:
    """A quarantine as lists show it; `waiting` is how many cases wait for its end."""

    id: str
    camera_id: str
    kind: str
    began_at: datetime
    began_by: str
    reason: str
    figures: dict[str, Any]
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str | None
    outcome: str | None
    waiting: int


def holding(work: Work, camera_id: str, kind: str) -> Quarantine | None:
    """The quarantine that holds for a camera's rule now."""
    query = select(Quarantine).where(
        Quarantine.camera_id == camera_id, Quarantine.kind == kind, Quarantine.ended_at.is_(None)
    )
    return work.session.scalar(query.order_by(Quarantine.began_at).limit(1))


def hold(work: Work, row: ViolationCase, under: Quarantine) -> None:
    """Let a case of the queue wait for the end of a quarantine."""
    row.held_by = under.id
    data = {"quarantine": under.id}
    append_event(replace(work, actor=SYSTEM), row, HOLD, Role.SYSTEM, reason=under.reason, data=data)


def begin(
    work: Work,
    camera_id: str,
    kind: str,
    reason: str,
    *,
    figures: Mapping[str, Any] | None = None,
    anchor: str | None = None,
    since: datetime | None = None,
) -> str:
    """Put a camera's rule under quarantine; its id.

    Args:
        work: the unit of work of a senior officer or the system.
        camera_id: the camera.
        kind: the rule.
        reason: one of `BEGIN_REASONS`.
        figures: what was counted.
        anchor: the case whose chain holds the beginning; the newest of the camera and rule where not given.
        since: cases of the queue detected from then on are held too; None holds none that waits already.

    Raises:
        AccessError: the actor is neither, or of another territory.
        InputError: there is no such reason.
        NotFound: there is no such camera.
        TransitionError: it is under quarantine already.
    """
    role = require(work.actor, KEEPERS | {Role.SYSTEM})
    camera = _camera(work, camera_id)
    if reason not in BEGIN_REASONS:
        raise InputError(f"A quarantine begins for one of these reasons: {', '.join(BEGIN_REASONS)}.")
    if holding(work, camera_id, kind) is not None:
        raise TransitionError(f"The rule {kind} of the camera {camera_id} is under quarantine already.")
    made = Quarantine(id=str(uuid4()), camera_id=camera_id, kind=kind, began_at=work.now, began_by=work.actor.id)
    made.reason, made.figures, made.anchor = reason, dict(figures or {}), anchor or _newest(work, camera_id, kind)
    work.session.add(made)
    work.session.flush()
    _note(work, made, "quarantine_began", role, reason, dict(figures or {}))
    for row in _waiting(work, camera_id, kind, since) if since else ():
        hold(work, row, made)
    values = {"camera": camera_id, "kind": kind, "reason": reason}
    tell(work, Told("quarantine_began", made.id, values, TOLD, camera.territory))
    return made.id


def end(work: Work, quarantine_id: str, reason: str, outcome: str, note: str | None = None) -> int:
    """End a quarantine; what waited goes back to the queue or, as technical junk, to the camera's keepers.

    What is returned closes with the retention term, so that a slip can be repaired until then.

    Args:
        work: the unit of work of a senior officer.
        quarantine_id: which.
        reason: one of `END_REASONS`.
        outcome: released or returned.
        note: free words, kept sealed in the chain of each case.

    Returns:
        How many cases waited.

    Raises:
        AccessError: the actor is no senior officer, or of another territory.
        InputError: there is no such reason or outcome.
        NotFound: there is no such quarantine.
        TransitionError: it has ended.
    """
    role = require(work.actor, KEEPERS)
    row = work.session.get(Quarantine, quarantine_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"There is no quarantine {quarantine_id}.")
    camera = _camera(work, row.camera_id)
    if row.ended_at is not None:
        raise TransitionError("The quarantine has ended already.")
    if reason not in END_REASONS or outcome not in OUTCOMES:
        raise InputError(
            f"A quarantine ends for one of {', '.join(END_REASONS)}, and its cases are {' or '.join(OUTCOMES)}."
        )
    row.ended_at, row.ended_by, row.end_reason, row.outcome = work.now, work.actor.id, reason, outcome
    waited = work.session.scalars(
        select(ViolationCase).where(ViolationCase.held_by == row.id).order_by(ViolationCase.id).with_for_update()
    ).all()
    payload = {"note": note.strip()} if note and note.strip() else None
    for case in waited:
        case.held_by = None
        append_event(work, case, LIFT, role, reason=reason, data={"quarantine": row.id}, payload=payload)
        if outcome == "returned" and case.state == CaseState.SCREENED:
            moved(work, case, CaseState.RETURNED, "quarantine", step="return")
            case.reason = "quarantine"
    _note(work, row, "quarantine_ended", role, reason, {"outcome": outcome, "cases": len(waited)})
    values = {"camera": row.camera_id, "kind": row.kind, "reason": reason}
    tell(work, Told("quarantine_ended", row.id, values, TOLD, camera.territory))
    return len(waited)


def quarantines(work: Work, *, ended: bool = True, limit: int = 100) -> tuple[QuarantineView, ...]:
    """Quarantines of the actor's territories, those that hold first, then the newest."""
    require(work.actor, READERS)
    query = select(Quarantine).order_by(Quarantine.ended_at.is_not(None), Quarantine.began_at.desc()).limit(limit)
    if not ended:
        query = query.where(Quarantine.ended_at.is_(None))
    rows = work.session.scalars(query).all()
    near = {row.id for row in cameras_in_sight(work)}
    counted = select(ViolationCase.held_by, func.count()).where(ViolationCase.held_by.is_not(None))
    waiting: dict[str | None, int] = dict(work.session.execute(counted.group_by(ViolationCase.held_by)).all())
    people = _names(work, (one for row in rows for one in (row.began_by, row.ended_by) if one))
    return tuple(
        QuarantineView(
            id=row.id,
            camera_id=row.camera_id,
            kind=row.kind,
            began_at=row.began_at,
            began_by=people.get(row.began_by, row.began_by),
            reason=row.reason,
            figures=dict(row.figures),
            ended_at=row.ended_at,
            ended_by=people.get(row.ended_by or "", row.ended_by),
            end_reason=row.end_reason,
            outcome=row.outcome,
            waiting=waiting.get(row.id, 0),
        )
        for row in rows
        if row.camera_id in near
    )


def cameras_in_sight(work: Work) -> list[Camera]:
    """Cameras of the actor's territories."""
    mine = work.actor.territories
    rows = work.session.scalars(select(Camera).order_by(Camera.id))
    return [row for row in rows if not mine or row.territory is None or row.territory in mine]


def _camera(work: Work, camera_id: str) -> Camera:
    camera = work.session.get(Camera, camera_id)
    if camera is None:
        raise NotFound(f"There is no camera {camera_id}.")
    mine = work.actor.territories
    if mine and camera.territory is not None and camera.territory not in mine:
        raise AccessError(f"The camera belongs to the territory {camera.territory}, which is not yours.")
    return camera


def _newest(work: Work, camera_id: str, kind: str) -> str | None:
    query = select(ViolationCase.id).where(ViolationCase.camera_id == camera_id, ViolationCase.kind == kind)
    return work.session.scalar(query.order_by(ViolationCase.t_detect.desc(), ViolationCase.id).limit(1))


def _waiting(work: Work, camera_id: str, kind: str, since: datetime) -> Iterable[ViolationCase]:
    query = select(ViolationCase).where(
        ViolationCase.camera_id == camera_id,
        ViolationCase.kind == kind,
        ViolationCase.state == CaseState.SCREENED,
        ViolationCase.t_detect >= since,
        ViolationCase.held_by.is_(None),
    )
    return work.session.scalars(query.order_by(ViolationCase.id).with_for_update()).all()


def _note(work: Work, row: Quarantine, what: str, role: Role, reason: str, data: Mapping[str, Any]) -> None:
    """Write into the ledger that it began or ended: into the chain of the case it is anchored to."""
    case = work.session.get(ViolationCase, row.anchor, with_for_update=True) if row.anchor else None
    if case is not None:
        told = {"quarantine": row.id, "camera": row.camera_id, "kind": row.kind, **data}
        append_event(work, case, what, role, reason=reason, data=told)


def _names(work: Work, ids: Iterable[str]) -> dict[str, str]:
    return dict(work.session.execute(select(AppUser.id, AppUser.name).where(AppUser.id.in_(set(ids)))).all())
