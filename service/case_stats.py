"""An officer's own work in figures: for himself alone, so that nobody is hurried by a table of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median, quantiles
from typing import Final

from sqlalchemy import select

from qyran.roles import OFFICERS
from service.access import require
from service.store.database import Work
from service.store.events import STATE
from service.store.tables import CaseEvent, ViolationCase
from violations.case import CaseState

DAYS: Final = 14
"""How far back the figures reach."""
VERDICTS: Final = (
    CaseState.OFFICER_CONFIRMED, CaseState.OFFICER_REJECTED, CaseState.NON_PAYABLE, CaseState.RETURNED,
)  # fmt: skip
LONGEST: Final = timedelta(minutes=30)
"""A review that took longer was left lying: it is no measure of the work."""


@dataclass(frozen=True, slots=True)
class OwnWork:
    """What one officer did.

    Attributes:
        days: verdicts of each day of the city, the newest first, by state.
        taken_back: confirmations he withdrew.
        median_s, p90_s: from taking a case to the verdict; None where nothing was decided.
        edited: confirmations whose plate or article he changed.
        decided: confirmations that count for `edited`.
        reasons: of his rejections, the commonest first.
    """

    days: tuple[tuple[date, Mapping[str, int]], ...]
    taken_back: int
    median_s: float | None
    p90_s: float | None
    edited: int
    decided: int
    reasons: tuple[tuple[str, int], ...]

    def total(self, state: str) -> int:
        """Verdicts of a state over all days."""
        return sum(counts.get(state, 0) for _, counts in self.days)


def own_work(work: Work) -> OwnWork:
    """The actor's own figures.

    Raises:
        AccessError: the actor is no officer.
    """
    require(work.actor, OFFICERS)
    since = work.now - timedelta(days=DAYS)
    query = select(CaseEvent.record, CaseEvent.at, CaseEvent.source, CaseEvent.target, CaseEvent.reason).where(
        CaseEvent.actor == work.actor.id, CaseEvent.at >= since, CaseEvent.kind == STATE
    )
    zone = work.store.settings.zone
    days: dict[date, Counter[str]] = {}
    reasons: Counter[str] = Counter()
    taken: dict[str, datetime] = {}
    spans: list[float] = []
    taken_back = 0
    for one in work.session.execute(query.order_by(CaseEvent.at)):
        if one.target == CaseState.IN_REVIEW:
            taken[one.record] = one.at
        taken_back += one.source == CaseState.OFFICER_CONFIRMED and one.target == CaseState.SCREENED
        if one.target not in VERDICTS:
            continue
        days.setdefault(one.at.astimezone(zone).date(), Counter())[str(one.target)] += 1
        if one.target == CaseState.OFFICER_REJECTED and one.reason:
            reasons[one.reason] += 1
        begun = taken.pop(one.record, None)
        if begun is not None and one.at - begun <= LONGEST:
            spans.append((one.at - begun).total_seconds())
    edited, decided = _edited(work, since)
    middle, slow = _spread(spans)
    newest = sorted(days.items(), reverse=True)
    return OwnWork(tuple(newest), taken_back, middle, slow, edited, decided, tuple(reasons.most_common()))


def _edited(work: Work, since: datetime) -> tuple[int, int]:
    """How many of the officer's confirmations he had changed something in, and how many there are."""
    confirmed = (ViolationCase.decided_by == work.actor.id, ViolationCase.t_officer_decision >= since,
                 ViolationCase.verdict == "true")  # fmt: skip
    rows = work.session.scalars(select(ViolationCase.edited).where(*confirmed)).all()
    return sum(bool(one) for one in rows), len(rows)


def _spread(spans: Sequence[float]) -> tuple[float | None, float | None]:
    if not spans:
        return None, None
    return median(spans), quantiles(spans, n=10)[8] if len(spans) > 1 else spans[0]
