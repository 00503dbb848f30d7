"""The calibration of a camera file: what ties its picture to the road plane."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Self

from pydantic import Field, field_validator, model_validator

from vision.camera_parts import Part, Point
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
    ground_sigma_m: Annotated[float, Field(ge=0, le=10)] = 0.03
    valid_until: date | None = None

    @field_validator("along", "across")
    @classmethod
    def _have_length(cls, value: tuple[Segment, ...]) -> tuple[Segment, ...]:
        for segment in value:
            _two_ends(segment)
        return value


def _two_ends(value: Segment) -> Segment:
    if value[0] == value[1]:
        raise ValueError("the two points are the same")
    return value
