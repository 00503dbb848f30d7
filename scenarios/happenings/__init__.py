"""Rendered happenings: for each rule clips in which it is broken, and clips in which it nearly is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qyran.errors import InputError
from scenarios.happenings import junction
from scenarios.happenings.clip import WEATHERS, PlanError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenarios.happenings.clip import Clip

MAKERS: Final[dict[str, Callable[[str, int], Clip]]] = {
    "red_light": junction.red_light,
    "stop_line": junction.stop_line,
    "lane_direction": junction.lane_direction,
    "turn": junction.turn,
    "u_turn": junction.u_turn,
    "junction_block": junction.junction_block,
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
    fault: PlanError | None = None
    for attempt in range(ATTEMPTS):
        clip = MAKERS[rule](condition, seed * ATTEMPTS + attempt)
        try:
            clip.rehearse()
        except PlanError as error:
            fault = error
            continue
        return clip
    assert fault is not None
    raise fault
