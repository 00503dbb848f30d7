"""The calibration of a camera file: what ties its picture to the road plane."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from vision.camera_parts import Part, Point


class CalibrationPoint(Part):
    """One surveyed point.

    Attributes:
        picture: fractions of the picture.
        ground_m: metres east and north of the first point, on the road plane.
    """

    picture: Point
    ground_m: tuple[float, float]


class Calibration(Part):
    """Picture to road plane; four or more points, not all on one line."""

    points: Annotated[tuple[CalibrationPoint, ...], Field(min_length=4)]
    valid_until: date | None = None
