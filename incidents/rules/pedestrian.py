"""Pedestrian where none may be: on a motorway's carriageway, or in a zone drawn for it.

Traffic Rules of Kazakhstan, sections 4 and 16 (a motorway is closed to pedestrians). On a street people cross lawfully
at many places, so nothing is told there unless a `no_pedestrians` zone is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from incidents.presence import Presence
from vision.classes import PERSON

if TYPE_CHECKING:
    from vision.camera import Camera
    from vision.camera_parts import Zone


def _zones(camera: Camera) -> tuple[Zone, ...]:
    drawn = camera.zones_of("no_pedestrians")
    return (*drawn, *camera.zones_of("carriageway")) if camera.road == "motorway" else drawn


RULE: Final = Presence("pedestrian", frozenset({PERSON}), _zones, "missing_no_pedestrians", "2", riding=False)
