"""Whether a stay in a paid zone was paid for.

The rule about the stay itself sees from video that somebody stood in a paid zone within its hours; here that stay is
held against what the payment provider told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

FREE: Final = timedelta(minutes=15)
"""Minutes nobody pays for, before a payment begins and after it ends; a parameter of the city's tariff."""
FRESH: Final = timedelta(hours=24)
"""A feed silent for longer may be broken: then nothing is said about payment."""

Verdict = Literal["paid", "unpaid", "unknown"]


@dataclass(frozen=True, slots=True)
class Stay:
    """A vehicle that stood in a paid zone, from when until when it was seen there."""

    start: datetime
    end: datetime
    tariff: str


@dataclass(frozen=True, slots=True)
class Payment:
    """What was paid for: a span in a tariff's zones."""

    start: datetime
    end: datetime
    tariff: str


def judge_stay(stay: Stay, payments: Iterable[Payment], heard: datetime | None, free: timedelta = FREE) -> Verdict:
    """Whether payments cover a stay.

    Args:
        stay: what was seen.
        payments: of the same plate.
        heard: when the provider was last heard of; None where it never was.
        free: minutes of grace around each payment, and for a stay as a whole.
    """
    mine = sorted((one for one in payments if one.tariff == stay.tariff), key=lambda one: one.start)
    reached = stay.start
    for one in mine:
        if one.start - free <= reached and one.end > one.start:
            reached = max(reached, one.end)
    if stay.end <= reached + free:
        return "paid"
    return "unpaid" if heard is not None and stay.end - heard <= FRESH else "unknown"
