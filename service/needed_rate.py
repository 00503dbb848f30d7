"""How often the rules in force need a camera to be looked at; load never takes a camera below that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.rulebook import RULES

if TYPE_CHECKING:
    from vision.camera import Camera

FOLLOWING_HZ: Final = 3.0
"""Whoever judges moving road users: at 50 km/h a vehicle goes 4.6 m between two looks, its own length, so that its
boxes still touch and the tracker (which drops an unconfirmed track after 0.5 s) finds it again."""
NEEDS_HZ: Final = {"fire_and_smoke": 2.0, "camera_tampering": 0.5}
"""Looks a second of rules that follow nobody: smoke and fire are gathered from looks half a second apart
(`fire_alerts.windows`), the view is looked at every 2 s (`vision.drift`)."""


def needed_hz(camera: Camera) -> float:
    """Looks a second that the rules need which a camera's file allows."""
    wants = [NEEDS_HZ.get(rule.kind, FOLLOWING_HZ) for _, rule in RULES if not rule.missing(camera)]
    if camera.lines_of("control"):
        wants.append(FOLLOWING_HZ)
    return max(wants)
