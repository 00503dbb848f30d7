"""Names of what the detectors see. The order is the order of the models' output channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROAD_CLASSES: Final = ("person", "bicycle", "motorcycle", "car", "bus", "truck")
FIRE_CLASSES: Final = ("fire", "smoke")
PLATE_CLASSES: Final = ("plate",)

PERSON, BICYCLE, MOTORCYCLE, CAR, BUS, TRUCK = range(6)
FIRE, SMOKE = range(2)

VEHICLE_IDS: Final = frozenset({MOTORCYCLE, CAR, BUS, TRUCK})
"""Classes that drive on the carriageway with an engine; they make passages."""
_IS_VEHICLE: Final = np.array([number in VEHICLE_IDS for number in range(len(ROAD_CLASSES))] + [False])


def is_vehicle(class_id: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Which classes are of `VEHICLE_IDS`, of the same shape; -1 (no class) is none.

    `np.isin` takes twenty times as long for the few tracks of a frame.
    """
    return np.asarray(_IS_VEHICLE[class_id])
