"""A drawn scene under the eyes of the editor: its faults, the road plane drawn back, the rules it would run."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from service.i18n import trace_words
from service.pauses import expired_calibration
from service.rule_words import RuleLine, rule_lines
from service.rulebook import rule_statuses
from service.scene_problems import Problem, calibration_problem, problems_of
from service.scenes import proposed
from vision.calibration import calibrate
from vision.calibration_parts import Calibration
from vision.camera import Camera
from vision.road_grid import road_grid
from vision.road_plane import RoadPlane

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from service.i18n import Language
    from service.scenes import SceneView
    from vision.road_grid import GridLine

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Misfit:
    """How badly one given fact of a calibration fits: `part` as ``points/2``, pixels, metres."""

    part: str
    px: float | None
    m: float | None


@dataclass(frozen=True, slots=True)
class Plane:
    """The road plane as the picture shows it.

    Attributes:
        method: surveyed points, or lengths and directions.
        grid: lines of whole metres, in fractions of the picture.
        step_m: width of its mesh, metres; None where fewer than two lines are in view.
        misfits: of every fact.
        error_px, error_m: root mean squares.
    """

    method: str
    grid: tuple[tuple[Point, ...], ...]
    step_m: float | None
    misfits: tuple[Misfit, ...]
    error_px: float
    error_m: float


@dataclass(frozen=True, slots=True)
class SceneCheck:
    """What an editor is told of a scene; it can be saved when there is no problem.

    Attributes:
        expired: that the calibration has ended, in words; empty where it has not.
    """

    problems: tuple[Problem, ...]
    rules: tuple[RuleLine, ...]
    plane: Plane | None
    expired: str = ""


def check_scene(
    lang: Language, now: SceneView, scene: Mapping[str, Any], size: tuple[int, int], moment: datetime
) -> SceneCheck:
    """Check a scene for a camera.

    Args:
        lang: of the answer.
        now: the camera's file so far; what it is and where its stream comes from is taken from it.
        scene: the drawn scene, as JSON.
        size: of the picture, width and height in pixels.
        moment: at which rules may be paused, by an expired calibration or by roadworks.

    Raises:
        InputError: a key that is no part of a scene.
    """
    raw = proposed(now, scene)
    problems: tuple[Problem, ...] = ()
    rules: tuple[RuleLine, ...] = ()
    expired = ""
    try:
        camera = Camera.model_validate(raw)
        rules = rule_lines(lang, rule_statuses(camera, moment))
        if reason := expired_calibration(camera, moment):
            expired = trace_words(lang, ("vision",), reason.code, dict(reason.values))
    except ValidationError as error:
        problems = problems_of(lang, error, raw)
    plane = None
    if raw.get("calibration") is not None and not any(one.part == "calibration" for one in problems):
        calibration = Calibration.model_validate(raw["calibration"])
        try:
            plane = _plane(calibration, *size)
        except ValueError as error:
            problems = (*problems, calibration_problem(lang, str(error)))
    return SceneCheck(problems, () if problems else rules, plane, expired)


def _plane(calibration: Calibration, width: int, height: int) -> Plane:
    fit = calibrate(calibration, width, height)
    lines = road_grid(RoadPlane(fit, calibration.valid_until), width, height)
    return Plane(
        method=fit.method,
        grid=tuple(line.points for line in lines),
        step_m=_step(lines),
        misfits=tuple(Misfit(one.part.replace("[", "/").rstrip("]"), one.px, one.m) for one in fit.residuals),
        error_px=fit.error_px,
        error_m=fit.error_m,
    )


def _step(lines: tuple[GridLine, ...]) -> float | None:
    steps = [
        later - sooner
        for axis in ("x", "y")
        for sooner, later in pairwise(sorted({line.at_m for line in lines if line.axis == axis}))
    ]
    return min(steps, default=None)
