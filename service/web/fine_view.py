"""What the pages of fines show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from qyran.errors import ConfigError, InputError
from service import appeals, cases, fine_payments, fines, law, resolutions
from service.auth import names
from service.records import load
from service.store.database import Work
from service.store.events import facts_of
from service.store.fine_tables import Appeal, FinePayment
from service.store.tables import ViolationCase
from service.web.offence_view import offence_view
from service.web.words import Words
from violations.fine_account import TIYN
from violations.fine_terms import days_off
from violations.offences import work_calendar


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment as lists show it."""

    id: str
    paid_on: date
    amount: str
    source: str
    reference: str
    document_no: str | None
    why: str | None
    by_hand: str | None


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A refund; `paid_on` is None while it waits."""

    id: str
    amount: str
    reason: str
    ordered_at: datetime
    paid_on: date | None


@dataclass(frozen=True, slots=True)
class AppealRow:
    """An appeal with its words, as far as they were not erased."""

    id: str
    case_id: str
    number: int
    document_no: str | None
    instance: str
    channel: str
    filed_on: date
    restored: str | None
    outcome: str | None
    reason: str | None
    told_on: date | None
    appellant: str | None
    words: str | None
    answer: str | None
    resolution_no: str | None = None

    @property
    def untold(self) -> bool:
        """Answered, and the person does not know it yet."""
        return self.outcome is not None and self.told_on is None


@dataclass(frozen=True, slots=True)
class City:
    """Money and appeals of all decisions."""

    matched: str
    put_aside: str
    payments: tuple[PaymentRow, ...]
    appeals: tuple[AppealRow, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision after its signature."""

    case_id: str
    document_no: str
    state: str
    fine: str
    paid: str
    owed: str
    over: str
    may_refund: bool
    attributes: tuple[tuple[str, str], ...]
    deadlines: tuple[tuple[str, date | None], ...]
    not_counted: str | None
    payments: tuple[PaymentRow, ...]
    refunds: tuple[RefundRow, ...]
    appeals: tuple[AppealRow, ...]
    may_appeal: bool
    offences: tuple[tuple[str, str], ...]


def city(work: Work, w: Words, since: datetime) -> City:
    """What came in since a moment, and what waits."""
    sums = fine_payments.totals(work, since)
    return City(
        matched=tenge(w, sums["matched"]),
        put_aside=tenge(w, sums["put_aside"]),
        payments=tuple(_payments(work, w, fine_payments.put_aside(work))),
        appeals=tuple(_appeal(one, row.document_no, w, {}) for one, row in appeals.waiting(work)),
    )


def one(work: Work, w: Words, case_id: str) -> Decided:
    """Terms, account and appeals of a case; the look is logged as that of a case.

    Raises:
        NotFound: there is no such case.
        TransitionError: it was never signed.
    """
    detail = cases.open_case(work, case_id)
    row = load(work, ViolationCase, case_id, lock=False)
    now = fines.standing(work, row)
    facts = facts_of(work.session, work.store.vault, [case_id])[case_id]
    ends = now.deadlines
    numbers = {made.appeal_id: made.document_no for made in resolutions.of_case(work, case_id)}
    terms = () if ends is None or not now.fine_tiyn else (("half_price", ends.half_price), ("full", ends.full))
    return Decided(
        case_id=case_id,
        document_no=row.document_no or "",
        state=w.t(f"violations.state.{row.state}"),
        fine=tenge(w, now.fine_tiyn),
        paid=tenge(w, now.balance.paid),
        owed=tenge(w, now.balance.owed),
        over=tenge(w, now.balance.over),
        may_refund=now.balance.over > 0,
        attributes=tuple(
            (w.t(f"attribute.{name}"), w.or_code(f"fines.value.{value}"))
            for name, value in detail.attributes.items()
            if value
        ),
        not_counted=_not_counted(w, now),
        deadlines=(*terms, *((("appeal", ends.appeal),) if ends else ())),
        payments=tuple(_payments(work, w, fine_payments.of_case(work, case_id))),
        refunds=tuple(
            RefundRow(
                id=back.id,
                amount=tenge(w, back.amount_tiyn),
                reason=w.t(f"fines.refund_reason.{back.reason}"),
                ordered_at=back.ordered_at,
                paid_on=back.paid_on,
            )
            for back in fine_payments.refunds(work, case_id)
        ),
        appeals=tuple(_appeal(two, row.document_no, w, facts, numbers.get(two.id)) for two in now.appeals),
        may_appeal=row.state == "signed" and not now.appealed,
        offences=_smaller(work, w, row, detail.offences),
    )


def _smaller(work: Work, w: Words, row: ViolationCase, ids: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Entries with a smaller penalty than the decided one, which an appeal may change it to: id, and what it says."""
    found = []
    for one in ids:
        try:
            entry = law.chosen(work.store, row, one, row.t_signed or w.now)
        except (InputError, ConfigError):  # not of that day, or of a year whose amounts nobody knows
            continue
        if entry.penalty_kind != "non_payable" and (entry.fine_kzt or 0) < (row.fine_kzt or 0):
            seen = offence_view(w, one, row.kind, row.t_detect, row.t_signed or w.now)
            found.append((one, f"{seen.article}: {seen.amount}" if seen is not None else one))
    return tuple(found)


def _not_counted(w: Words, now: fines.Standing) -> str | None:
    """Holidays that the half price's term leaves out; None where there are none."""
    last = now.deadlines.half_price if now.deadlines else None
    if last is None or now.delivered is None or not now.fine_tiyn:
        return None
    left_out = days_off(now.delivered, last, work_calendar())
    return w.t("fines.not_counted", days=", ".join(w.day(day) for day in left_out)) if left_out else None


def tenge(w: Words, tiyn: int) -> str:
    """An amount with its unit; tiyn only where there are some."""
    return f"{w.num(tiyn / TIYN, 2 if tiyn % TIYN else 0)}\N{NO-BREAK SPACE}\N{TENGE SIGN}"


def _payments(work: Work, w: Words, rows: Sequence[FinePayment]) -> list[PaymentRow]:
    people = names(work, (one.assigned_by for one in rows))
    return [
        PaymentRow(
            id=one.id,
            paid_on=one.paid_on,
            amount=tenge(w, one.amount_tiyn),
            source=one.source,
            reference=one.reference,
            document_no=one.document_no,
            why=w.t(f"fines.fault.{one.fault}") if one.fault else None,
            by_hand=f"{people.get(one.assigned_by, '')}: {one.note}" if one.assigned_by else None,
        )
        for one in rows
    ]


def _appeal(
    one: Appeal, document_no: str | None, w: Words, facts: dict[str, object], resolution_no: str | None = None
) -> AppealRow:
    said = facts.get(f"appeal_{one.number}")
    said = said if isinstance(said, dict) else {}
    answer = facts.get(f"answer_{one.number}")
    return AppealRow(
        id=one.id,
        case_id=one.case_id,
        number=one.number,
        document_no=document_no,
        instance=w.t(f"fines.instance.{one.instance}"),
        channel=w.t(f"fines.channel.{one.channel}"),
        filed_on=one.filed_on,
        restored=w.t(f"fines.restored.{one.restored}") if one.restored else None,
        outcome=w.t(f"fines.outcome.{one.outcome}") if one.outcome else None,
        reason=w.t(f"fines.answer_reason.{one.reason}") if one.reason else None,
        told_on=one.told_on,
        appellant=said.get("appellant"),
        words=said.get("words"),
        answer=answer if isinstance(answer, str) else None,
        resolution_no=resolution_no,
    )
