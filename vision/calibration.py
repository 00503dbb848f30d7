"""From what is known of a road to the plane it lies in: homography, lens, residuals and their uncertainty.

Surveyed points fix a general homography. Lengths and directions known on the road fix the camera instead: focal
length, tilt, roll, height (principal point in the picture's middle, square pixels). Either is refined over everything
that was given, with each residual divided by its standard uncertainty (Levenberg and Marquardt), and the covariance
of the result is carried through to any place on the road.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from scipy.optimize import least_squares

from vision.calibration_facts import (
    Drawn,
    Facts,
    Frame,
    View,
    Weights,
    bend_errors,
    direction_errors,
    ground_errors,
    length_errors,
    measured,
    point_errors,
    residuals,
)
from vision.calibration_models import CameraModel, PlaneModel
from vision.homography import FAR, contradiction
from vision.lens import Lens

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vision.calibration_models import Model
    from vision.calibration_parts import Calibration

    Floats = NDArray[np.float64]

Method = Literal["points", "lengths"]

REWEIGHTED: Final = 3
"""Rounds in which the uncertainties of lengths are taken anew at the better plane."""
TIGHT: Final = 1e-13
"""Relative change at which the refinement ends: exact points come back exactly."""
KEPT: Final = 64
"""Planes kept: the pipeline, its rules and a page each ask for the same one, and a fit takes a tenth of a second."""
MOST: Final = 250
"""Evaluations after which a refinement that goes on creeping is over: facts that contradict each other have no end."""
DOUBTED: Final = 3.0
"""Standard uncertainties from which it is asked whether a fact contradicts the others."""
SUSPECTS: Final = 4
"""So many facts with the largest residuals are left out one by one, to see whether the rest agrees."""
CONTRADICTS: Final = 5.0
"""Standard uncertainties from which a fact contradicts the others..."""
CONTRADICTS_M: Final = 0.1
"""...where it also misses by more than this share of a length: less is noise stated too small, and only shown."""


@dataclass(frozen=True, slots=True)
class Residual:
    """How badly one given fact fits the result.

    Attributes:
        part: where it stands in the calibration, such as ``points[2]``.
        px: distance in the picture, pixels; None for lengths.
        m: the same on the road, metres; None for directions and straight lines.
    """

    part: str
    px: float | None
    m: float | None


@dataclass(frozen=True, slots=True)
class Fit:
    """A calibration at one picture size.

    Attributes:
        method: surveyed points, or lengths and directions.
        frame: middle and half diagonal of the picture.
        to_ground: float64 [3, 3], straightened pixels to metres, w > 0 in front of the camera.
        lens: given or fitted.
        covariance: float64 [11, 11] of the entries of `to_ground` row by row, then k1 and k2.
        residuals: of every given fact, in the order of the camera file.
        error_px: root mean square over all residuals that have pixels.
        error_m: the same over those that have metres.
        focal_px: focal length, pixels; None for surveyed points.
        height_m: of the camera above the road; None for surveyed points.
    """

    method: Method
    frame: Frame
    to_ground: Floats
    lens: Lens
    covariance: Floats
    residuals: tuple[Residual, ...]
    error_px: float
    error_m: float
    focal_px: float | None = None
    height_m: float | None = None


@lru_cache(maxsize=KEPT)
def calibrate(calibration: Calibration, width: int, height: int) -> Fit:
    """The road plane of a calibration at a picture size in pixels; the same one for whoever asks again.

    Raises:
        ValueError: it fixes no plane, or contradicts itself; names the part at fault.
    """
    facts, frame = Facts.of(calibration, width, height), Frame.of(width, height)
    lens = Lens() if calibration.lens is None else Lens(calibration.lens.k1, calibration.lens.k2)
    bends = 0 if calibration.lens is not None else lens_terms(facts)
    focal = None if calibration.focal is None else calibration.focal * width / frame.half_diagonal

    def model(facts: Facts) -> Model:
        if len(facts.points):
            return PlaneModel(facts, lens, bends)
        return CameraModel(facts, lens, bends, height_m=calibration.height_m, focal=focal, level=calibration.level)

    return _fit(facts, frame, model)


def calibrate_points(picture: Floats, ground: Floats, sigma_px: float = 1.0, ground_sigma_m: float = 0.1) -> Fit:
    """The plane through pixels [N, 2] and metres [N, 2], N >= 4, without a lens; the sigmas are of x and of y.

    Raises:
        ValueError: the points fix no plane, or contradict each other.
    """
    middle = picture.mean(axis=0)
    scale = max(float(np.hypot(*(picture - middle).T).max()), 1.0)
    frame = Frame(middle, scale)
    facts = Facts(frame.unit(picture), ground, sigma_px / scale, ground_sigma_m)
    return _fit(facts, frame, lambda facts: PlaneModel(facts, Lens(), 0))


def _fit(facts: Facts, frame: Frame, make: Callable[[Facts], Model]) -> Fit:
    """Refine a model over all facts."""
    model = make(facts)
    start = model.start()
    if facts.count < len(start):
        raise ValueError(model.open_words())
    weights = Weights.at(facts, model.view(start))
    slope, left = np.empty((0, 0)), np.empty(0)
    for _ in range(REWEIGHTED):
        start, slope, left = _refined(facts, model, start, weights)
        weights = Weights.at(facts, model.view(start))
    _refuse_contradictions(facts, make, model.view(start), weights)
    covariance = _covariance(slope, left, facts.count - len(start))
    if covariance is None or not model.fixed(covariance):
        raise ValueError(model.open_words())
    view = model.view(start)
    shown = _shown(facts, view, frame)
    focal, height = model.camera(start)
    return Fit(
        method="points" if len(facts.points) else "lengths",
        frame=frame,
        to_ground=_pixel_matrix(view, frame),
        lens=view.lens,
        covariance=_carried(model, start, covariance, frame),
        residuals=shown,
        error_px=_root_mean_square([one.px for one in shown]),
        error_m=_root_mean_square([one.m for one in shown]),
        focal_px=None if focal is None else focal * frame.half_diagonal,
        height_m=height,
    )


def _refined(facts: Facts, model: Model, start: Floats, weights: Weights) -> tuple[Floats, Floats, Floats]:
    """Unknowns with the least residuals, their slope there, and what is left."""

    def left(unknown: Floats) -> Floats:
        return residuals(facts, model.view(unknown), weights)

    found = least_squares(
        left, start, jac="3-point", method="lm", x_scale="jac", xtol=TIGHT, ftol=TIGHT, gtol=TIGHT, max_nfev=MOST
    )
    return np.asarray(found.x), np.asarray(found.jac, np.float64), np.asarray(found.fun)


def _covariance(jacobian: Floats, left: Floats, spare: int) -> Floats | None:
    """Covariance of the unknowns; None where some combination of them is not fixed at all."""
    information = jacobian.T @ jacobian
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    shape = information / np.outer(scale, scale)
    if np.linalg.eigvalsh(shape)[0] < 1e-13:
        return None
    # Facts that scatter more than stated are less certain than stated.
    wider = max(1.0, float((left**2).sum()) / spare) if spare > 0 else 1.0
    return np.asarray(np.linalg.inv(shape) / np.outer(scale, scale) * wider)


def _carried(model: Model, at: Floats, covariance: Floats, frame: Frame) -> Floats:
    """Covariance of the plane's nine entries and the lens's two, [11, 11]."""
    columns = []
    for k in range(len(at)):
        step = np.zeros(len(at))
        step[k] = 1e-4 * min(1.0, float(np.sqrt(covariance[k, k])) / 1e-4 + 1e-9)
        more, less = (_entries(model.view(moved), frame) for moved in (at + step, at - step))
        columns.append((more - less) / (2 * step[k]))
    slope = np.stack(columns, axis=1)
    return np.asarray(slope @ covariance @ slope.T)


def _entries(view: View, frame: Frame) -> Floats:
    return np.array([*_pixel_matrix(view, frame).ravel(), view.lens.k1, view.lens.k2])


def _pixel_matrix(view: View, frame: Frame) -> Floats:
    """Straightened pixels to metres; its last row has the length one, so that its entries move smoothly."""
    matrix = view.to_ground @ frame.matrix
    return np.asarray(matrix / np.linalg.norm(matrix[2]))


def _refuse_contradictions(facts: Facts, make: Callable[[Facts], Model], view: View, weights: Weights) -> None:
    """Raise for the fact that contradicts the others most, where it cannot be noise."""
    left = np.abs(residuals(facts, view, weights))
    if left.max(initial=0.0) <= DOUBTED:
        return
    best: tuple[float, str] = (np.inf, "")
    drawn = facts.drawn()
    worst = np.argsort(-left[2 * len(facts.points) :][: len(drawn)])[:SUSPECTS]
    for name, k in (drawn[at] for at in worst):
        rest = facts.without(name, k)
        with suppress(ValueError):  # without this fact the others leave the plane open: nothing to hold it against
            model = make(rest)
            start = model.start()
            if rest.count <= len(start):
                continue
            found, _, rest_left = _refined(rest, model, start, Weights.at(rest, model.view(start)))
            cost = float((rest_left**2).sum())
            if cost < best[0]:
                best = (cost, _contradiction(facts, model.view(found), name, k))
    if best[1]:
        raise ValueError(best[1])
    missed = np.hypot(*point_errors(facts, view).T)
    missed = np.where(np.isfinite(missed), missed, np.inf)
    if (missed > max(CONTRADICTS * facts.sigma, FAR)).any():
        raise ValueError(contradiction(view.lens.straighten(facts.points), facts.ground))


def _contradiction(facts: Facts, view: View, name: Drawn, k: int) -> str:
    """What a drawn fact says against the plane that all others make; empty where the difference is small."""
    if name == "lengths":
        by_rest = float(measured(facts.lengths[k : k + 1], view)[0])
        if abs(by_rest - facts.metres[k]) <= CONTRADICTS_M * facts.metres[k]:
            return ""
        return (
            f"lengths[{k}] is stated as {facts.metres[k]:g} m, but is {by_rest:.2f} m by everything else; "
            "measure it again"
        )
    segments, direction = (facts.along, view.along) if name == "along" else (facts.across, view.across)
    off = abs(float(direction_errors(segments[k : k + 1], view, direction)[0]))
    return f"{name}[{k}] runs in another direction than the rest; draw it again" if off > FAR else ""


def _shown(facts: Facts, view: View, frame: Frame) -> tuple[Residual, ...]:
    """Residuals for people, in the order of the camera file."""
    s = frame.half_diagonal
    px, m = np.hypot(*point_errors(facts, view).T) * s, np.hypot(*ground_errors(facts, view).T)
    shown = [Residual(f"points[{k}]", float(px[k]), float(m[k])) for k in range(len(px))]
    shown += [Residual(f"lengths[{k}]", None, float(m)) for k, m in enumerate(length_errors(facts, view))]
    for name, segments, direction in (("along", facts.along, view.along), ("across", facts.across, view.across)):
        off = np.abs(direction_errors(segments, view, direction)) * s
        shown += [Residual(f"{name}[{k}]", float(value), None) for k, value in enumerate(off)]
    for k, line in enumerate(facts.straight):
        shown.append(Residual(f"straight[{k}]", float(np.abs(bend_errors(line, view.lens)).max()) * s, None))
    return tuple(shown)


def _root_mean_square(values: list[float | None]) -> float:
    known = [value**2 for value in values if value is not None]
    return float(np.sqrt(np.mean(known))) if known else 0.0


def lens_terms(facts: Facts) -> int:
    """How many terms of the lens the straight lines can tell: none, k1, or k1 and k2."""
    bends = sum(len(line) - 2 for line in facts.straight)
    return 0 if not bends else 2 if bends >= 6 and len(facts.straight) >= 3 else 1
