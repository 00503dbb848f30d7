"""How a signed decision stands: its terms, its account, its payment attribute brought in line with both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import select

from qyran.errors import TransitionError
from qyran.roles import SYSTEM, Role
from service import attributes
from service.store.database import Work
from service.store.events import append_event
from service.store.fine_tables import Appeal, FinePayment, FineRefund
from service.store.tables import ViolationCase
from violations.case import Attribute, CaseState
from violations.fine_account import TIYN, Balance, Fine, Movement, balance
from violations.fine_terms import Deadlines, Pause, deadlines
from violations.offences import legal_terms, work_calendar

RUNNING: Final = "filed"
OPEN_ENFORCEMENT: Final = frozenset({"resolved", "enforcement"})
TELLERS: Final = frozenset({Role.SENIOR_OFFICER, Role.SYSTEM})


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
    return standings(work, [row])[row.id]


def standings(work: Work, rows: Sequence[ViolationCase]) -> dict[str, Standing]:
    """Terms and accounts of signed cases by their ids, with three queries for all of them.

    Raises:
        TransitionError, ConfigError: as `standing`.
    """
    ids = [row.id for row in rows]
    appeals: dict[str, list[Appeal]] = {}
    for appeal in work.session.scalars(select(Appeal).where(Appeal.case_id.in_(ids)).order_by(Appeal.number)):
        appeals.setdefault(appeal.case_id, []).append(appeal)
    received, refunded = _movements(work, FinePayment, ids), _movements(work, FineRefund, ids)
    return {
        row.id: _standing(work, row, tuple(appeals.get(row.id, ())), received.get(row.id, ()), refunded.get(row.id, ()))
        for row in rows
    }


def would_settle(work: Work, row: ViolationCase, now: Standing) -> bool:
    """Whether `settle` would change anything."""
    ended = not now.balance.owed and row.enforcement in OPEN_ENFORCEMENT
    return ended or (row.payment, row.payment_term_ends, row.t_payment) != (
        now.balance.state, _term(work, now), _paid_at(work, now),
    )  # fmt: skip


def settle(work: Work, row: ViolationCase) -> Standing:
    """Bring the payment attribute, the term and the enforcement of a case in line with what is known."""
    work = replace(work, actor=SYSTEM)  # a consequence of what somebody did, which has an event of its own
    now = standing(work, row)
    state = now.balance.state
    row.payment_term_ends = _term(work, now)
    if row.payment != state:
        facts = {"paid_tiyn": now.balance.paid, "owed_tiyn": now.balance.owed, "over_tiyn": now.balance.over}
        attributes.change(work, row, Attribute.PAYMENT, state, data=facts)
    row.t_payment = _paid_at(work, now)
    if not now.balance.owed and row.enforcement in OPEN_ENFORCEMENT:
        attributes.change(work, row, Attribute.ENFORCEMENT, "ended", data={"payment": state})
    return now


def told(work: Work, row: ViolationCase, appeal: Appeal, day: date) -> Standing:
    """The person knows the answer to an appeal: the terms run again from the day after."""
    appeal.told_on = day
    data = {"appeal": appeal.id, "told_on": day.isoformat()}
    append_event(work, row, "appeal_told", work.actor.acts_as(TELLERS) or Role.SYSTEM, data=data)
    work.session.flush()
    return settle(work, row)


def _standing(
    work: Work, row: ViolationCase, appeals: tuple[Appeal, ...], received: Sequence[Movement],
    refunded: Sequence[Movement],
) -> Standing:  # fmt: skip
    if row.t_signed is None:
        raise TransitionError("Only a signed decision has terms and an account.")
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
        half_open=all(one.told_on is not None for one in appeals),
    )
    return Standing(tiyn, delivered, ends, balance(fine, tuple(received), tuple(refunded)), appeals)


def _term(work: Work, now: Standing) -> datetime | None:
    full = now.deadlines.full if now.deadlines else None
    return None if full is None or not now.fine_tiyn else end_of(work, full)


def _paid_at(work: Work, now: Standing) -> datetime | None:
    day = now.balance.settled_on
    return None if day is None else datetime.combine(day, time(12), work.store.settings.zone).astimezone(UTC)


def _movements(work: Work, table: type[FinePayment | FineRefund], ids: Sequence[str]) -> dict[str, list[Movement]]:
    found: dict[str, list[Movement]] = {}
    wanted = select(table.case_id, table.paid_on, table.amount_tiyn).where(table.case_id.in_(ids))
    for case_id, paid_on, amount in work.session.execute(wanted):
        if case_id is not None and paid_on is not None:
            found.setdefault(case_id, []).append(Movement(paid_on, amount))
    return found
