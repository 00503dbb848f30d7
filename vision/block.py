"""Where a vehicle stands, told from its box, its class and the way it drives.

The bottom centre of a box is no fixed point of a vehicle. From near by, the lower edge of the bumper ends the box, from
afar the tyres; the side that shows widens the box and moves its middle. Over a second of driving that drift reads as
speed: up to two per cent. So a vehicle is taken as a block of its class's measures, the block is seen from where the
camera hangs, and what its box says is taken back to the middle of its ground plan.

Where the camera hangs follows from the road plane alone: its homography fixes the focal length of a camera with square
pixels that looks through the middle of its picture (Zhang, A flexible new technique for camera calibration, 2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.geometry import foot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.road_plane import RoadPlane

    Floats = NDArray[np.float64]

LEAST_FOCAL, LARGEST_FOCAL = 0.3, 12.0
"""Focal lengths that a road camera may have, widths of the picture; a plane that says otherwise tells no place."""
LEAST_HEIGHT_M: Final = 2.0
"""A camera lower than this sees no plan of anything."""


@dataclass(frozen=True, slots=True)
class _Body:
    """Measures of a class, metres.

    Attributes:
        length, width, height: of the whole.
        front, rear: how far the tyres stand in from the ends.
        clearance: how high boxes show the bumpers' lower edges to hang: lower than makers say, since the shadow under
            them is dark too (residuals of the shipped detector on rendered streets, see `vision.speed`).
        roof_length, roof_width: of the roof, shares of the whole.
        side_height: up to where the sides are upright; to the roof where nobody says.
    """

    length: float
    width: float
    height: float
    front: float
    rear: float
    clearance: float
    roof_length: float = 1.0
    roof_width: float = 1.0
    side_height: float | None = None


_BODIES: Final = (  # in the order of ROAD_CLASSES; usual values of makers' data sheets
    _Body(0.5, 0.5, 1.72, 0.1, 0.1, 0.0),
    _Body(1.75, 0.6, 1.75, 0.35, 0.35, 0.0, 0.3, 0.6, 0.9),
    _Body(2.05, 0.8, 1.5, 0.3, 0.3, 0.0, 0.3, 0.6, 0.9),
    _Body(4.55, 1.8, 1.5, 0.85, 0.85, 0.09, 0.45, 0.75, 0.75),
    _Body(11.5, 2.5, 3.15, 1.9, 1.9, 0.14),
    _Body(8.0, 2.48, 3.1, 1.3, 1.65, 0.3),
)


def _corners(body: _Body) -> Floats:
    """Points that bound the body, float64 [16, 3]: ahead, to the left, up from the middle of its plan, metres."""
    points = []
    for ahead in (-1, 1):
        for left in (-1, 1):
            end, side = ahead * body.length / 2, left * body.width / 2
            tyre = end - ahead * (body.front if ahead > 0 else body.rear)
            points += [
                (tyre, 0.95 * side, 0.0),
                (end, 0.8 * side, body.clearance),  # corners are round
                (end, 0.8 * side, body.height if body.side_height is None else body.side_height),
                (end * body.roof_length, side * body.roof_width, body.height),
            ]
    return np.array(points)


CORNERS: Final = np.stack([_corners(body) for body in _BODIES])
_SPREAD: Final = np.stack([np.column_stack((np.ones(len(corner)), corner)) for corner in CORNERS]).astype(np.float32)
"""The same behind a column of ones, float32 [classes, 16, 4]."""
_LENGTH: Final = np.array([body.length for body in _BODIES])
_WIDTH: Final = np.array([body.width for body in _BODIES])


def camera_place(plane: RoadPlane, width: float, height: float) -> Floats | None:
    """Where the camera hangs over its road plane, float64 [3]: metres as on the plane, and up; None if it cannot be.

    Args:
        plane: of the camera.
        width: of the picture, pixels.
        height: of the picture, pixels.
    """
    centred = np.array([[1.0, 0.0, -width / 2], [0.0, 1.0, -height / 2], [0.0, 0.0, 1.0]])
    h = centred @ np.linalg.inv(plane.fit.to_ground)
    (x1, y1, z1), (x2, y2, z2) = h[:, 0], h[:, 1]
    # Both columns are turned unit vectors times K: at right angles and of one length, once 1 / f^2 is known.
    ask = np.array([x1 * x2 + y1 * y2, x1**2 + y1**2 - x2**2 - y2**2])
    answer = -np.array([z1 * z2, z1**2 - z2**2])
    inverse_square = float(ask @ answer / (ask @ ask))
    if not 1 / (LARGEST_FOCAL * width) ** 2 <= inverse_square <= 1 / (LEAST_FOCAL * width) ** 2:
        return None
    h[:2] *= np.sqrt(inverse_square)
    h *= 2 / (np.linalg.norm(h[:, 0]) + np.linalg.norm(h[:, 1]))
    turn, _, back = np.linalg.svd(np.column_stack((h[:, 0], h[:, 1], np.cross(h[:, 0], h[:, 1]))))
    place: Floats = -(turn @ back).T @ h[:, 2]
    # A plane whose y runs to the right of its x is seen from below: its mirror image is the true one.
    place[2] = abs(place[2])
    return place if place[2] >= LEAST_HEIGHT_M else None


def middles(foot_m: Floats, heading: Floats, class_id: NDArray[np.integer], plane: RoadPlane, camera: Floats) -> Floats:
    """Middle of the ground plan of vehicles, float64 [..., 2], metres; arguments as of `plans`."""
    return plans(foot_m, heading, class_id, plane, camera)[0]


def plans(
    foot_m: Floats, heading: Floats, class_id: NDArray[np.integer], plane: RoadPlane, camera: Floats
) -> tuple[Floats, Floats]:
    """Middle of the ground plan of vehicles, and how large their blocks look there.

    Args:
        foot_m: [..., 2], the bottom centres of their boxes on the road plane, metres.
        heading: [..., 2], unit vectors of the way they drive on the plane.
        class_id: [...], index into ROAD_CLASSES.
        plane: of the camera.
        camera: [3], where it hangs, see `camera_place`.

    Returns:
        The middles, float64 [..., 2], metres, and width and height of the boxes, float64 [..., 2], pixels.
    """
    # A first guess lies half a vehicle behind its foot; from there one step is good to a few centimetres.
    sight = foot_m - camera[:2]
    sight /= np.maximum(np.hypot(sight[..., 0], sight[..., 1]), 1e-6)[..., None]
    along = np.abs(sight[..., 0] * heading[..., 0] + sight[..., 1] * heading[..., 1])
    across = np.sqrt(np.maximum(1 - along**2, 0.0))
    guess = foot_m + sight * ((along * _LENGTH[class_id] + across * _WIDTH[class_id]) / 2)[..., None]
    box = _seen_box(guess, heading, class_id, plane, camera)
    return guess + foot_m - plane.to_ground(foot(box)), box[..., 2:] - box[..., :2]


def _seen_box(
    middle: Floats, heading: Floats, class_id: NDArray[np.integer], plane: RoadPlane, camera: Floats
) -> Floats:
    """Box around each block [..., 4], pixels."""
    # A point above the road hides the place on it that lies on the line from the camera through it. So in homogeneous
    # terms that place is linear in how far the point lies ahead, to the left and up: one product sees all corners.
    place, ahead = middle.reshape(-1, 2).T, heading.reshape(-1, 2).T
    cx, cy, up = camera
    to_picture = plane.matrix
    turned = np.empty((4, 3, place.shape[1]), np.float32)  # a thousandth of a pixel will do, in half the time
    turned[0] = to_picture[:, :2] @ place + to_picture[:, 2:]
    turned[1] = to_picture[:, :2] @ ahead
    turned[2] = to_picture[:, :2] @ np.stack((-ahead[1], ahead[0]))
    turned[3] = (to_picture @ (-cx / up, -cy / up, -1 / up))[:, None]
    kind = np.broadcast_to(class_id, middle.shape[:-1]).reshape(-1)
    box = np.empty((4, len(kind)))
    for one in np.flatnonzero(np.bincount(kind, minlength=len(CORNERS))):
        here = np.flatnonzero(kind == one)
        corners = _SPREAD[one] @ turned[..., here].reshape(4, -1)
        seen = plane.seen(corners.reshape(-1, 3, len(here)))
        box[:2, here], box[2:, here] = seen.min(axis=0), seen.max(axis=0)
    return box.T.reshape(*middle.shape[:-1], 4)
