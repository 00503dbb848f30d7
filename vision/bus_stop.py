"""Buses at their stop: a large box whose middle may lie beside the drawn bay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import BUS
from vision.geometry import in_polygon, to_pixels
from vision.strip import strip_share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.types import Observation

SHARE: Final = 0.3
"""Of the strip along its lower edge that lies in the bay; its foot inside is enough as well."""


def at_bus_stop(camera: Camera, observation: Observation) -> NDArray[np.bool_]:
    """Which tracks [N] are buses in a zone `bus_stop`."""
    box, class_id = observation.tracks.box, observation.tracks.class_id
    inside = np.zeros(len(box), np.bool_)
    for zone in camera.zones_of("bus_stop"):
        bay = to_pixels(zone.points, observation.width, observation.height)
        inside |= (strip_share(box, bay) >= SHARE) | in_polygon(observation.tracks.foot, bay)
    return np.asarray(inside & (class_id == BUS), np.bool_)
