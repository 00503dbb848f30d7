"""Cyclist where none may be: on a motorway's carriageway, or in a zone drawn for it.

Traffic Rules of Kazakhstan, section 16 (a motorway is closed to bicycles). From behind, a bicycle is hidden by its
rider: a person who moves faster than anybody walks counts as one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from incidents.presence import Presence
from vision.classes import BICYCLE, PERSON

if TYPE_CHECKING:
    from vision.camera import Camera
    from vision.camera_parts import Zone


def _zones(camera: Camera) -> tuple[Zone, ...]:
    drawn = camera.zones_of("no_cyclists")
    return (*drawn, *camera.zones_of("carriageway")) if camera.road == "motorway" else drawn


RULE: Final = Presence("cyclist", frozenset({BICYCLE, PERSON}), _zones, "missing_no_cyclists", "2", riding=True)
