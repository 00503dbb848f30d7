"""A cyclist is one road user: the person on a bicycle or motorcycle joins its box."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import BICYCLE, MOTORCYCLE, PERSON
from vision.geometry import cover
from vision.types import Detections

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEET_BELOW: Final = 0.05
"""A rider's feet may hang below the wheels by this share of the machine's height (noise of the boxes)."""
LEAST_SHARED: Final = 0.2
"""Share of the machine's box that its rider covers at least."""
LEAST_TRUST: Final = 0.5
"""A machine seen with less than this share of the person's score cannot swallow the person."""


def join_riders(seen: Detections) -> Detections:
    """Machines grown over their riders, riders taken out; order by score is kept.

    A rider is a person whose middle lies over the machine, whose feet are not below its wheels and who covers part
    of it. A person walking beside a machine stands lower than its wheels' end or beside it and stays.
    """
    machines = np.flatnonzero((seen.class_id == BICYCLE) | (seen.class_id == MOTORCYCLE))
    people = np.flatnonzero(seen.class_id == PERSON)
    if not len(machines) or not len(people):
        return seen
    sits = _sits(seen, machines, people)
    box = seen.box.copy()
    gone: list[int] = []
    taken: set[int] = set()
    for i in range(len(people)):  # strongest person first, one seat a person; a machine may carry two
        if not sits[:, i].any():
            continue
        machine = int(sits[:, i].argmax())
        if machine in taken and sits[:, i].sum() > 1:
            machine = next((int(m) for m in np.flatnonzero(sits[:, i]) if int(m) not in taken), machine)
        taken.add(machine)
        row, person = machines[machine], people[i]
        box[row, :2] = np.minimum(box[row, :2], seen.box[person, :2])
        box[row, 2:] = np.maximum(box[row, 2:], seen.box[person, 2:])
        gone.append(int(person))
    keep = np.ones(len(seen), np.bool_)
    keep[gone] = False
    return Detections(box, seen.score, seen.class_id, seen.look).where(keep)


def _sits(seen: Detections, machines: NDArray[np.intp], people: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether a person rides a machine, bool [machines, people]."""
    machine, person = seen.box[machines][:, None], seen.box[people][None]
    middle = (person[..., 0] + person[..., 2]) / 2
    height = machine[..., 3] - machine[..., 1]
    over = (middle > machine[..., 0]) & (middle < machine[..., 2])
    seated = (person[..., 3] <= machine[..., 3] + FEET_BELOW * height) & (person[..., 3] > machine[..., 1])
    higher = person[..., 1] < machine[..., 1] + height / 3
    shares = cover(seen.box[machines], seen.box[people]) >= LEAST_SHARED
    trusted = seen.score[machines][:, None] >= LEAST_TRUST * seen.score[people][None]
    return np.asarray(over & seated & higher & shares & trusted)
