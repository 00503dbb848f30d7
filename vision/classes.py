"""Names of what the detectors see. The order is the order of the models' output channels."""

from __future__ import annotations

from typing import Final

ROAD_CLASSES: Final = ("person", "bicycle", "motorcycle", "car", "bus", "truck")
FIRE_CLASSES: Final = ("fire", "smoke")
PLATE_CLASSES: Final = ("plate",)

PERSON, BICYCLE, MOTORCYCLE, CAR, BUS, TRUCK = range(6)
FIRE, SMOKE = range(2)

VEHICLE_IDS: Final = frozenset({MOTORCYCLE, CAR, BUS, TRUCK})
"""Classes that drive on the carriageway with an engine; they make passages."""
