"""Which call in the fire service's log is which alert of ours. Pure.

A number both know, or the object or the place within the time, makes one of the two; where several would fit, or only
the time speaks, a person confirms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from qyran.earth import Place, distance_m

BEFORE: Final = timedelta(minutes=20)
"""A caller can be quicker than a camera: so long before our alert a call can be of it."""
AFTER: Final = timedelta(minutes=40)
"""And so long after it: people who see a fire seldom call later while it burns unattended."""
CLOSE: Final = timedelta(minutes=10)
"""Where nothing but the time speaks."""
NEAR_M: Final = 150.0
"""Beyond the alert's own uncertainty: callers name the house next door and the crossing."""


class Tie(IntEnum):
    """What ties a call to an alert, the weakest first."""

    TIME = 1
    PLACE = 2
    OBJECT = 3
    NUMBER = 4


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """A call as the log has it; `place` is latitude and longitude."""

    id: str
    t_call_received: datetime
    object_id: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class KnownAlert:
    """A fire alert of ours.

    Attributes:
        numbers: incident numbers that services gave it.
        radius_m: metres around `place` that hold it 95 times in 100.
    """

    id: str
    t_detect: datetime
    numbers: frozenset[str] = frozenset()
    object_id: str | None = None
    place: Place | None = None
    radius_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Pair:
    """A call and an alert that may be one.

    Attributes:
        sure: no other fits as well; otherwise a person confirms.
        seconds: from our detection to the call.
        metres: between the two places, where both are known.
    """

    call: str
    alert: str
    tie: Tie
    sure: bool
    seconds: float
    metres: float | None


def pair_up(
    calls: Iterable[LoggedCall], alerts: Sequence[KnownAlert], refused: frozenset[tuple[str, str]] = frozenset()
) -> tuple[Pair, ...]:
    """All pairs worth telling: each sure call and alert stands in one pair only.

    Args:
        calls: of the log.
        alerts: ours.
        refused: pairs of call and alert that a person said are two things.
    """
    ties = [
        found
        for call in calls
        for alert in alerts
        if (call.id, alert.id) not in refused and (found := _pair(call, alert)) is not None
    ]
    sure = _sure(ties)
    calls_done, alerts_done = {one.call for one in sure}, {one.alert for one in sure}
    open_ = [one for one in ties if one.call not in calls_done and one.alert not in alerts_done]
    strongest = {one.call: max(each.tie for each in open_ if each.call == one.call) for one in open_}
    open_ = [one for one in open_ if one.tie is strongest[one.call] or one.tie > Tie.TIME]
    return tuple(sorted((*sure, *open_), key=lambda one: (one.call, -one.tie, abs(one.seconds), one.alert)))


def _sure(ties: Sequence[Pair]) -> list[Pair]:
    """Pairs that nothing contradicts: by number first, then by object or place where both have but one."""
    found: list[Pair] = []
    calls: set[str] = set()
    alerts: set[str] = set()
    for level in ({Tie.NUMBER}, {Tie.OBJECT, Tie.PLACE}):
        left = [one for one in ties if one.tie in level and one.call not in calls and one.alert not in alerts]
        of_call, of_alert = Counter(one.call for one in left), Counter(one.alert for one in left)
        alone = (one for one in left if of_call[one.call] == 1 and of_alert[one.alert] == 1)
        found.extend(replace(one, sure=True) for one in alone)
        calls |= {one.call for one in found}
        alerts |= {one.alert for one in found}
    return found


def _pair(call: LoggedCall, alert: KnownAlert) -> Pair | None:
    later = call.t_call_received - alert.t_detect
    metres = None if call.place is None or alert.place is None else distance_m(call.place, alert.place)
    tie = _tie(call, alert, later, metres)
    if tie is None:
        return None
    return Pair(call.id, alert.id, tie, False, later.total_seconds(), metres)


def _tie(call: LoggedCall, alert: KnownAlert, later: timedelta, metres: float | None) -> Tie | None:
    if call.id in alert.numbers:
        return Tie.NUMBER
    if not -BEFORE <= later <= AFTER:
        return None
    if call.object_id is not None and alert.object_id is not None:
        return Tie.OBJECT if call.object_id == alert.object_id else None
    if metres is not None:
        return Tie.PLACE if metres <= alert.radius_m + NEAR_M else None
    return Tie.TIME if abs(later) <= CLOSE else None
