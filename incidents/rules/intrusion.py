"""Intrusion: somebody or something in a `closed` zone, in its `hours` where it has any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from incidents.presence import Presence

if TYPE_CHECKING:
    from vision.camera import Camera
    from vision.camera_parts import Zone


def _zones(camera: Camera) -> tuple[Zone, ...]:
    return camera.zones_of("closed")


RULE: Final = Presence("intrusion", None, _zones, "missing_closed")
