"""A case's row as the life cycle, the queue and the officer's page see it; and the one way to move it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from qyran.errors import AccessError, TransitionError
from qyran.roles import MACHINE_ROLES, Actor, Role
from service import law
from service.auth import names
from service.case_related import merged_views, repeat_views
from service.device_view import device_of
from service.records import camera_names, evidence_of, evidence_views, history_of, name_of, still_of, trace_of
from service.store.database import Work
from service.store.events import STATE, append_event, facts_of
from service.store.tables import ViolationCase
from service.views import LOOKS, CaseDetail, CaseSummary, LookView, OwnerView
from violations.case import FIRST, REASONS, TRANSITIONS, Attribute, CaseState, CaseStep, CaseView, check, has_ended
from violations.offences import about, kinds

PLATE_READERS = frozenset(Role) - {Role.ADMINISTRATOR, Role.EVALUATOR, Role.CAMERA_OPERATOR}
UNDECIDED = {CaseState.RETURNED, CaseState.AUTO_REJECTED, CaseState.MERGED}


def view_of(row: ViolationCase, *, retention_days: int = 0, looked_at: bool = False) -> CaseView:
    """What the conditions of the table look at; `looked_at` asks as if no second look were due."""
    missing = [name for name, held in (("plate", row.plate_token), ("offence", row.offence)) if not held]
    if row.over_kmh is None and row.kind in kinds() and about(row.kind).ground == "certified_device":
        missing.append("measurement")
    state = CaseState(row.state) if row.state else None
    attributes = {one: getattr(row, one) or FIRST[one] for one in Attribute}
    return CaseView(
        state=state,
        claimed_by=row.claimed_by,
        claimed_at=row.claimed_at,
        first_reviewer=row.first_reviewer,
        confirmed_by=row.decided_by,
        territory=row.territory,
        missing=tuple(missing),
        penalty_kind=row.penalty_kind,
        second_look_due=bool(row.second_look) and not row.second_looked and not looked_at,
        limitation_ends=row.limitation_ends,
        ended=state is not None and has_ended(state, row.penalty_kind, attributes),
        retained_until=row.changed_at + timedelta(days=retention_days) if state in UNDECIDED else None,
        held=row.held_by is not None,
    )


def moved(
    work: Work,
    row: ViolationCase,
    target: CaseState,
    reason: str | None = None,
    *,
    actor: Actor | None = None,
    step: str | None = None,
    as_of: datetime | None = None,
    payload: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Move a case to a state and append the event, or refuse.

    Args:
        work: the unit of work.
        row: the case.
        target: the state wanted.
        reason: reason code.
        actor: who moves it, if not the actor of the unit of work (the system, on an officer's request).
        step: the step's name; none that merely leads to the same state is taken instead.
        as_of: the moment its conditions are asked for, for jobs run for another day; None means now.
        payload: what may be personal.
        data: public facts.

    Raises:
        TransitionError: the table does not allow it now.
        AccessError: it does not allow it to this actor.
    """
    who = actor or work.actor
    settings = work.store.settings
    view = view_of(row, retention_days=settings.retention_days)
    transition = check(view, CaseStep(target, as_of or work.now, reason, settings.terms, step), who)
    role = who.acts_as(transition.roles) or Role.SYSTEM
    append_event(replace(work, actor=who), row, STATE, role, target=target, reason=reason, data=data, payload=payload)


def possible(work: Work, row: ViolationCase) -> tuple[str, ...]:
    """Names of the steps the actor may take now, as far as they can be told before the form is filled."""
    view = replace(
        view_of(row, retention_days=work.store.settings.retention_days, looked_at=True),
        missing=(),
        penalty_kind=None,
    )
    found = []
    for transition in TRANSITIONS:
        asked = transition.roles - MACHINE_ROLES
        if view.state not in transition.sources or work.actor.acts_as(asked) is None:
            continue
        reasons = REASONS.get(transition.name)
        reason = reasons[0] if reasons else None
        step = CaseStep(transition.target, work.now, reason, work.store.settings.terms, transition.name)
        guesses = (view, replace(view, penalty_kind="non_payable"))
        if any(_allowed(guess, step, work.actor) for guess in guesses):
            found.append(transition.name)
    return tuple(dict.fromkeys(found))


def summaries(work: Work, rows: Sequence[ViolationCase]) -> tuple[CaseSummary, ...]:
    """Cases as lines of the queue."""
    cameras = camera_names(work, (row.camera_id for row in rows))
    people = names(work, (row.claimed_by for row in rows))
    packages = evidence_of(work, (row.id for row in rows))
    plates = _plates(work, rows)
    return tuple(
        CaseSummary(
            **_summary(work, row, people),
            camera_name=name_of(cameras.get(row.camera_id), row.camera_id),
            plate=plates.get(row.id),
            still=still_of(packages.get(row.id)),
        )
        for row in rows
    )


def detail(work: Work, row: ViolationCase) -> CaseDetail:
    """A case as the officer's page shows it."""
    cameras = camera_names(work, [row.camera_id])
    people = names(work, (row.claimed_by, row.decided_by))
    packages = evidence_of(work, [row.id]).get(row.id, [])
    history, fault = history_of(work, row)
    steps = possible(work, row)
    facts = facts_of(work.session, work.store.vault, [row.id])[row.id] if fault is None else {}
    sees_owner = work.actor.acts_as(frozenset({Role.POLICE_OFFICER, Role.SENIOR_OFFICER, Role.AUDITOR}))
    owner = facts.get("owner") if sees_owner else None
    lapse = timedelta(minutes=work.store.settings.claim_lapse_minutes)
    held = row.state == CaseState.IN_REVIEW and row.claimed_at is not None
    return CaseDetail(
        **_summary(work, row, people),
        camera_name=name_of(cameras.get(row.camera_id), row.camera_id),
        plate=facts.get("plate"),
        still=still_of(packages),
        t_onset=row.t_onset,
        t_received=row.t_received,
        line=row.line,
        track=row.track,
        video_s=row.video_s,
        plate_read=facts.get("plate_read"),
        edited=tuple(row.edited),
        speed_kmh=row.speed_kmh,
        speed_uncertainty_kmh=row.speed_uncertainty_kmh,
        device=device_of(work, row.id),
        steps=steps,
        reasons={name: REASONS[name] for name in steps if name in REASONS},
        offences=law.candidates(work.store, row),
        offence=row.offence,
        penalty_kind=row.penalty_kind,
        fine_mci=row.fine_mci,
        fine_kzt=row.fine_kzt,
        reason=row.reason,
        verdict=row.verdict,
        decided_by_name=people.get(row.decided_by or ""),
        t_officer_decision=row.t_officer_decision,
        limitation_ends=row.limitation_ends,
        claim_ends=row.claimed_at + lapse if held and row.claimed_at else None,
        owner=None if owner is None else OwnerView.model_validate(owner),
        looks=looks_of(facts, owner),
        evidence=evidence_views(packages),
        trace=trace_of(packages),
        history=history,
        alert_id=row.alert_id,
        merged_into=row.merged_into,
        attributes={one.value: getattr(row, one) for one in Attribute},
        t_first_notification_sent=row.t_first_notification_sent,
        chain_fault=fault,
        plate_score=row.plate_score,
        plate_uncertain=tuple(row.plate_uncertain or ()),
        held_by=row.held_by,
        merged=merged_views(work, row, plates=work.actor.acts_as(PLATE_READERS) is not None),
        repeats=repeat_views(work, row),
        repeat_source=row.repeat_source,
    )


def looks_of(facts: Mapping[str, Any], owner: Mapping[str, Any] | None) -> tuple[LookView, ...]:
    """Kind and colour as the camera saw them beside the register's, those of which one of them speaks."""
    found = []
    for name in LOOKS:
        seen, registered = facts.get(name), (owner or {}).get(name)
        differs = seen is not None and registered is not None and seen != registered
        found.append(LookView(name=name, seen=seen, registered=registered, differs=differs))
    return tuple(look for look in found if look.seen or look.registered)


def _summary(work: Work, row: ViolationCase, people: Mapping[str, str]) -> dict[str, Any]:
    waits = timedelta(hours=work.store.settings.queue_warning_hours)
    return {
        "id": row.id,
        "version": row.version,
        "kind": row.kind,
        "camera_id": row.camera_id,
        "territory": row.territory,
        "state": row.state,
        "t_detect": row.t_detect,
        "score": row.score,
        "class_": row.class_,
        "late": row.state == CaseState.SCREENED and work.now - (row.t_screened or row.t_detect) >= waits,
        "mine": row.claimed_by == work.actor.id,
        "claimed_by": row.claimed_by,
        "claimed_by_name": people.get(row.claimed_by or ""),
        "second_look": row.second_look if row.state == CaseState.SECOND_LOOK else None,
        "document_no": row.document_no,
        "t_signed": row.t_signed,
    }


def _plates(work: Work, rows: Sequence[ViolationCase]) -> dict[str, str | None]:
    if work.actor.acts_as(PLATE_READERS) is None:
        return {}
    facts = facts_of(work.session, work.store.vault, [row.id for row in rows if row.plate_token])
    return {record: held.get("plate") for record, held in facts.items()}


def _allowed(view: CaseView, step: CaseStep, actor: Actor) -> bool:
    try:
        check(view, step, actor)
    except (TransitionError, AccessError):
        return False
    return True
