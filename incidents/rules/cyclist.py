"""Cyclist where none may be: on a motorway's carriageway, or in a zone drawn for it.

Traffic Rules of Kazakhstan, section 16 (a motorway is closed to bicycles). From behind, a bicycle is hidden by its
rider: a person who moves faster than anybody walks counts as one. From the front it is taken for a
motorcycle: who was called both and never rides as fast as traffic does counts too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from incidents.presence import Presence
from vision.classes import BICYCLE, MOTORCYCLE, PERSON

if TYPE_CHECKING:
    from vision.camera import Camera
    from vision.camera_parts import Zone


def _zones(camera: Camera) -> tuple[Zone, ...]:
    drawn = camera.zones_of("no_cyclists")
    return (*drawn, *camera.zones_of("carriageway")) if camera.road == "motorway" else drawn


RULE: Final = Presence(
    "cyclist", frozenset({BICYCLE, MOTORCYCLE, PERSON}), _zones, "missing_no_cyclists", "3", riding=True
)
