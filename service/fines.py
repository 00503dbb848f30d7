"""How a signed decision stands: its terms, its account, its payment attribute brought in line with both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import select

from qyran.errors import TransitionError
from qyran.roles import SYSTEM
from service import attributes
from service.store.database import Work
from service.store.fine_tables import Appeal, FinePayment, FineRefund
from service.store.tables import ViolationCase
from violations.case import Attribute, CaseState
from violations.fine_account import TIYN, Balance, Fine, Movement, balance
from violations.fine_terms import Deadlines, Pause, deadlines
from violations.offences import legal_terms, work_calendar

RUNNING: Final = "filed"


@dataclass(frozen=True, slots=True)
class Standing:
    """A decision on this day.

    Attributes:
        fine_tiyn: the full fine as it is now; 0 where nothing is asked for.
        delivered: day from which the terms run: of delivery, or on which a changed decision was told; None until then.
        deadlines: None until delivered.
        balance: of payments and refunds.
        appeals: the oldest first.
    """

    fine_tiyn: int
    delivered: date | None
    deadlines: Deadlines | None
    balance: Balance
    appeals: tuple[Appeal, ...]

    @property
    def appealed(self) -> bool:
        """Whether an appeal runs."""
        return any(one.outcome is None for one in self.appeals)


def day_of(work: Work, moment: datetime) -> date:
    """The city's day of a moment."""
    return moment.astimezone(work.store.settings.zone).date()


def end_of(work: Work, day: date) -> datetime:
    """The moment at which a day of the city ends, UTC."""
    return datetime.combine(day + timedelta(days=1), time(), work.store.settings.zone).astimezone(UTC)


def standing(work: Work, row: ViolationCase) -> Standing:
    """Terms and account of a signed case.

    Raises:
        TransitionError: it was never signed.
        ConfigError: the calendar of working days ends before a term does.
    """
    if row.t_signed is None:
        raise TransitionError("Only a signed decision has terms and an account.")
    appeals = tuple(work.session.scalars(select(Appeal).where(Appeal.case_id == row.id).order_by(Appeal.number)))
    told = [one.told_on for one in appeals if one.outcome == "changed" and one.told_on]
    delivered = None if row.t_delivered is None else day_of(work, row.t_delivered)
    delivered = max([*told, *([delivered] if delivered else [])], default=None)
    pauses = [Pause(one.filed_on, one.told_on) for one in appeals]
    ends = None
    if delivered is not None:
        ends = deadlines(delivered, legal_terms(day_of(work, row.t_signed)), work_calendar(), pauses)
    owes = row.state != CaseState.CANCELLED and row.t_cancelled is None and row.penalty_kind == "fine"
    tiyn = (row.fine_kzt or 0) * TIYN if owes else 0
    fine = Fine(
        tiyn=tiyn,
        half_until=ends.half_price if ends else None,
        full_until=ends.full if ends else None,
        half_open=all(one.outcome is not None for one in appeals),
    )
    return Standing(tiyn, delivered, ends, balance(fine, _received(work, row), _refunded(work, row)), appeals)


def settle(work: Work, row: ViolationCase) -> Standing:
    """Bring the payment attribute, the term and the enforcement of a case in line with what is known."""
    work = replace(work, actor=SYSTEM)  # a consequence of what somebody did, which has an event of its own
    now = standing(work, row)
    state, day = now.balance.state, now.balance.settled_on
    full = now.deadlines.full if now.deadlines else None
    row.payment_term_ends = None if full is None or not now.fine_tiyn else end_of(work, full)
    if row.payment != state:
        facts = {"paid_tiyn": now.balance.paid, "owed_tiyn": now.balance.owed, "over_tiyn": now.balance.over}
        attributes.change(work, row, Attribute.PAYMENT, state, data=facts)
    row.t_payment = None if day is None else datetime.combine(day, time(12), work.store.settings.zone).astimezone(UTC)
    if not now.balance.owed and row.enforcement in {"resolved", "enforcement"}:
        attributes.change(work, row, Attribute.ENFORCEMENT, "ended", data={"payment": state})
    return now


def _received(work: Work, row: ViolationCase) -> tuple[Movement, ...]:
    found = work.session.scalars(select(FinePayment).where(FinePayment.case_id == row.id))
    return tuple(Movement(one.paid_on, one.amount_tiyn) for one in found)


def _refunded(work: Work, row: ViolationCase) -> tuple[Movement, ...]:
    found = work.session.scalars(select(FineRefund).where(FineRefund.case_id == row.id))
    return tuple(Movement(one.paid_on, one.amount_tiyn) for one in found if one.paid_on is not None)
