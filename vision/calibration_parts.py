"""The calibration of a camera file: what ties its picture to the road plane."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from vision.camera_parts import Part, Point
from vision.homography import refuse_lines, through_points
from vision.lens import Lens

Segment = tuple[Point, Point]
LEAST_POINTS: Final = 4
"""Surveyed points that fix a plane."""
LEAST_STRAIGHT: Final = 3
"""Points along a line that can show a bend."""


class CalibrationPoint(Part):
    """One surveyed point.

    Attributes:
        picture: fractions of the picture.
        ground_m: metres east and north of the first point, on the road plane.
    """

    picture: Point
    ground_m: tuple[float, float]


class KnownLength(Part):
    """A length known on the road: the width of a lane, the pitch of dashes, a wheelbase.

    Attributes:
        picture: its two ends, both on the road.
        metres: between them.
    """

    picture: Segment
    metres: Annotated[float, Field(gt=0, le=1000)]

    @field_validator("picture")
    @classmethod
    def _has_length(cls, value: Segment) -> Segment:
        return _two_ends(value)


class LensShape(Part):
    """The lens where it is known; radii count in half diagonals of the picture (`vision.lens`)."""

    k1: Annotated[float, Field(ge=-2, le=2)] = 0.0
    k2: Annotated[float, Field(ge=-2, le=2)] = 0.0

    @model_validator(mode="after")
    def _shows_the_corners(self) -> Self:
        if Lens(self.k1, self.k2).reach() < 1:
            raise ValueError(
                "a lens with these k1 and k2 would fold the corners of the picture inwards; check their units"
            )
        return self


class Anchor(Part):
    """Where the metres of a road plane lie on the globe.

    Attributes:
        latitude, longitude: of the point that metres count from, WGS 84 degrees.
        bearing_deg: compass bearing of the plane's y axis; north where the points were surveyed, and by the camera's
            `heading_deg` where lengths made the plane and nothing is given here.
        sigma_m: standard uncertainty of the place in east and in north.
    """

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    bearing_deg: Annotated[float, Field(ge=0, le=360)] | None = None
    sigma_m: Annotated[float, Field(gt=0, le=100)] = 1.0


class Calibration(Part):
    """Picture to road plane, from surveyed points, or from lengths and directions known on the road.

    Attributes:
        points: surveyed; four or more, not all on one line.
        lengths: known on the road; beside surveyed points they check them.
        along: segments that lie along the road, parallel on the ground.
        across: segments at right angles to those.
        height_m: of the camera above the road.
        focal: focal length as a share of the picture's width.
        level: the camera is mounted without a tilt to the side.
        lens: where it is known.
        straight: points along lines that are straight on the road, three or more each; they fit the lens.
        picture_sigma: standard uncertainty of a drawn point, share of the picture's width.
        ground_sigma_m: standard uncertainty of a surveyed point.
        anchor: where its metres lie on the globe; without it the camera's own place and heading tie them.
        valid_until: last day on which the camera still looks the same way; None without an end.
    """

    points: tuple[CalibrationPoint, ...] = ()
    lengths: tuple[KnownLength, ...] = ()
    along: tuple[Segment, ...] = ()
    across: tuple[Segment, ...] = ()
    height_m: Annotated[float, Field(gt=0, le=200)] | None = None
    focal: Annotated[float, Field(gt=0, le=20)] | None = None
    level: bool = False
    lens: LensShape | None = None
    straight: tuple[Annotated[tuple[Point, ...], Field(min_length=LEAST_STRAIGHT)], ...] = ()
    picture_sigma: Annotated[float, Field(gt=0, le=0.1)] = 0.001
    ground_sigma_m: Annotated[float, Field(ge=0, le=10)] = 0.1
    anchor: Anchor | None = None
    valid_until: date | None = None

    @field_validator("along", "across")
    @classmethod
    def _have_length(cls, value: tuple[Segment, ...]) -> tuple[Segment, ...]:
        for segment in value:
            _two_ends(segment)
        return value

    @model_validator(mode="after")
    def _can_fix_a_plane(self) -> Self:
        if not self.points and not (self.lengths or self.height_m):
            raise ValueError(
                f"there are neither points nor lengths; survey {LEAST_POINTS} points, or give lengths known on the road"
            )
        if self.points:
            self._refuse_points()
        return self

    def _refuse_points(self) -> None:
        """Raise for surveyed points that fix no plane, whatever the size of the picture."""
        if len(self.points) < LEAST_POINTS:
            raise ValueError(f"points: there are {len(self.points)}; survey {LEAST_POINTS} or more that span an area")
        if self.height_m is not None or self.focal is not None or self.level:
            raise ValueError("height_m, focal and level go with lengths; with surveyed points leave them out")
        for name in ("picture", "ground_m"):
            seen: dict[tuple[float, float], int] = {}
            for k, point in enumerate(self.points):
                first = seen.setdefault(getattr(point, name), k)
                if first != k:
                    raise ValueError(f"points[{first}] and points[{k}] have the same {name}; survey each point once")
        picture = np.array([point.picture for point in self.points])
        ground = np.array([point.ground_m for point in self.points])
        refuse_lines(picture, "picture")
        refuse_lines(ground, "ground_m")
        if self.lens is None and not self.straight:
            through_points(picture, ground)


def _two_ends(value: Segment) -> Segment:
    if value[0] == value[1]:
        raise ValueError("the two points are the same")
    return value
