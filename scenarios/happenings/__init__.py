"""Rendered happenings: for each rule clips in which it is broken, and clips in which it nearly is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qyran.errors import InputError
from scenarios.happenings import crossing, junction_rules, railway, road, standing
from scenarios.happenings.clip import WEATHERS, PlanError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenarios.happenings.clip import Clip

MAKERS: Final[dict[str, Callable[[str, int], Clip]]] = {
    "red_light": junction_rules.red_light,
    "stop_line": junction_rules.stop_line,
    "lane_direction": junction_rules.lane_direction,
    "turn": junction_rules.turn,
    "u_turn": junction_rules.u_turn,
    "junction_block": junction_rules.junction_block,
    "solid_line": road.solid_line,
    "oncoming_lane": road.oncoming_lane,
    "wrong_way": road.wrong_way,
    "bus_lane": road.bus_lane,
    "restricted_class": road.restricted_class,
    "pavement_driving": road.pavement_driving,
    "no_stopping": standing.no_stopping,
    "no_parking": standing.no_parking,
    "pavement_parking": standing.pavement_parking,
    "paid_parking": standing.paid_parking,
    "pedestrian_priority": crossing.pedestrian_priority,
    "railway_crossing": railway.railway_crossing,
}
"""What makes a clip of each rule that can be judged from pictures, from a condition and a seed."""
CONDITIONS: Final = tuple(WEATHERS)
ATTEMPTS: Final = 12
"""Seeds that are tried for one clip: a plan may fail for want of room, but not always."""


def clip_of(rule: str, condition: str, seed: int) -> Clip:
    """A clip that shows what it is for.

    Raises:
        InputError: there is no such rule or condition.
        PlanError: no attempt does what it planned: a fault of the maker.
    """
    if rule not in MAKERS:
        raise InputError(f"There are no happenings of the rule {rule}; there are {', '.join(MAKERS)}.")
    if condition not in CONDITIONS:
        raise InputError(f"There is no condition {condition}; there are {', '.join(CONDITIONS)}.")
    fault = PlanError(f"clip {rule}-{condition}-{seed}: no attempt was made")
    for attempt in range(ATTEMPTS):
        clip = MAKERS[rule](condition, seed * ATTEMPTS + attempt)
        try:
            clip.rehearse()
        except PlanError as error:
            fault = error
            continue
        return clip
    raise fault
