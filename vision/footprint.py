"""Where the wheels of a vehicle stand, told from its box.

The bottom centre of a box is a poor place for a vehicle seen at a slant: the side of a long lorry widens the box
towards the vanishing point and drags the bottom centre into the next lane. A vehicle is taken as a block of its class's
proportions, turned as it drives; its ground plan is fitted into the box from below. With a road plane the plan is
foreshortened as the plane says, otherwise as under a camera that looks down by about 24 degrees. Where the plane tells
where the camera hangs, the block has the class's own measures and height (`vision.block`): a lorry's roof and side
widen its box, and a plan fitted into that would lie up to half a lane beside the vehicle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vision.block import middles
from vision.classes import ROAD_CLASSES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from vision.road_plane import RoadPlane

    Floats = NDArray[np.float64]

LENGTH_M: Final = np.array([0.5, 1.8, 2.2, 4.5, 11.0, 8.0])
WIDTH_M: Final = np.array([0.5, 0.6, 0.8, 1.8, 2.5, 2.5])
"""Length and width by class in metres, in the order of ROAD_CLASSES: a mid-size car, a city bus, a two-axle lorry."""
SIN_DEPRESSION: Final = 0.4
"""Foreshortening of the road away from the camera where no plane is known."""
DEEPEST: Final = 0.9
"""The plan takes at most this share of the box's height: something always stands up."""


@dataclass(frozen=True, slots=True)
class Footprints:
    """Ground plans of N vehicles in the picture, each a parallelogram around its centre.

    Attributes:
        centre: float64 [N, 2], pixels.
        half_length: float64 [N, 2], from the centre to the middle of the front, pixels.
        half_width: float64 [N, 2], from the centre to the middle of the right side, pixels.
    """

    centre: Floats
    half_length: Floats
    half_width: Floats

    def __len__(self) -> int:
        return len(self.centre)

    @property
    def corners(self) -> Floats:
        """The four corners, float64 [N, 4, 2]."""
        along, across = self.half_length, self.half_width
        offsets = np.stack((along - across, along + across, -along + across, -along - across), axis=1)
        return np.asarray(self.centre[:, None] + offsets)


def footprints(
    box: NDArray[np.floating[Any]], class_id: NDArray[np.integer[Any]], heading: ArrayLike,
    plane: RoadPlane | None = None,
) -> Footprints:  # fmt: skip
    """Ground plans of vehicles.

    Args:
        box: [N, 4], pixels.
        class_id: [N], index into ROAD_CLASSES.
        heading: [2] or [N, 2], where each drives to in the picture; zeros mean unknown and count as away.
        plane: of the camera, where there is one.
    """
    if plane is None or plane.camera is None or not len(box):
        return _fitted(box, class_id, heading, plane)
    stood = _stood(box, class_id, heading, plane, plane.camera)
    sound = np.isfinite(stood.centre + stood.half_length + stood.half_width).all(axis=1, keepdims=True)
    if sound.all():
        return stood
    fitted = _fitted(box, class_id, heading, plane)
    pairs = ((getattr(stood, name), getattr(fitted, name)) for name in ("centre", "half_length", "half_width"))
    return Footprints(*(np.where(sound, one, other) for one, other in pairs))


def _stood(
    box: NDArray[np.floating[Any]], class_id: NDArray[np.integer[Any]], heading: ArrayLike, plane: RoadPlane,
    camera: Floats,
) -> Footprints:  # fmt: skip
    """Ground plans of blocks of the classes' measures; NaN beyond the horizon and where nobody knows the heading."""
    box = box.astype(np.float64).reshape(-1, 4)
    kind = np.clip(class_id.astype(int), 0, len(ROAD_CLASSES) - 1)
    foot = np.stack(((box[:, 0] + box[:, 2]) / 2, box[:, 3]), axis=1)
    wanted = np.broadcast_to(np.asarray(heading, np.float64), foot.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        ahead = np.einsum("nij,nj->ni", plane.jacobian(foot), wanted)
        ahead /= np.hypot(ahead[:, 0], ahead[:, 1])[:, None]
        middle = middles(plane.to_ground(foot), ahead, kind, plane, camera)
        right = np.stack((ahead[:, 1], -ahead[:, 0]), axis=1)
        ends = middle, middle + ahead * LENGTH_M[kind, None] / 2, middle + right * WIDTH_M[kind, None] / 2
        centre, front, side = plane.to_picture(np.stack(ends))
    along, across = front - centre, side - centre
    # The plane's axes may be written down left for right.
    turned = along[:, 0] * across[:, 1] - along[:, 1] * across[:, 0] < 0
    return Footprints(centre, along, np.where(turned[:, None], -across, across))


def _fitted(
    box: NDArray[np.floating[Any]], class_id: NDArray[np.integer[Any]], heading: ArrayLike, plane: RoadPlane | None
) -> Footprints:
    """Ground plans of the classes' proportions, as large as their boxes let them be."""
    box = box.astype(np.float64).reshape(-1, 4)
    kind = np.clip(class_id.astype(int), 0, len(ROAD_CLASSES) - 1)
    bottom = np.stack(((box[:, 0] + box[:, 2]) / 2, box[:, 3]), axis=1)
    to_picture = _pixels_a_metre(bottom, plane)
    wanted = np.broadcast_to(np.asarray(heading, np.float64), bottom.shape)
    wanted = np.where((wanted == 0).all(axis=1, keepdims=True), (0.0, -1.0), wanted)
    ahead = np.linalg.solve(to_picture, wanted[..., None])[..., 0]
    ahead /= np.hypot(ahead[:, 0], ahead[:, 1])[:, None]
    turn = np.sign(np.linalg.det(to_picture))[:, None]  # the picture's y points down, the ground's does not
    right = np.stack((ahead[:, 1], -ahead[:, 0]), axis=1) * -turn
    along = np.einsum("nij,nj->ni", to_picture, ahead) * LENGTH_M[kind, None] / 2
    across = np.einsum("nij,nj->ni", to_picture, right) * WIDTH_M[kind, None] / 2
    spread = np.abs(along) + np.abs(across)
    scale = np.maximum(box[:, 2] - box[:, 0], 1.0) / np.maximum(2 * spread[:, 0], 1e-9)
    deepest = DEEPEST * np.maximum(box[:, 3] - box[:, 1], 1.0) / np.maximum(2 * spread[:, 1], 1e-9)
    scale = np.minimum(scale, deepest)[:, None]
    centre = bottom - np.stack((np.zeros(len(box)), (scale * spread)[:, 1]), axis=1)
    return Footprints(centre, along * scale, across * scale)


def _pixels_a_metre(points: Floats, plane: RoadPlane | None) -> Floats:
    """How a metre on the road shows at picture points [N, 2], float64 [N, 2, 2]: [i, j] is d pixel_i / d ground_j."""
    usual = np.broadcast_to(np.array([[1.0, 0.0], [0.0, -SIN_DEPRESSION]]), (len(points), 2, 2))
    if plane is None or not len(points):
        return usual
    metres = plane.jacobian(points)
    size = np.abs(metres).max(axis=(1, 2))
    sound = np.isfinite(metres).all(axis=(1, 2))
    with np.errstate(invalid="ignore"):
        sound &= np.abs(np.linalg.det(np.where(np.isfinite(metres), metres, 0.0))) > 1e-6 * size**2
    return np.asarray(
        np.where(sound[:, None, None], np.linalg.inv(np.where(sound[:, None, None], metres, np.eye(2))), usual)
    )
