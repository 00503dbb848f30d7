"""Clips of incidents: for each kind happenings and near misses, as `scenarios.happenings` has them for offences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qyran.errors import InputError
from scenarios.acts_incidents import incident_acts
from scenarios.happenings import ATTEMPTS, CONDITIONS, collisions, on_road, places, road
from scenarios.happenings.clip import PlanError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenarios.happenings.clip import Clip


def wrong_way(condition: str, seed: int) -> Clip:
    """Drives against the direction of a one-way road; near misses as for the offence."""
    clip = road.wrong_way(condition, seed)
    clip.account = incident_acts
    return clip


INCIDENTS: Final[dict[str, Callable[[str, int], Clip]]] = {
    "crash": collisions.crash,
    "stopped_vehicle": on_road.stopped_vehicle,
    "wrong_way": wrong_way,
    "pedestrian": on_road.pedestrian,
    "cyclist": on_road.cyclist,
    "animal": on_road.animal,
    "congestion": places.congestion,
    "debris": on_road.debris,
    "crowd": places.crowd,
    "intrusion": places.intrusion,
    "person_down": on_road.person_down,
}
"""What makes a clip of each kind, from a condition and a seed; camera tampering has no road users and stands apart."""


def incident_clip(kind: str, condition: str, seed: int) -> Clip:
    """A clip that shows what it is for.

    Raises:
        InputError: there is no such kind or condition.
        PlanError: no attempt does what it planned: a fault of the maker.
    """
    if kind not in INCIDENTS:
        raise InputError(f"There are no happenings of the incident {kind}; there are {', '.join(INCIDENTS)}.")
    if condition not in CONDITIONS:
        raise InputError(f"There is no condition {condition}; there are {', '.join(CONDITIONS)}.")
    fault = PlanError(f"clip {kind}-{condition}-{seed}: no attempt was made")
    for attempt in range(ATTEMPTS):
        clip = INCIDENTS[kind](condition, seed * ATTEMPTS + attempt)
        try:
            clip.rehearse()
        except PlanError as error:
            fault = error
            continue
        return clip
    raise fault
