"""Appeals against decisions: recorded when they come, answered with reasons, the terms halted meanwhile.

An appeal is answered by a senior officer who had no part in the decision; a court's ruling is recorded by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import uuid4

from sqlalchemy import func, select

from qyran.errors import AccessError, InputError, NotFound, TransitionError
from qyran.roles import Role
from service import attributes, cases, fines, law, resolutions
from service.access import log_access, require
from service.case_sight import in_sight
from service.records import load
from service.store.database import Work
from service.store.events import append_event
from service.store.fine_tables import Appeal
from service.store.tables import ViolationCase
from violations.case import Attribute, CaseState

CLERKS: Final = frozenset({Role.SENIOR_OFFICER})
READERS: Final = frozenset({Role.SENIOR_OFFICER, Role.POLICE_OFFICER, Role.AUDITOR})
INSTANCES: Final = ("body", "court")
CHANNELS: Final = ("paper", "portal", "in_person")
RESTORED: Final = ("illness", "absence", "delivered_late", "other")
"""Why a missed term is restored."""
OUTCOMES: Final[dict[str, tuple[str, ...]]] = {
    "upheld": ("act_proven", "not_grounded", "inadmissible"),
    "changed": ("wrong_article", "mitigating"),
    "cancelled": ("no_violation", "wrong_vehicle", "vehicle_sold", "plate_forged", "emergency_vehicle", "other_driver",
                  "procedure_broken"),
    "withdrawn": ("asked_by_person",),
}  # fmt: skip
"""Answers and the reasons each may have."""
LONGEST: Final = 4000
"""Characters of an appeal's or an answer's words."""


@dataclass(frozen=True, slots=True)
class NewAppeal:
    """An appeal as it came; `appellant` and `words` are sealed.

    Attributes:
        filed_on: the city's day on which it was handed in or sent.
        restored: a code of `RESTORED` where the term was missed and is restored.
    """

    filed_on: date
    instance: str
    channel: str
    appellant: str
    words: str
    restored: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided on an appeal.

    Attributes:
        outcome, reason: codes of `OUTCOMES`.
        words: the grounds in words, sealed with the case.
        told_on: the city's day on which the person was told; None where the resolution that is sent to him tells it:
            the terms stand still until it is delivered.
        offence: the entry of the catalogue it is changed to.
    """

    outcome: str
    reason: str
    words: str
    told_on: date | None
    offence: str | None = None


def file(work: Work, case_id: str, new: NewAppeal) -> Appeal:
    """Record an appeal; the half price, the terms and enforcement stand still from its day on.

    Raises:
        AccessError: the actor is no senior officer.
        InputError: a code is unknown, a text is empty, the day lies outside, or the term is over and not restored.
        TransitionError: the case is not signed, or an appeal runs already.
    """
    role = require(work.actor, CLERKS)
    row = load(work, ViolationCase, case_id)
    in_sight(work, row)
    if row.state != CaseState.SIGNED or row.t_signed is None:
        raise TransitionError("Only a signed decision can be appealed against.")
    _known("instance", new.instance, INSTANCES)
    _known("channel", new.channel, CHANNELS)
    if not new.appellant.strip() or not _fits(new.words):
        raise InputError(f"An appeal names who appeals, and says why in up to {LONGEST} characters.")
    if not fines.day_of(work, row.t_signed) <= new.filed_on <= fines.day_of(work, work.now):
        raise InputError("An appeal is filed between the decision and today.")
    now = fines.standing(work, row)
    last = now.deadlines.appeal if now.deadlines else None
    late = last is not None and new.filed_on > last
    if late and new.restored is None:
        raise InputError(f"The term for an appeal ended on {last}; give the reason why it is restored.")
    if new.restored is not None:
        _known("reason of restoring the term", new.restored, RESTORED)
    number = (work.session.scalar(select(func.max(Appeal.number)).where(Appeal.case_id == case_id)) or 0) + 1
    appeal = Appeal(
        id=str(uuid4()),
        case_id=case_id,
        number=number,
        instance=new.instance,
        channel=new.channel,
        filed_on=new.filed_on,
        restored=new.restored if late else None,
        recorded_at=work.now,
        recorded_by=work.actor.id,
    )
    data = {"appeal": appeal.id, "instance": new.instance, "filed_on": new.filed_on.isoformat(), "late": late}
    attributes.change(work, row, Attribute.APPEAL, "filed", data=data)
    said = {f"appeal_{number}": {"appellant": new.appellant.strip(), "words": new.words.strip()}}
    append_event(work, row, "appeal_words", role, payload=said)
    work.session.add(appeal)
    work.session.flush()
    fines.settle(work, row)
    return appeal


def answer(work: Work, appeal_id: str, given: Answer) -> Appeal:
    """Record the answer to an appeal; its consequences follow at once.

    Raises:
        AccessError: the actor is no senior officer, or had a part in the decision.
        InputError: a code is unknown, the grounds are empty, the day lies outside, or the changed article is wrong.
        NotFound: there is no such appeal.
        TransitionError: it was answered already.
    """
    role = require(work.actor, CLERKS)
    appeal = work.session.get(Appeal, appeal_id, with_for_update=True)
    if appeal is None:
        raise NotFound(f"There is no appeal {appeal_id}.")
    if appeal.outcome is not None:
        raise TransitionError("The appeal was answered already.")
    row = load(work, ViolationCase, appeal.case_id)
    in_sight(work, row)
    _check_answer(work, row, appeal, given)
    before = resolutions.penalty_of(work, row)
    appeal.outcome, appeal.reason, appeal.told_on = given.outcome, given.reason, given.told_on
    appeal.answered_at, appeal.answered_by = work.now, work.actor.id
    target = "upheld" if given.outcome == "withdrawn" else given.outcome
    data: dict[str, str | int | None] = {
        "appeal": appeal.id,
        "outcome": given.outcome,
        "told_on": given.told_on.isoformat() if given.told_on else None,
    }
    if given.outcome == "changed":
        data |= _change(work, row, given.offence or "")
    attributes.change(work, row, Attribute.APPEAL, target, data=data)
    append_event(work, row, "appeal_words", role, payload={f"answer_{appeal.number}": given.words.strip()})
    if given.outcome == "cancelled":
        cases.cancel(work, row.id, "court_ruling" if appeal.instance == "court" else "appeal_granted")
    work.session.flush()
    fines.settle(work, row)
    if resolutions.is_written(appeal, given.outcome):
        resolutions.issue(work, row, appeal, before)
    return appeal


def tell(work: Work, appeal_id: str, day: date) -> Appeal:
    """Say on which day the person was told an answer that no channel delivered; the terms run again from then.

    Raises:
        AccessError: the actor is no senior officer.
        InputError: the day lies before the appeal or in the future.
        NotFound: there is no such appeal.
        TransitionError: it is not answered, or a day is known already.
    """
    require(work.actor, CLERKS)
    appeal = work.session.get(Appeal, appeal_id, with_for_update=True)
    if appeal is None:
        raise NotFound(f"There is no appeal {appeal_id}.")
    if appeal.outcome is None or appeal.told_on is not None:
        raise TransitionError("Only an answer of which no day is known yet is noted as told.")
    if not appeal.filed_on <= day <= fines.day_of(work, work.now):
        raise InputError("An answer is told between the appeal and today.")
    row = load(work, ViolationCase, appeal.case_id)
    in_sight(work, row)
    fines.told(work, row, appeal, day)
    return appeal


def of_case(work: Work, case_id: str) -> Sequence[Appeal]:
    """A case's appeals, the oldest first."""
    return work.session.scalars(select(Appeal).where(Appeal.case_id == case_id).order_by(Appeal.number)).all()


def waiting(work: Work) -> Sequence[tuple[Appeal, ViolationCase]]:
    """Appeals without an answer and their cases, the oldest first.

    Raises:
        AccessError: the actor sees no appeals.
    """
    role = require(work.actor, READERS)
    log_access(work, role, "appeals_seen", "appeal")
    query = select(Appeal, ViolationCase).join(ViolationCase, ViolationCase.id == Appeal.case_id)
    found = work.session.execute(query.where(Appeal.outcome.is_(None)).order_by(Appeal.filed_on, Appeal.id))
    seen = work.actor.territories
    return [(one, row) for one, row in found if not seen or row.territory is None or row.territory in seen]


def _check_answer(work: Work, row: ViolationCase, appeal: Appeal, given: Answer) -> None:
    if appeal.instance == "body" and work.actor.id in {row.decided_by, row.first_reviewer}:
        raise AccessError("Who had a part in a decision cannot answer an appeal against it; another officer must.")
    if given.outcome not in OUTCOMES or given.reason not in OUTCOMES[given.outcome]:
        raise InputError("The outcome and its reason do not belong together.")
    if not _fits(given.words):
        raise InputError(f"Give the grounds of the answer in up to {LONGEST} characters.")
    if given.told_on is None and not resolutions.is_written(appeal, given.outcome):
        raise InputError("Say on which day the person was told: of this answer no resolution is sent.")
    if given.told_on is not None and not appeal.filed_on <= given.told_on <= fines.day_of(work, work.now):
        raise InputError("An answer is told between the appeal and today.")
    if (given.offence is not None) != (given.outcome == "changed"):
        raise InputError("An article is named where the decision is changed, and only there.")


def _change(work: Work, row: ViolationCase, offence: str) -> dict[str, str | int | None]:
    """Put another article in the place of the decided one; an appeal never makes it dearer."""
    chosen = law.chosen(work.store, row, offence, row.t_signed or work.now)
    if chosen.penalty_kind == "non_payable":
        raise InputError(f"Article {offence} has no fine: cancel the decision and send the material on.")
    before = row.fine_kzt or 0
    if (chosen.fine_kzt or 0) >= before:
        raise InputError("A decision is changed on appeal to a smaller penalty only.")
    row.offence, row.penalty_kind = chosen.id, chosen.penalty_kind
    row.fine_mci, row.fine_kzt = chosen.fine_mci, chosen.fine_kzt
    return {"offence": chosen.id, "fine_kzt": chosen.fine_kzt, "before_kzt": before}


def _fits(words: str) -> bool:
    return 0 < len(words.strip()) <= LONGEST


def _known(what: str, code: str, codes: Sequence[str]) -> None:
    if code not in codes:
        raise InputError(f"There is no {what} {code!r}; there are {', '.join(codes)}.")
