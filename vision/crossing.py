"""A crosswalk seen from above: how far across the road somebody on it is, in metres.

With a road plane the metres are real. Without one the picture is stretched back under the usual camera, and a person's
height gives the scale: rough, but enough to tell two steps from the other side of the road.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.strip import long_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vision.turning import GroundView

    Floats = NDArray[np.float64]

PERSON_M: Final = 1.7
"""Height of a grown person; the scale where no plane is known."""
BORDER: Final = 0.004
"""A corner this near to the picture's border, share of its side, is where the picture ends and not the crosswalk."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A crosswalk at one picture size.

    Attributes:
        view: the road from above.
        origin: the picture point from which is measured.
        corners: [K, 2] from above, in the view's units from the origin.
        whole: whether the picture shows all of it.
    """

    view: GroundView
    origin: Floats
    corners: Floats
    whole: bool

    @staticmethod
    def of(points: Sequence[tuple[float, float]], width: int, height: int, view: GroundView) -> Crossing:
        """A drawn crosswalk, corners in fractions of the picture."""
        pixels = np.array(points, np.float64) * (width, height)
        corners = np.array([view.vector(pixels[0], corner) for corner in pixels])
        shares = np.array(points)
        whole = bool(((shares > BORDER) & (shares < 1 - BORDER)).all())
        return Crossing(view, pixels[0], corners, whole)

    def metre(self, person_height_px: float) -> float:
        """The view's units a metre."""
        return 1.0 if self.view.plane is not None else max(person_height_px, 1.0) / PERSON_M

    def axis(self, driving: Floats) -> Floats | None:
        """Unit vector [2] from kerb to kerb: of the crosswalk's two directions the one across a vehicle's motion."""
        edges = np.roll(self.corners, -1, axis=0) - self.corners
        length = np.hypot(edges[:, 0], edges[:, 1])
        if not np.isfinite(length).all() or not length.max() > 0 or not np.hypot(*driving) > 0:
            return None
        first = long_axis(self.corners)
        if first is not None and self.whole:  # walked along its long side, whichever way a turning vehicle points
            return first
        first = edges[int(length.argmax())] / length.max() if first is None else first
        second = np.array((-first[1], first[0]))
        return second if abs(float(driving @ first)) > abs(float(driving @ second)) else first

    def place(self, point: Floats) -> Floats:
        """A picture point [2] from above, in the view's units from the origin."""
        return self.view.vector(self.origin, point)

    def span(self, axis: Floats) -> tuple[float, float]:
        """Where its kerbs lie on an axis."""
        at = self.corners @ axis
        return float(at.min()), float(at.max())
