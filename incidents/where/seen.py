"""Where something is that one camera sees: what stands on the road by its foot, smoke and fire by their bearing.

A vehicle or a person stands on the road, so the foot of its box is its place, moved from the edge that faces the camera
to the middle of its plan. Smoke and fire need not: what is seen of them begins behind a fence or in a window, so that
the foot of the box tells how far off they are at most, and the line of sight is what is known of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from incidents.where.eye import CAMERA_SIGMA_M, Eye, sigma_of_wide, wide_of
from incidents.where.fix import REGION, Sight, Source, at, from_ellipse, from_one
from incidents.where.place import Place
from qyran.earth import Plane
from vision.classes import ROAD_CLASSES
from vision.footprint import LENGTH_M, WIDTH_M
from vision.geometry import BORDER_PX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FIRES: Final = frozenset({"fire", "smoke"})
SPREAD: Final = frozenset({"congestion", "crowd"})
"""Kinds that are a stretch of road or a square and not a point: their box bounds many."""
OF_THE_CAMERA: Final = frozenset({"camera_tampering"})
"""Kinds that happen to the camera itself."""
SIGHT_M: Final = 2000.0
"""As far off as smoke is looked for, where the camera file does not say: a column of smoke as wide as a house covers
two hundredths of a picture of 60 degrees there, and roofs hide what is farther."""
STREET_M: Final = 150.0
"""As far off as anything on the road is recognised: a car is some 20 pixels wide there in 1920 (lens of 60 degrees)."""
BASE_M: Final = 30.0
"""Up to so high above the street fire breaks out: the ninth storey, taller than most houses."""
BOX_SIGMA_SHARE: Final = 0.03
"""Standard uncertainty of an edge of a box, as a share of its side: detectors agree with drawn boxes so (IoU 0.9)."""
BOX_SIGMA_PX: Final = 1.0
FIRE_SIGMA_SHARE: Final = 0.29
"""Of the source across its box: anywhere on its width alike (1 / sqrt 12)."""
LOST_SHARE: Final = 0.5
"""A foot whose distance is more uncertain than this share of it tells a way, not a place."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a camera saw, as far as its place goes.

    Attributes:
        box: x1, y1, x2, y2 in pixels; None means the whole view.
        class_name: road class of the subject.
        ground_m: metres on the road plane, where the rule told them.
        zone: id of the camera file, where it played a part.
    """

    kind: str
    box: Sequence[float] | None = None
    class_name: str | None = None
    ground_m: tuple[float, float] | None = None
    zone: str | None = None


def where_seen(eye: Eye, sighting: Sighting) -> Place | None:
    """The place of what a camera saw; None where nobody knows where the camera hangs."""
    if eye.place is None and eye.tie is None:
        return None
    if sighting.kind in OF_THE_CAMERA:
        return _mast(eye)
    if sighting.kind in FIRES:
        return _fire(eye, sighting)
    if sighting.kind in SPREAD or (sighting.box is None and sighting.ground_m is None):
        return _stretch(eye, sighting)
    return _standing(eye, sighting) or _towards(eye, sighting)


def line_of_sight(eye: Eye, sighting: Sighting) -> Sight | None:
    """The line from the camera to the fire or smoke it saw; None where its way is not known."""
    if sighting.box is None or sighting.kind not in FIRES:
        return None
    x1, _, x2, y2 = (float(one) for one in sighting.box)
    near, far, _ = _reach(eye, sighting)
    found = eye.sight(((x1 + x2) / 2, y2), FIRE_SIGMA_SHARE * (x2 - x1), far)
    return None if found is None else replace(found, near_m=near)


def sight_m(eye: Eye, kind: str) -> float:
    """How far off a camera sees a kind."""
    return (eye.camera.sight_m or SIGHT_M) if kind in FIRES else STREET_M


def _mast(eye: Eye) -> Place | None:
    if eye.place is None:
        return None
    return at(*eye.place, eye.place_sigma_m, Source.CAMERA).place


def _fire(eye: Eye, sighting: Sighting) -> Place | None:
    sight = line_of_sight(eye, sighting)
    if sight is None:
        return _view(eye, sighting.kind)
    _, _, by_foot = _reach(eye, sighting)
    return from_one(sight, source=Source.PLANE if by_foot else Source.BEARING).place


def _reach(eye: Eye, sighting: Sighting) -> tuple[float, float, bool]:
    """How far off a fire can be at least and at most, metres, and whether its foot on the road told that."""
    most = sight_m(eye, sighting.kind)
    if sighting.box is None or eye.tie is None or eye.road is None or eye.road.camera is None:
        return 0.0, most, False
    x1, y1, x2, y2 = (float(one) for one in sighting.box)
    foot = ((x1 + x2) / 2, y2)
    ground = eye.ground(foot)
    if ground is None:
        return 0.0, most, False
    away = ground - eye.road.camera[:2]
    far = float(np.hypot(*away))
    ahead = eye.tie.rotation @ (away / far)
    grain = BOX_SIGMA_PX + BOX_SIGMA_SHARE * (y2 - y1)
    sigma = math.sqrt(float(ahead @ eye.ground_covariance(foot, (grain, grain)) @ ahead))
    if far > most or sigma > LOST_SHARE * far:
        return 0.0, most, False
    # A window so high lies on the line of sight to the foot, nearer to the camera by its share of the camera's height.
    near = far * (1.0 - BASE_M / float(eye.road.camera[2]))
    if y2 >= eye.height - BORDER_PX:
        near = 0.0
    return max(near - REGION * sigma, 0.0), far + REGION * sigma, True


def _standing(eye: Eye, sighting: Sighting) -> Place | None:
    """By its foot on the road; None where that tells nothing."""
    if eye.tie is None or eye.road is None:
        return None
    pixel, grain = _foot(eye, sighting)
    ground = None if pixel is None else eye.ground(pixel)
    if pixel is None or ground is None:
        return None
    covariance = eye.ground_covariance(pixel, grain)
    camera = eye.road.camera
    middle = ground
    if camera is not None:
        away = ground - camera[:2]
        far = float(np.hypot(*away))
        if math.sqrt(float(np.linalg.eigvalsh(covariance)[1])) > LOST_SHARE * far or far > STREET_M * 2:
            return None
        shift, spread = _body(sighting.class_name, away / far)
        middle = ground + shift if sighting.box is not None else ground
        covariance = covariance + eye.tie.rotation @ spread @ eye.tie.rotation.T
    east, north = eye.tie.rotation @ (middle - eye.tie.pivot)
    return from_ellipse(eye.tie.plane, (float(east), float(north)), covariance, Source.PLANE).place


def _foot(eye: Eye, sighting: Sighting) -> tuple[Floats | None, tuple[float, float]]:
    """The picture point where it stands, and the standard uncertainties of its x and y."""
    if sighting.box is None:
        assert eye.road is not None  # noqa: S101  the only caller has looked
        pixel = eye.road.to_picture(np.asarray(sighting.ground_m, np.float64))
        return (pixel if np.isfinite(pixel).all() else None), (BOX_SIGMA_PX, BOX_SIGMA_PX)
    x1, y1, x2, y2 = (float(one) for one in sighting.box)
    if y2 >= eye.height - BORDER_PX:  # its foot is below the picture
        return None, (0.0, 0.0)
    grain = (BOX_SIGMA_PX + BOX_SIGMA_SHARE * (x2 - x1), BOX_SIGMA_PX + BOX_SIGMA_SHARE * (y2 - y1))
    return np.array([(x1 + x2) / 2, y2]), grain


def _body(class_name: str | None, ahead: Floats) -> tuple[Floats, Floats]:
    """From the nearest edge of a plan to its middle, and how much that differs by the way it is turned, metres."""
    if class_name not in ROAD_CLASSES:
        return np.zeros(2), np.eye(2) * 0.0
    kind = ROAD_CLASSES.index(class_name)
    long, wide = float(LENGTH_M[kind]), float(WIDTH_M[kind])
    along, across = (long - wide) / 4, (long - wide) / 8
    side = np.array([-ahead[1], ahead[0]])
    return ahead * (long + wide) / 4, np.outer(ahead, ahead) * along**2 + np.outer(side, side) * across**2


def _towards(eye: Eye, sighting: Sighting) -> Place | None:
    """Somewhere along the line of sight, as far off as the street is seen."""
    if sighting.box is not None:
        x1, _, x2, y2 = (float(one) for one in sighting.box)
        sight = eye.sight(((x1 + x2) / 2, y2), BOX_SIGMA_SHARE * (x2 - x1), STREET_M)
        if sight is not None:
            return from_one(sight).place
    return _view(eye, sighting.kind)


def _stretch(eye: Eye, sighting: Sighting) -> Place | None:
    """A queue or a crowd: the ground of its zone where one is drawn, else of its box, else of the whole view."""
    ring = _zone(eye, sighting.zone) if sighting.zone is not None else None
    return _outline(eye, ring) or _stretch_of_box(eye, sighting) or _view(eye, sighting.kind)


def _zone(eye: Eye, zone_id: str) -> Floats | None:
    """The ground of a zone, metres on the road plane, as far as the street is seen."""
    zone = next((one for one in eye.camera.zones if one.id == zone_id), None)
    if zone is None or eye.road is None:
        return None
    return eye.road.to_ground(np.asarray(zone.points) * (eye.width, eye.height))


def _outline(eye: Eye, ring: Floats | None) -> Place | None:
    if ring is None or eye.tie is None or eye.road is None or not np.isfinite(ring).all():
        return None
    start = eye.road.camera[:2] if eye.road.camera is not None else ring.mean(axis=0)
    if np.hypot(*(ring - start).T).max() > STREET_M * 2:
        return None
    points = [eye.tie.place(one) for one in ring]
    middle = eye.tie.place(_middle_of(ring))
    plane = Plane(*middle)
    far = max(math.hypot(*plane.metres(*one)) for one in points) + REGION * eye.tie.sigma_m
    return Place(*middle, far, (*points, points[0]), Source.PLANE.value)


def _middle_of(ring: Floats) -> Floats:
    """The middle of an outline's area."""
    following = np.roll(ring, -1, axis=0)
    cross = ring[:, 0] * following[:, 1] - following[:, 0] * ring[:, 1]
    area = cross.sum()
    if abs(area) < 1e-9:
        return np.asarray(ring.mean(axis=0))
    return np.asarray(((ring + following) * cross[:, None]).sum(axis=0) / (3 * area))


def _stretch_of_box(eye: Eye, sighting: Sighting) -> Place | None:
    """From the nearest to the farthest of many: the foot of the box, and as far beyond their middle as that is near."""
    if sighting.box is None or eye.tie is None or eye.road is None or eye.road.camera is None:
        return None
    x1, _, x2, y2 = (float(one) for one in sighting.box)
    foot = eye.ground(((x1 + x2) / 2, y2))
    if foot is None:
        return None
    hung = eye.road.camera[:2]
    near = float(np.hypot(*(foot - hung)))
    middle = near if sighting.ground_m is None else float(np.hypot(*(np.asarray(sighting.ground_m) - hung)))
    far = min(max(2 * middle - near, near + 1.0), STREET_M)
    if not near < far:
        return None
    left, right = eye.bearing((x1, y2)), eye.bearing((x2, y2))
    if left is None or right is None or eye.place is None:
        return None
    wide = wide_of(left[0], right[0])
    sigma = math.hypot(sigma_of_wide(wide), left[1])
    sight = Sight(*eye.place, (left[0] + wide / 2) % 360.0, sigma, far, near, eye.place_sigma_m)
    return from_one(sight, source=Source.PLANE).place


def _view(eye: Eye, kind: str) -> Place | None:
    """Somewhere in its picture: a sector where it is known where it looks, else all round the mast."""
    if eye.place is None:
        return None
    far = sight_m(eye, kind)
    if eye.view is None or not eye.looks:
        return Place(*eye.place, far + REGION * CAMERA_SIGMA_M, None, Source.CAMERA.value)
    left, right = eye.view
    wide = wide_of(left, right)
    middle = eye.bearing((eye.width / 2, eye.height / 2))
    sigma = math.hypot(sigma_of_wide(wide), middle[1] if middle is not None else 0.0)
    sight = Sight(*eye.place, (left + wide / 2) % 360.0, sigma, far, sigma_m=eye.place_sigma_m)
    return from_one(sight, source=Source.CAMERA).place
