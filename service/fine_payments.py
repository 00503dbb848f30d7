"""Payments of fines: taken in once each, matched to their decisions, what cannot be matched kept for a person."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import func, select

from evidence.canonical import canonical_json
from qyran.errors import InputError, NotFound, TransitionError
from qyran.roles import Role
from service import fines
from service.access import log_access, require
from service.case_sight import in_sight
from service.feeds import DELIVERERS
from service.records import load
from service.store.database import Work
from service.store.events import append_event
from service.store.fine_tables import FinePayment, FineRefund
from service.store.tables import Decision, ViolationCase
from violations.fine_account import TIYN

CASHIERS: Final = frozenset({Role.SENIOR_OFFICER, Role.SYSTEM})
"""Who assigns payments by hand and orders refunds."""
READERS: Final = frozenset({Role.SENIOR_OFFICER, Role.AUDITOR})
FAULTS: Final = ("decision_unknown", "decision_absent", "contradiction", "taken_away")
"""Why a payment is nobody's: no such decision, none named, another line of the same number, taken away by hand."""
REFUND_REASONS: Final = ("paid_twice", "paid_too_much", "decision_cancelled", "court_ruling")
MOST_KZT: Final = 100_000_000
LISTED: Final = 200


class FinePaymentLine(BaseModel):
    """A payment as it is delivered (docs/payments.md).

    Attributes:
        reference: the source's number of the payment.
        paid_on: day on which the payer paid, in the city's calendar.
        amount_kzt: tenge with up to two digits for tiyn.
        document_no: number of the decision as the payer wrote it; may be absent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    reference: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$")]
    paid_on: date
    amount_kzt: Annotated[Decimal, Field(gt=0, le=MOST_KZT, decimal_places=2)]
    document_no: Annotated[str, StringConstraints(max_length=64)] | None = None

    @property
    def tiyn(self) -> int:
        """The amount in tiyn."""
        return int(self.amount_kzt * TIYN)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a delivery brought: payments of decisions, those known already, and those a person must look at."""

    matched: int
    known: int
    put_aside: int


def take(work: Work, lines: Iterable[FinePaymentLine], *, source: str) -> Taken:
    """Store payments and settle the decisions they are for; a line delivered again changes nothing.

    Raises:
        AccessError: the actor may not deliver.
        InputError: a payment lies in the future, or the source has no name.
    """
    require(work.actor, DELIVERERS)
    source = source.strip()
    if not source:
        raise InputError("Name the source of the payments.")
    matched = known = aside = 0
    today = fines.day_of(work, work.now)
    for one in lines:
        if one.paid_on > today:
            raise InputError(f"The payment {one.reference} is dated {one.paid_on}, which lies ahead.")
        row = _stored(work, one, source)
        if row is None:
            known += 1
        elif row.case_id is None:
            aside += 1
        else:
            matched += 1
            _noted(work, row, "received")
    return Taken(matched, known, aside)


def assign(work: Work, payment_id: str, document_no: str, note: str) -> str:
    """Give a payment that is nobody's to a decision; the case's id.

    Raises:
        AccessError: the actor is no senior officer.
        NotFound: there is no such payment.
        InputError: there is no such decision, or no reason was given.
        TransitionError: the payment is somebody's already.
    """
    require(work.actor, CASHIERS)
    row = _payment(work, payment_id)
    if row.case_id is not None:
        raise TransitionError("The payment belongs to a decision already; take it away there first.")
    decision = _decision(work, document_no)
    if decision is None:
        raise InputError("There is no signed decision of that number.")
    row.case_id, row.fault = decision.case_id, None
    _by_hand(work, row, note)
    _noted(work, row, "assigned")
    return decision.case_id


def take_away(work: Work, payment_id: str, note: str) -> None:
    """Take a payment from the decision it was given to by mistake; it waits for a person again.

    Raises:
        AccessError: the actor is no senior officer.
        NotFound: there is no such payment.
        InputError: no reason was given.
        TransitionError: the payment is nobody's.
    """
    require(work.actor, CASHIERS)
    row = _payment(work, payment_id)
    if row.case_id is None:
        raise TransitionError("The payment belongs to no decision.")
    case = load(work, ViolationCase, row.case_id)
    in_sight(work, case)
    row.case_id, row.fault = None, "taken_away"
    _by_hand(work, row, note)
    work.session.flush()
    _event(work, case, "taken_away", row)
    fines.settle(work, case)


def order_refund(work: Work, case_id: str, amount_kzt: Decimal, reason: str) -> str:
    """Order money to be paid back; the refund's id.

    Raises:
        AccessError: the actor is no senior officer.
        InputError: an unknown reason, or more than is to be paid back.
    """
    require(work.actor, CASHIERS)
    if reason not in REFUND_REASONS:
        raise InputError(f"A refund needs a reason: {', '.join(REFUND_REASONS)}.")
    case = load(work, ViolationCase, case_id)
    in_sight(work, case)
    open_tiyn = sum(one.amount_tiyn for one in refunds(work, case_id) if one.paid_on is None)
    left = fines.standing(work, case).balance.over - open_tiyn
    tiyn = int(amount_kzt * TIYN)
    if not 0 < tiyn <= left:
        raise InputError(f"Of this decision {Decimal(left) / TIYN} tenge can be paid back.")
    row = FineRefund(
        id=str(uuid4()), case_id=case_id, amount_tiyn=tiyn, reason=reason, ordered_at=work.now, ordered_by=work.actor.id
    )
    work.session.add(row)
    append_event(work, case, "refund", _role(work), reason=reason, data={"ordered_tiyn": tiyn, "refund": row.id})
    return row.id


def refund_paid(work: Work, refund_id: str, paid_on: date, reference: str) -> None:
    """Note that a refund was paid.

    Raises:
        AccessError: the actor is no senior officer.
        NotFound: there is no such refund.
        InputError: the day lies before the order or ahead, or there is no reference.
        TransitionError: it was paid already.
    """
    require(work.actor, CASHIERS)
    row = work.session.get(FineRefund, refund_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no refund {refund_id}.")
    if row.paid_on is not None:
        raise TransitionError("The refund was paid already.")
    if not fines.day_of(work, row.ordered_at) <= paid_on <= fines.day_of(work, work.now):
        raise InputError("A refund is paid between its order and today.")
    if not reference.strip():
        raise InputError("A refund needs the number of its payment.")
    row.paid_on, row.reference = paid_on, reference.strip()
    work.session.flush()
    case = load(work, ViolationCase, row.case_id)
    in_sight(work, case)
    append_event(work, case, "refund", _role(work), data={"paid_tiyn": row.amount_tiyn, "refund": row.id})
    fines.settle(work, case)


def put_aside(work: Work) -> Sequence[FinePayment]:
    """Payments that are nobody's, the newest first.

    Raises:
        AccessError: the actor may not see payments.
    """
    role = require(work.actor, READERS | CASHIERS)
    log_access(work, role, "fine_payments_seen", "fine_payment")
    query = select(FinePayment).where(FinePayment.case_id.is_(None)).order_by(FinePayment.received_at.desc())
    return work.session.scalars(query.limit(LISTED)).all()


def of_case(work: Work, case_id: str) -> Sequence[FinePayment]:
    """A case's payments, the oldest first."""
    query = select(FinePayment).where(FinePayment.case_id == case_id)
    return work.session.scalars(query.order_by(FinePayment.paid_on, FinePayment.reference)).all()


def refunds(work: Work, case_id: str) -> Sequence[FineRefund]:
    """A case's refunds, the oldest first."""
    query = select(FineRefund).where(FineRefund.case_id == case_id, FineRefund.withdrawn_at.is_(None))
    return work.session.scalars(query.order_by(FineRefund.ordered_at)).all()


def totals(work: Work, since: datetime) -> dict[str, int]:
    """Tiyn received since a moment by whether it is somebody's: `matched`, `put_aside`."""
    require(work.actor, READERS | CASHIERS)
    sums = select(FinePayment.case_id.is_(None), func.sum(FinePayment.amount_tiyn))
    query = sums.where(FinePayment.received_at >= since).group_by(FinePayment.case_id.is_(None))
    found = {bool(absent): int(tiyn) for absent, tiyn in work.session.execute(query)}
    return {"matched": found.get(False, 0), "put_aside": found.get(True, 0)}


def _stored(work: Work, one: FinePaymentLine, source: str) -> FinePayment | None:
    """The new row of a line; None where it is known."""
    content = {"amount_tiyn": one.tiyn, "document_no": one.document_no, "paid_on": one.paid_on.isoformat()}
    sha256 = hashlib.sha256(canonical_json(content)).hexdigest()
    same = select(FinePayment).where(FinePayment.source == source, FinePayment.reference == one.reference)
    before = work.session.scalars(same).all()
    if any(row.sha256 == sha256 for row in before):
        return None
    number = _number(one.document_no)
    decision = None if before or number is None else _decision(work, number)
    fault = None if decision else "contradiction" if before else "decision_unknown" if number else "decision_absent"
    row = FinePayment(
        id=str(uuid4()),
        source=source,
        reference=one.reference,
        sha256=sha256,
        paid_on=one.paid_on,
        amount_tiyn=one.tiyn,
        document_no=number,
        received_at=work.now,
        received_from=work.actor.id,
        case_id=decision.case_id if decision else None,
        fault=fault,
    )
    work.session.add(row)
    work.session.flush()
    return row


def _noted(work: Work, row: FinePayment, what: str) -> None:
    """Append the payment to its case and settle it."""
    case = load(work, ViolationCase, row.case_id or "")
    work.session.flush()
    _event(work, case, what, row)
    fines.settle(work, case)


def _event(work: Work, case: ViolationCase, what: str, row: FinePayment) -> None:
    data = {"what": what, "tiyn": row.amount_tiyn, "paid_on": row.paid_on.isoformat(), "payment": row.id}
    append_event(work, case, "fine_payment", _role(work), data=data)


def _role(work: Work) -> Role:
    return work.actor.acts_as(CASHIERS | DELIVERERS) or Role.SYSTEM


def _by_hand(work: Work, row: FinePayment, note: str) -> None:
    if not note.strip():
        raise InputError("Say why: what shows whose payment it is.")
    row.assigned_by, row.assigned_at, row.note = work.actor.id, work.now, note.strip()


def _payment(work: Work, payment_id: str) -> FinePayment:
    row = work.session.get(FinePayment, payment_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no payment {payment_id}.")
    return row


def _decision(work: Work, document_no: str) -> Decision | None:
    return work.session.scalar(select(Decision).where(Decision.document_no == _number(document_no)))


def _number(given: str | None) -> str | None:
    """A decision's number as people write it, in the stored form: no spaces, capitals, plain dashes."""
    plain = "".join((given or "").split()).upper()
    for dash in ("\N{EN DASH}", "\N{EM DASH}", "\N{NON-BREAKING HYPHEN}", "\N{MINUS SIGN}", "\N{HYPHEN}"):
        plain = plain.replace(dash, "-")
    return plain.removeprefix("№") or None
