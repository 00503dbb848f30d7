"""From what is known of a road to the plane it lies in: homography, lens, residuals and their uncertainty.

Surveyed points fix a general homography. Lengths and directions known on the road fix the camera instead: focal
length, tilt, roll, height (principal point in the picture's middle, square pixels). Either is refined over everything
that was given, with each residual divided by its standard uncertainty (Levenberg and Marquardt), and the covariance
of the result is carried through to any place on the road.

Lengths count in half diagonals of the picture, from its middle (`vision.lens`), until `Fit` turns them into pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from vision.lens import Lens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.calibration_parts import Calibration

    Floats = NDArray[np.float64]

Method = Literal["points", "lengths"]


@dataclass(frozen=True, slots=True)
class Residual:
    """How badly one given fact fits the result.

    Attributes:
        part: where it stands in the calibration, such as ``points[2]``.
        px: distance in the picture, pixels.
        m: the same on the road, metres; None for directions and straight lines, which have no metres.
    """

    part: str
    px: float
    m: float | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """A calibration at one picture size.

    Attributes:
        method: surveyed points, or lengths and directions.
        width, height: of the picture, pixels.
        to_ground: float64 [3, 3], straightened pixels to metres, w > 0 in front of the camera.
        lens: given or fitted.
        covariance: float64 [11, 11] of the entries of `to_ground` row by row, then k1 and k2.
        residuals: of every given fact, in the order of the camera file.
        error_px, error_m: root mean square over the surveyed points (method points) or the lengths.
        focal: focal length as a share of the picture's width; None for surveyed points.
        height_m: of the camera above the road; None for surveyed points.
    """

    method: Method
    width: int
    height: int
    to_ground: Floats
    lens: Lens
    covariance: Floats
    residuals: tuple[Residual, ...]
    error_px: float
    error_m: float
    focal: float | None = None
    height_m: float | None = None


def calibrate(calibration: Calibration, width: int, height: int) -> Fit:
    """The road plane of a calibration at a picture size in pixels.

    Raises:
        ValueError: it fixes no plane, or contradicts itself; names the part at fault.
    """
    raise NotImplementedError
