"""The account of one fine: what came in, what was paid back, and what that makes of it.

Pure: the state follows from the movements alone, so a payment that was assigned wrongly, an appeal that changes the
amount and a delivery that becomes known late all lead to the same state, whatever came first. Amounts are in tiyn
(1 tenge = 100 tiyn), so that half of an odd fine is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

TIYN: Final = 100
"""Tiyn in a tenge."""

PaymentState = Literal["due", "half", "full", "part", "overpaid", "late", "refunded", "none_due"]


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that came in or was paid back on a day; `tiyn` is positive."""

    day: date
    tiyn: int


@dataclass(frozen=True, slots=True)
class Fine:
    """What a decision asks for.

    Attributes:
        tiyn: the full fine; 0 for a warning and for a cancelled decision.
        half_until: last day on which half of it suffices; None where no such day can be named yet: the decision is
            not delivered, or an appeal runs.
        full_until: last day of the full fine's term, likewise.
        half_open: whether half of it may suffice at all now; an appeal that runs suspends it.
    """

    tiyn: int
    half_until: date | None
    full_until: date | None
    half_open: bool = True


@dataclass(frozen=True, slots=True)
class Balance:
    """How a fine stands.

    Attributes:
        state: value of the payment attribute.
        paid: what came in less what was paid back, tiyn.
        owed: what is still to be paid, tiyn: of the full fine, since whoever pays half in time owes nothing.
        over: what is to be paid back, tiyn.
        settled_on: day on which it was paid in full or by half; None while it is not.
    """

    state: PaymentState
    paid: int
    owed: int
    over: int
    settled_on: date | None


def balance(fine: Fine, received: tuple[Movement, ...], refunded: tuple[Movement, ...] = ()) -> Balance:
    """What the movements make of a fine.

    Half is taken as payment only while it came within its term and before the whole was there; what comes afterwards
    is too much. Money that came before delivery came in time.

    Raises:
        ValueError: an amount is not positive, or more was paid back than came in.
    """
    if any(one.tiyn <= 0 for one in (*received, *refunded)) or fine.tiyn < 0:
        raise ValueError("a movement of money must be positive")
    came, back = sum(one.tiyn for one in received), sum(one.tiyn for one in refunded)
    if back > came:
        raise ValueError(f"{back} tiyn were paid back of {came} that came in")
    kept = came - back
    if not fine.tiyn:
        state: PaymentState = "overpaid" if kept else "refunded" if came else "none_due"
        return Balance(state, kept, 0, kept, None)
    price, how, day = _settled(fine, received)
    if day is None or kept < price:
        state = "part" if kept else "refunded" if came else "due"
        return Balance(state, kept, fine.tiyn - kept, 0, None)
    over = kept - price
    return Balance("overpaid" if over else how, kept, 0, over, day)


def _settled(fine: Fine, received: tuple[Movement, ...]) -> tuple[int, PaymentState, date | None]:
    """The price that was paid, in which way and when; no day while it was not."""
    came = 0
    for one in sorted(received, key=lambda one: (one.day, one.tiyn)):
        came += one.tiyn
        if came >= fine.tiyn:
            late = fine.full_until is not None and one.day > fine.full_until
            return fine.tiyn, "late" if late else "full", one.day
        in_time = fine.half_until is None or one.day <= fine.half_until
        if fine.half_open and in_time and 2 * came >= fine.tiyn:
            return fine.tiyn // 2 + fine.tiyn % 2, "half", one.day
    return fine.tiyn, "due", None
