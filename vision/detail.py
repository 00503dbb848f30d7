"""How finely a camera's pictures are searched for road users: far people against the processor's time.

A detector sees a person of 40 px in a picture of 1280 as one of 22 px at its usual input, and loses or misplaces every
sixth. Searched at its own pixels such a picture costs three times as much; which cameras are worth that is for whoever
sets them up to say. Measured costs and gains stand in docs/scenarios.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from vision.detector import DetectorSpec

Detail = Literal["standard", "fine", "full"]
DETAILS: Final[tuple[Detail, ...]] = ("standard", "fine", "full")
LONG_SIDE: Final[dict[Detail, int]] = {"fine": 960, "full": 1280}
"""Long side of the road detector's input, pixels; ``standard`` has that of the model's card."""


def long_side(spec: DetectorSpec, detail: Detail | None) -> int:
    """Longest input of a detector at a detail, pixels: never less than its own."""
    wanted = LONG_SIDE.get(detail or "standard", 0)
    return max(spec.long_side, wanted // spec.stride * spec.stride)
