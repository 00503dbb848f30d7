"""What officers did with cases in a span of time: each of them, and the team together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Final

from sqlalchemy import select

from qyran.errors import AccessError, InputError
from qyran.roles import OFFICERS, Role
from service.access import require
from service.auth import names
from service.store.database import Work
from service.store.events import STATE
from service.store.tables import CaseEvent, ViolationCase
from violations.case import CaseState

TEAM_READERS: Final = frozenset({Role.SENIOR_OFFICER, Role.AUDITOR})
READERS: Final = TEAM_READERS | OFFICERS


@dataclass(frozen=True, slots=True)
class OfficerStatistics:
    """Counts of one officer, or of all of a team together.

    Attributes:
        officer: id; None for the team.
        name: of the officer.
        decided: verdicts: confirmed, rejected and sent on together.
        confirmed, rejected, sent_on: verdicts by kind.
        second_looks: verdicts on what another officer had proposed.
        proposed: confirmations that went to another officer's look.
        overruled: of those, how many the other officer rejected.
        withdrawn: confirmations taken back before they were signed.
        returned: cases given back to the camera's keepers.
        median_s: median seconds from the claim to the verdict or the proposal; None where there is none.
    """

    officer: str | None
    name: str | None
    decided: int
    confirmed: int
    rejected: int
    sent_on: int
    second_looks: int
    proposed: int
    overruled: int
    withdrawn: int
    returned: int
    median_s: float | None


@dataclass(slots=True)
class _Tally:
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    times: list[float] = field(default_factory=list)

    def view(self, officer: str | None, name: str | None) -> OfficerStatistics:
        middle = round(median(self.times), 1) if self.times else None
        given = {one: self.counts[one] for one in COUNTED}
        decided = given["confirmed"] + given["rejected"] + given["sent_on"]
        return OfficerStatistics(officer, name, decided=decided, median_s=middle, **given)


COUNTED: Final = (
    "confirmed", "rejected", "sent_on", "second_looks", "proposed", "overruled", "withdrawn", "returned",
)  # fmt: skip
VERDICTS: Final[dict[str, str]] = {
    CaseState.OFFICER_CONFIRMED: "confirmed",
    CaseState.OFFICER_REJECTED: "rejected",
    CaseState.NON_PAYABLE: "sent_on",
}


def of_officer(work: Work, officer: str, since: datetime, until: datetime) -> OfficerStatistics:
    """What one officer did; anybody but himself needs to be a senior officer or an auditor.

    Raises:
        AccessError: the actor is neither.
        InputError: the span ends before it begins.
    """
    require(work.actor, READERS)
    if officer != work.actor.id and work.actor.acts_as(TEAM_READERS) is None:
        raise AccessError("An officer sees his own statistics; those of others are a senior officer's.")
    own = _tallies(work, since, until, officer)
    return own[officer].view(officer, names(work, [officer]).get(officer))


def of_team(work: Work, since: datetime, until: datetime) -> tuple[OfficerStatistics, ...]:
    """Every officer who did something in the actor's territories, by name, and the team together at the end.

    Raises:
        AccessError: the actor is no senior officer or auditor.
        InputError: the span ends before it begins.
    """
    require(work.actor, TEAM_READERS)
    tallies = _tallies(work, since, until)
    people = names(work, tallies)
    whole = _Tally()
    for one in tallies.values():
        for name, count in one.counts.items():
            whole.counts[name] += count
        whole.times += one.times
    found = [tally.view(officer, people.get(officer)) for officer, tally in tallies.items()]
    return (*sorted(found, key=lambda one: (one.name or "", one.officer or "")), whole.view(None, None))


def _tallies(work: Work, since: datetime, until: datetime, officer: str | None = None) -> dict[str, _Tally]:
    if until <= since:
        raise InputError("The span ends before it begins.")
    steps = _steps(work, since, until, officer)
    found: dict[str, _Tally] = defaultdict(_Tally)
    for events in steps.values():
        _count(found, events, since)
    return found


def _count(found: dict[str, _Tally], events: list[CaseEvent], since: datetime) -> None:
    """Count the steps of one case; those before the span only say when it was claimed and by whom proposed."""
    claimed: dict[str, datetime] = {}
    proposer: str | None = None
    for event in events:
        verdict, counts = VERDICTS.get(event.target or ""), event.at >= since
        if event.target == CaseState.IN_REVIEW and event.source == CaseState.SCREENED:
            claimed, proposer = {event.actor: event.at}, None
        elif event.target == CaseState.SECOND_LOOK:
            proposer = next(iter(claimed), None)
            if counts and proposer is not None:
                found[proposer].counts["proposed"] += 1
                found[proposer].times.append((event.at - claimed.pop(proposer)).total_seconds())
        elif verdict is not None and counts:
            _verdict(found, event, verdict, claimed, proposer)
        elif event.source == CaseState.OFFICER_CONFIRMED and event.target == CaseState.SCREENED and counts:
            found[event.actor].counts["withdrawn"] += 1
        elif event.target == CaseState.RETURNED and counts and event.role in {role.value for role in OFFICERS}:
            found[event.actor].counts["returned"] += 1


def _verdict(
    found: dict[str, _Tally], event: CaseEvent, verdict: str, claimed: dict[str, datetime], proposer: str | None
) -> None:
    tally = found[event.actor]
    tally.counts[verdict] += 1
    if event.source == CaseState.SECOND_LOOK:
        tally.counts["second_looks"] += 1
        if verdict == "rejected" and proposer is not None:
            found[proposer].counts["overruled"] += 1
    elif event.actor in claimed:
        tally.times.append((event.at - claimed.pop(event.actor)).total_seconds())


def _steps(work: Work, since: datetime, until: datetime, officer: str | None) -> dict[str, list[CaseEvent]]:
    """The steps of every case of the actor's territories that was moved by an officer in the span, in order.

    For one officer only of the cases he ever touched: what others decide on his proposals is among them.
    """
    touched = (
        select(CaseEvent.record)
        .join(ViolationCase, ViolationCase.id == CaseEvent.record)
        .where(
            CaseEvent.at >= since,
            CaseEvent.at < until,
            CaseEvent.kind == STATE,
            CaseEvent.target.in_([*VERDICTS, CaseState.SECOND_LOOK, CaseState.SCREENED, CaseState.RETURNED]),
        )
    )
    if officer is not None:
        touched = touched.where(CaseEvent.record.in_(select(CaseEvent.record).where(CaseEvent.actor == officer)))
    mine = work.actor.territories
    if mine:
        touched = touched.where(ViolationCase.territory.is_(None) | ViolationCase.territory.in_(mine))
    query = select(CaseEvent).where(
        CaseEvent.record.in_(touched.distinct()), CaseEvent.at < until, CaseEvent.kind == STATE
    )
    found: dict[str, list[CaseEvent]] = defaultdict(list)
    for event in work.session.scalars(query.order_by(CaseEvent.record, CaseEvent.seq)):
        found[event.record].append(event)
    return found
