"""Somebody who was struck, and who rests after it; what all who look for them go by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vision.sight import Box

WINDOW_S: Final = 0.55
"""Before and after a moment; a crash pulse lasts 0.1 to 0.15 s, full braking takes 1.5 to 2 s from 50 km/h."""
COARSE_M: Final = 0.45
"""Metres a pixel along the road beyond which nothing is told."""
DRIVES_MS: Final = 5.0
"""Whoever was faster than this was driving, 18 km/h; who was slower and becomes faster was pushed."""
SIGMAS: Final = 2.0
"""So many standard uncertainties are taken off first."""
REST_S: Final = 2.0
"""Who keeps its place for so long rests."""


@dataclass(frozen=True, slots=True)
class Impact:
    """A change of motion that no driver makes.

    Attributes:
        track: of the vehicle.
        class_id: of the vehicle.
        video_s: second of it.
        at: metres on the road.
        ms2: acceleration, less its uncertainty.
        change_ms: change of velocity within the window.
        before_ms: speed before it.
        pushed: it was slow and became faster.
        shape: width and height right before it, metres as they show.
        toward: its velocity before, metres a second.
        change: of its velocity, metres a second.
        jumped: somebody else rested where it is now: an identity jumped onto him.
        halted: told from its speed before and the place of its rest, without the looks between.
    """

    track: int
    class_id: int
    video_s: float
    at: tuple[float, float]
    ms2: float
    change_ms: float
    before_ms: float
    pushed: bool
    shape: tuple[float, float]
    toward: tuple[float, float]
    change: tuple[float, float]
    jumped: bool = False
    halted: bool = False


@dataclass(frozen=True, slots=True)
class Rest:
    """Somebody at rest after an impact.

    Attributes:
        impact: what it rests after.
        since_s: second of video since which it rests.
        at: metres on the road.
        box: pixels.
        turned: how its shape changed, 1 for not at all.
        dimmed: how sure the detector is of it now, as a share of how sure it was before.
    """

    impact: Impact
    since_s: float
    at: tuple[float, float]
    box: Box
    turned: float
    dimmed: float = 1.0
