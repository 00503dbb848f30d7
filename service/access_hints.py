"""Hints that somebody's looks at data are unlike those of the others: a plain statistic for an auditor, no verdict.

Two measures over a span, for each officer who looked at anything:

* how many different records he opened, and searches he made. It stands out when it is above the median of the others of
  his role by more than three robust standard deviations (1.4826 times the median absolute deviation, at least one fifth
  of the median) and by more than `LEAST`;
* how many of the cases he opened he neither reviewed nor decided (`look_up`), and how many lay outside his territories.
  It stands out above `SHARE` of his openings, and above `LEAST`.

With fewer than `PEOPLE` others nothing is compared: two people make no statistic.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from sqlalchemy import func, select

from qyran.roles import OFFICERS
from service.access import require
from service.access_register import READERS, SEEN
from service.store.database import Work
from service.store.passage_tables import QueryLog
from service.store.tables import AccessLog, AppUser

DEVIATIONS: Final = 3.0
TO_SIGMA: Final = 1.4826  # a median absolute deviation of normal figures times this is their standard deviation
LEAST_SPREAD: Final = 0.2  # of the median: where all do the same, a little more is no sign
LEAST: Final = 10  # looks
SHARE: Final = 0.5
PEOPLE: Final = 3


@dataclass(frozen=True, slots=True)
class Looks:
    """What one person looked at in a span."""

    actor: str
    name: str
    role: str
    opened: int
    foreign: int
    outside: int
    hints: tuple[str, ...] = ()
    usual: float | None = None


def hints(work: Work, start: datetime, end: datetime) -> tuple[Looks, ...]:
    """Every officer who looked at data in a span, who stands out first, then the busiest.

    Raises:
        AccessError: the actor watches over nobody's data.
    """
    require(work.actor, READERS)
    found = _counted(work, start, end)
    told = [
        _judged(one, [other.opened for other in found if other.role == one.role and other is not one]) for one in found
    ]
    return tuple(sorted(told, key=lambda one: (-len(one.hints), -one.opened, one.name)))


def _judged(one: Looks, others: list[int]) -> Looks:
    said, usual = [], None
    if len(others) >= PEOPLE:
        usual = median(others)
        spread = max(TO_SIGMA * median(abs(other - usual) for other in others), LEAST_SPREAD * usual)
        if one.opened - usual > max(DEVIATIONS * spread, LEAST):
            said.append("many")
    if one.outside > 0 and one.outside > SHARE * one.opened:
        said.append("outside")
    if one.foreign > max(SHARE * one.opened, LEAST):
        said.append("foreign")
    return Looks(one.actor, one.name, one.role, one.opened, one.foreign, one.outside, tuple(said), usual)


def _counted(work: Work, start: datetime, end: datetime) -> list[Looks]:
    log, asked = AccessLog, QueryLog
    span = (log.at >= start, log.at < end, log.role.in_(OFFICERS), log.action.in_(SEEN))
    distinct = select(log.actor, log.role, func.count(log.record.distinct())).where(*span).group_by(log.actor, log.role)
    opened = {(actor, role): count for actor, role, count in work.session.execute(distinct)}
    searches = select(asked.actor, asked.role, func.count()).where(asked.at >= start, asked.at < end)
    for actor, role, count in work.session.execute(searches.group_by(asked.actor, asked.role)):
        opened[actor, role] = opened.get((actor, role), 0) + count
    foreign = select(log.actor, func.count(log.record.distinct())).where(*span, log.reason == "look_up")
    looked_up = dict(work.session.execute(foreign.group_by(log.actor)).all())
    people = {row.id: row for row in work.session.scalars(select(AppUser))}
    places = select(log.actor, log.territory, func.count(log.record.distinct())).where(
        *span, log.territory.is_not(None)
    )
    outside: dict[str, int] = {}
    for actor, territory, count in work.session.execute(places.group_by(log.actor, log.territory)):
        mine = people[actor].territories if actor in people else []
        if mine and territory not in mine:
            outside[actor] = outside.get(actor, 0) + count
    return [
        Looks(actor, people[actor].name, role, count, looked_up.get(actor, 0), outside.get(actor, 0))
        for (actor, role), count in opened.items()
        if actor in people
    ]
