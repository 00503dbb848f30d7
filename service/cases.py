"""What officers do with violation cases: the queue, opening, and every step of the review.

Each function takes a unit of work, which names the actor; roles and conditions are those of `violations.case`.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Select, func, select

from qyran.errors import NotFound
from qyran.roles import OFFICERS, SYSTEM, Actor, Role
from service.access import CASE_READERS, QUEUE_READERS, log_access, require
from service.case_choice import choose, decided_data, sealed_note
from service.case_sight import in_sight
from service.case_view import detail, moved, summaries, view_of
from service.duplicates import merge_again, unmerge
from service.ports.offence_history import OffenceHistory, offence_history
from service.quarantine import hold, holding
from service.records import evidence_file as record_file
from service.records import load
from service.restrictions import blocked_to, unblocked
from service.screening import screen_again
from service.store.database import Work
from service.store.tables import AppUser, ViolationCase
from service.views import CaseDetail, CasePage
from violations.case import CaseState, CaseStep, check, find

WAITING = (CaseState.SCREENED, CaseState.IN_REVIEW, CaseState.SECOND_LOOK, CaseState.OFFICER_CONFIRMED)
Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])

FIRST = (ViolationCase.limitation_ends, ViolationCase.t_detect, ViolationCase.id)
"""The order of the queue: whose limitation ends first, then who waits longest."""


def queue(
    work: Work,
    *,
    state: CaseState | None = None,
    kind: str | None = None,
    camera: str | None = None,
    mine: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> CasePage:
    """A page of cases, those whose limitation ends first at the top; decided ones the newest first.

    Args:
        work: the unit of work (reading is enough).
        state: one state; None gives all that wait for an officer.
        kind: one violation kind.
        camera: one camera's id.
        mine: only cases the actor holds, confirmed or signed.
        limit: how many at most.
        offset: how many to skip.

    Raises:
        AccessError: the actor's roles see no cases.
    """
    require(work.actor, QUEUE_READERS)
    wanted = visible(work.actor, select(ViolationCase))
    wanted = wanted.where(ViolationCase.state == state) if state else wanted.where(ViolationCase.state.in_(WAITING))
    if kind:
        wanted = wanted.where(ViolationCase.kind == kind)
    if camera:
        wanted = wanted.where(ViolationCase.camera_id == camera)
    if mine:
        wanted = wanted.where((ViolationCase.claimed_by == work.actor.id) | (ViolationCase.decided_by == work.actor.id))
    order = FIRST if state is None or state in WAITING else (ViolationCase.changed_at.desc(), ViolationCase.id)
    rows = work.session.scalars(wanted.order_by(*order).limit(limit).offset(offset)).all()
    by_state = counts(work)
    if kind or camera or mine:
        total = work.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    else:
        total = sum(by_state.get(one, 0) for one in ((state,) if state else WAITING))
    return CasePage(items=summaries(work, rows), counts=by_state, total=total)


def counts(work: Work) -> dict[str, int]:
    """How many cases the actor sees in each state."""
    require(work.actor, QUEUE_READERS)
    by_state = select(ViolationCase.state, func.count()).group_by(ViolationCase.state)
    found = Counter(dict(work.session.execute(_permitted(work.actor, by_state)).all()))
    # What is blocked is little and is taken off: to ask it of every case would read each of a hundred thousand rows.
    blocked = blocked_to(work.actor)
    if blocked is not None:
        hidden = _permitted(work.actor, by_state).where(ViolationCase.id.in_(blocked))
        found.subtract(dict(work.session.execute(hidden).all()))
    return {state: count for state, count in found.items() if count}


def claim_next(work: Work) -> CaseDetail | None:
    """Take the most pressing case of the actor's territory from the queue; None when nothing waits."""
    require(work.actor, OFFICERS)
    lapse_claims(work)
    row = work.session.scalar(waiting(work).with_for_update(skip_locked=True))
    return None if row is None else claim(work, row.id)


def waiting(work: Work) -> Select[ViolationCase]:
    """The case of the actor's territory whose limitation ends first, of those that wait and can still be decided."""
    found = visible(work.actor, select(ViolationCase)).where(
        ViolationCase.state == CaseState.SCREENED,
        ViolationCase.held_by.is_(None),
        (ViolationCase.limitation_ends.is_(None)) | (ViolationCase.limitation_ends > work.now),
    )
    return found.order_by(*FIRST).limit(1)


def claim(work: Work, case_id: str, version: int | None = None) -> CaseDetail:
    """Take one case for review; nobody else can decide it until it is released or the claim lapses."""
    row = load(work, ViolationCase, case_id, version)
    in_sight(work, row)
    if row.state == CaseState.IN_REVIEW and row.claimed_by == work.actor.id:
        row.claimed_at = work.now
        return open_case(work, case_id)
    _lapse(work, row)
    moved(work, row, CaseState.IN_REVIEW, step="claim")
    row.claimed_by, row.claimed_at = work.actor.id, work.now
    return open_case(work, case_id)


def open_case(work: Work, case_id: str) -> CaseDetail:
    """A case with evidence, trace and history; the look is logged, and counts as an action of the reviewing officer.

    Raises:
        NotFound: there is no such case.
        AccessError: the actor's roles, or his territory, do not see it.
    """
    role = require(work.actor, CASE_READERS)
    row = load(work, ViolationCase, case_id)
    in_sight(work, row)
    if row.state == CaseState.IN_REVIEW and row.claimed_by == work.actor.id and not _lapse(work, row):
        row.claimed_at = work.now
    work.session.flush()
    found = detail(work, row)
    seen = "case_opened" if found.owner is None else "owner_seen"
    log_access(work, role, seen, case_id, reason=_purpose(work.actor, row), territory=row.territory)
    return found


def evidence_file(work: Work, case_id: str, event_id: str, name: str) -> tuple[Path, str]:
    """Path and media type of one file of a case's evidence; the look is logged.

    Raises:
        NotFound: the case's manifest lists no such file.
        AccessError: the actor may not see it.
    """
    role = require(work.actor, QUEUE_READERS)
    row = load(work, ViolationCase, case_id, lock=False)
    in_sight(work, row)
    found = record_file(work, row, event_id, name)
    log_access(work, role, "evidence_opened", case_id)
    return found


def confirm(
    work: Work,
    case_id: str,
    offence: str,
    *,
    plate: str | None = None,
    note: str | None = None,
    version: int | None = None,
    history: OffenceHistory | None = None,
) -> CaseDetail:
    """Confirm that the violation took place, under the article the officer chose.

    A high penalty, a repeat, or a random sample, sends it to a second officer's look instead (state `second_look`); the
    proposal is kept, and the second officer confirms or rejects it.

    Args:
        work: the unit of work.
        case_id: the case.
        offence: id of an entry of the offence catalogue, valid on the day of the violation.
        plate: the plate as the officer reads it; None keeps the machine's reading. Both are kept.
        note: free words, kept sealed.
        version: what the officer saw.
        history: the register asked about earlier acts; None asks the installation's.

    Raises:
        InputError: the plate or the offence does not exist.
        TransitionError: a condition of the table is not met.
        AccessError: the actor is no officer.
    """
    row = load(work, ViolationCase, case_id, version)
    require(work.actor, OFFICERS)
    _may_decide(work, row, CaseState.OFFICER_CONFIRMED)
    eye, payload = choose(work, row, offence, plate, note, history or offence_history(work.store))
    if row.state == CaseState.IN_REVIEW and row.second_look and not row.second_looked:
        _check_but_second_look(work, row)
        row.first_reviewer = row.claimed_by
        data = {"offence": offence, "edited": sorted(row.edited), **eye.drawn.data}
        moved(work, row, CaseState.SECOND_LOOK, row.second_look, actor=SYSTEM, step="second_look", payload=payload,
              data=data)  # fmt: skip
        return open_case(work, case_id)
    data = {**decided_data(row), **eye.drawn.data}
    moved(work, row, CaseState.OFFICER_CONFIRMED, step="confirm", payload=payload, data=data)
    _decided(work, row, "true")
    return open_case(work, case_id)


def send_on(
    work: Work,
    case_id: str,
    offence: str,
    *,
    plate: str | None = None,
    note: str | None = None,
    version: int | None = None,
) -> CaseDetail:
    """The violation took place and its penalty is not a fine (КоАП 596 part 3): hand the material on, no notice."""
    row = load(work, ViolationCase, case_id, version)
    require(work.actor, OFFICERS)
    _may_decide(work, row, CaseState.NON_PAYABLE)
    _, payload = choose(work, row, offence, plate, note, None)
    moved(work, row, CaseState.NON_PAYABLE, step="send_on", payload=payload, data=decided_data(row))
    _decided(work, row, "true")
    return open_case(work, case_id)


def reject(work: Work, case_id: str, reason: str, *, note: str | None = None, version: int | None = None) -> CaseDetail:
    """There was no violation, or not one that can be proven: counts as a false alarm (KPI 9.9)."""
    row = load(work, ViolationCase, case_id, version)
    moved(work, row, CaseState.OFFICER_REJECTED, reason, step="reject", payload=sealed_note(note))
    row.reason = reason
    _decided(work, row, "false")
    return open_case(work, case_id)


def remark(work: Work, case_id: str, note: str, *, version: int | None = None) -> CaseDetail:
    """Second look: back to the officer who reviewed it, with a remark; he may then confirm it himself."""
    row = load(work, ViolationCase, case_id, version)
    moved(work, row, CaseState.IN_REVIEW, step="remark", payload=sealed_note(note))
    row.claimed_by, row.claimed_at, row.second_looked = row.first_reviewer, work.now, True
    return open_case(work, case_id)


def release(work: Work, case_id: str, *, note: str | None = None, version: int | None = None) -> None:
    """Give a claimed case back to the queue."""
    row = load(work, ViolationCase, case_id, version)
    moved(work, row, CaseState.SCREENED, "released", step="release", payload=sealed_note(note))
    _unclaim(row)
    _hold_if_due(work, row)


def reassign(work: Work, case_id: str, officer_id: str, *, version: int | None = None) -> None:
    """A senior officer gives a case under review to another officer.

    Raises:
        NotFound: there is no such officer.
        AccessError: the actor is no senior officer.
        TransitionError: that officer may not review it.
    """
    require(work.actor, frozenset({Role.SENIOR_OFFICER}))
    row = load(work, ViolationCase, case_id, version)
    user = work.session.get(AppUser, officer_id)
    if user is None or user.disabled:
        raise NotFound(f"There is no officer {officer_id}.")
    officer = Actor(user.id, frozenset(Role(one) for one in user.roles), frozenset(user.territories))
    moved(work, row, CaseState.SCREENED, "reassigned", step="release", data={"to": officer_id})
    moved(work, row, CaseState.IN_REVIEW, actor=officer, step="claim", data={"by": work.actor.id})
    row.claimed_by, row.claimed_at = officer_id, work.now


def send_back(work: Work, case_id: str, reason: str, *, note: str | None = None, version: int | None = None) -> None:
    """Technical junk: back to the camera's keepers; the reason goes to the camera's statistics."""
    row = load(work, ViolationCase, case_id, version)
    moved(work, row, CaseState.RETURNED, reason, step="return", payload=sealed_note(note))
    row.reason = reason
    _unclaim(row)


def repair(work: Work, case_id: str, *, note: str | None = None, version: int | None = None) -> None:
    """What was returned is repaired: back to the queue."""
    _bring_back(work, load(work, ViolationCase, case_id, version), "repair", None, note)


def reconsider(work: Work, case_id: str, *, note: str | None = None, version: int | None = None) -> None:
    """A senior officer puts an automatically rejected case into the queue."""
    _bring_back(work, load(work, ViolationCase, case_id, version), "sample", "reconsidered", note)


def part(work: Work, case_id: str, reason: str, *, note: str | None = None, version: int | None = None) -> CaseDetail:
    """Two reports were wrongly taken for one act: part this one from the case it was merged into, and screen it."""
    screen_again(work, unmerge(work, case_id, reason, note, version))
    return open_case(work, case_id)


def withdraw(work: Work, case_id: str, reason: str, *, note: str | None = None, version: int | None = None) -> None:
    """Take a confirmation back before it is signed: the case waits in the queue again."""
    row = load(work, ViolationCase, case_id, version)
    moved(work, row, CaseState.SCREENED, reason, step="withdraw", payload=sealed_note(note))
    _unclaim(row)
    _hold_if_due(work, row)
    row.verdict = row.decided_by = row.t_officer_decision = None


def cancel(work: Work, case_id: str, reason: str, *, note: str | None = None, version: int | None = None) -> CaseDetail:
    """A signed decision is taken back (appeal, court, forged plate); what was paid is to be paid back."""
    row = load(work, ViolationCase, case_id, version)
    refund = row.payment not in {None, "due", "none_due"}
    moved(work, row, CaseState.CANCELLED, reason, step="cancel", payload=sealed_note(note), data={"refund": refund})
    row.reason, row.t_cancelled = reason, work.now
    return open_case(work, case_id)


def lapse_claims(work: Work, as_of: datetime | None = None) -> int:
    """Give back every claim whose officer did nothing for the term until a moment (None: now); how many."""
    before = (as_of or work.now) - timedelta(minutes=work.store.settings.claim_lapse_minutes)
    held = select(ViolationCase).where(ViolationCase.state == CaseState.IN_REVIEW, ViolationCase.claimed_at <= before)
    rows = work.session.scalars(held.with_for_update(skip_locked=True)).all()
    return sum(_lapse(work, row) for row in rows)


def _lapse(work: Work, row: ViolationCase) -> bool:
    before = work.now - timedelta(minutes=work.store.settings.claim_lapse_minutes)
    if row.state != CaseState.IN_REVIEW or row.claimed_at is None or row.claimed_at > before:
        return False
    moved(work, row, CaseState.SCREENED, "claim_lapsed", actor=SYSTEM, step="release")
    _unclaim(row)
    _hold_if_due(work, row)
    return True


def visible(actor: Actor, query: Select[ViolationCase]) -> Select[ViolationCase]:
    """Only the cases of the actor's territories, and those of none; nothing that is denied to him or blocked."""
    return unblocked(actor, _permitted(actor, query), ViolationCase.id)


def _permitted(actor: Actor, query: Query) -> Query:
    """Only the cases of the actor's territories, and those of none; nothing that is denied to him."""
    territory, token, denied = ViolationCase.territory, ViolationCase.plate_token, actor.denied
    if actor.territories:
        query = query.where(territory.is_(None) | territory.in_(actor.territories))
    if denied.territories:
        query = query.where(territory.is_(None) | territory.not_in(denied.territories))
    if denied.vehicles:
        query = query.where(token.is_(None) | token.not_in(denied.vehicles))
    return query


def _purpose(actor: Actor, row: ViolationCase) -> str | None:
    """What an officer opens a case for; None leaves it to his role."""
    if not actor.acts_as(OFFICERS):
        return None
    if actor.id in {row.claimed_by, row.decided_by}:
        return "own_case"
    return "second_look" if row.state == CaseState.SECOND_LOOK else "look_up"


def _may_decide(work: Work, row: ViolationCase, target: CaseState) -> None:
    """What every verdict asks for, before anything outside is asked: the state, territory, claim, other eyes."""
    find(CaseState(row.state), target)
    step = CaseStep(CaseState.OFFICER_REJECTED, work.now, "no_violation", work.store.settings.terms, "reject")
    check(view_of(row), step, work.actor)


def _check_but_second_look(work: Work, row: ViolationCase) -> None:
    """Everything confirming asks for, the second look aside: an incomplete case is not passed on."""
    view = view_of(row, looked_at=True)
    check(view, CaseStep(CaseState.OFFICER_CONFIRMED, work.now, None, work.store.settings.terms), work.actor)


def _decided(work: Work, row: ViolationCase, verdict: str) -> None:
    row.verdict, row.decided_by, row.t_officer_decision = verdict, work.actor.id, work.now


def _bring_back(work: Work, row: ViolationCase, step: str, reason: str | None, note: str | None) -> None:
    """Into the queue again, or under the case that meanwhile holds the same act."""
    wanted = CaseStep(CaseState.SCREENED, work.now, reason, work.store.settings.terms, step)
    check(view_of(row), wanted, work.actor)
    if merge_again(work, row):
        return
    moved(work, row, CaseState.SCREENED, reason, step=step, payload=sealed_note(note))
    row.t_screened, row.reason = row.t_screened or work.now, None
    _hold_if_due(work, row)


def _hold_if_due(work: Work, row: ViolationCase) -> None:
    """A case that comes back to the queue waits with the others where its camera is under quarantine meanwhile."""
    under = holding(work, row.camera_id, row.kind)
    if under is not None:
        hold(work, row, under)


def _unclaim(row: ViolationCase) -> None:
    row.claimed_by = row.claimed_at = row.first_reviewer = row.second_look = None
    row.second_looked = False
