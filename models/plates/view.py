"""How a camera sees a plate: angle, size, blur, light, dirt and compression, as numbers drawn by chance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np

HARDSHIPS: Final = ("blur", "angle", "night", "dirt")
"""What the hard test plates suffer from, each one of these in turn, at about 80 px width."""


@dataclass(frozen=True, slots=True)
class View:
    """One look at a plate.

    Attributes:
        width: of the plate's box in the picture, px.
        yaw: turn about the vertical axis, degrees.
        pitch: turn about the horizontal axis, degrees.
        roll: turn in the picture, degrees.
        defocus: standard deviation of the blur, px.
        motion: length of the motion blur, px.
        motion_angle: its direction, degrees.
        gain: factor of brightness, 1 = as drawn.
        haze: share of grey light laid over all, 0 to 1.
        noise: standard deviation of the sensor's noise, grey levels.
        bloom: strength of the halo around a plate lit by a flash, 0 to 1.
        shadow: darkness of a shadow's edge across the plate, 0 to 1.
        glare: strength of a bright spot, 0 to 1.
        dirt: share of the plate's contrast lost to mud at its worst place, 0 to 1.
        wear: share of ink lost in spots, 0 to 1.
        jpeg: quality, 1 to 100; 101 leaves the picture uncompressed.
        shrunk: the picture was once this much smaller, 1 = never.
        sharpened: strength of the camera's sharpening, 0 to 2.
        framed: whether the plate is held by a dealer's frame.
    """

    width: float = 160.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    defocus: float = 0.3
    motion: float = 0.0
    motion_angle: float = 0.0
    gain: float = 1.0
    haze: float = 0.0
    noise: float = 2.0
    bloom: float = 0.0
    shadow: float = 0.0
    glare: float = 0.0
    dirt: float = 0.0
    wear: float = 0.0
    jpeg: int = 95
    shrunk: float = 1.0
    sharpened: float = 0.0
    framed: bool = True


def training_view(rng: np.random.Generator) -> View:
    """Anything from a studio picture to the edge of what can be read; the smaller the plate, the milder the rest."""
    width = log_uniform(rng, 48, 250)
    size = width / 100
    mild = min(1.0, 0.35 + 0.65 * size) * float(rng.uniform(0.2, 1.0))
    night = rng.random() < 0.2
    return View(
        width=width,
        yaw=float(rng.normal(0, 20) * mild) if rng.random() < 0.7 else float(rng.uniform(-50, 50) * mild),
        pitch=float(rng.normal(0, 10)),
        roll=float(rng.normal(0, 5)) if rng.random() < 0.8 else float(rng.uniform(-18, 18)),
        defocus=float(rng.gamma(1.4, 0.45) * min(1.3, 0.5 + 0.5 * size)),
        motion=float(rng.gamma(1.3, 2.2) * min(1.6, size)) if rng.random() < 0.3 else 0.0,
        motion_angle=float(rng.uniform(0, 180)) if rng.random() < 0.3 else float(rng.normal(0, 15)),
        gain=float(rng.uniform(0.1, 0.5)) if night else float(rng.uniform(0.5, 1.25)),
        haze=float(rng.uniform(0, 0.6)) if rng.random() < 0.25 else 0.0,
        noise=float(rng.gamma(1.5, 5.0 if night else 2.5)),
        bloom=float(rng.uniform(0, 0.8)) if rng.random() < (0.5 if night else 0.08) else 0.0,
        shadow=float(rng.uniform(0.2, 0.75)) if rng.random() < 0.25 else 0.0,
        glare=float(rng.uniform(0.2, 0.9)) if rng.random() < 0.12 else 0.0,
        dirt=float(rng.uniform(0.1, 0.85) * mild) if rng.random() < 0.35 else 0.0,
        wear=float(rng.uniform(0, 0.5)) if rng.random() < 0.15 else 0.0,
        jpeg=int(rng.integers(18, 98)) if rng.random() < 0.7 else 101,
        shrunk=float(rng.uniform(0.5, 1.0)) if rng.random() < 0.25 and width > 80 else 1.0,
        sharpened=float(rng.uniform(0.2, 1.6)) if rng.random() < 0.3 else 0.0,
        framed=bool(rng.random() < 0.6),
    )


def clean_view(rng: np.random.Generator) -> View:
    """A plate near a good camera by day: 120 to 200 px wide, hardly turned, sharp."""
    return View(
        width=float(rng.uniform(120, 200)),
        yaw=float(rng.normal(0, 7)),
        pitch=float(rng.normal(0, 4)),
        roll=float(rng.normal(0, 2)),
        defocus=float(rng.uniform(0.2, 0.6)),
        gain=float(rng.uniform(0.75, 1.1)),
        noise=float(rng.uniform(1, 4)),
        shadow=float(rng.uniform(0.2, 0.4)) if rng.random() < 0.2 else 0.0,
        jpeg=int(rng.integers(75, 98)),
        framed=bool(rng.random() < 0.6),
    )


def hard_view(rng: np.random.Generator, hardship: str) -> View:
    """A plate about 80 px wide that also suffers from one of HARDSHIPS."""
    view = replace(
        clean_view(rng),
        width=float(rng.uniform(76, 84)),
        noise=float(rng.uniform(2, 5)),
        jpeg=int(rng.integers(60, 95)),
    )
    if hardship == "blur":
        if rng.random() < 0.5:
            return replace(view, defocus=float(rng.uniform(0.8, 1.25)))
        return replace(view, motion=float(rng.uniform(2.0, 4.5)), motion_angle=float(rng.normal(0, 20)))
    if hardship == "angle":
        sign = -1 if rng.random() < 0.5 else 1
        return replace(
            view,
            yaw=sign * float(rng.uniform(20, 40)),
            pitch=float(rng.uniform(-18, 18)),
            roll=float(rng.uniform(-10, 10)),
        )
    if hardship == "night":
        return replace(
            view, gain=float(rng.uniform(0.15, 0.35)), noise=float(rng.uniform(5, 9)), bloom=float(rng.uniform(0, 0.3))
        )
    return replace(view, dirt=float(rng.uniform(0.4, 0.7)), wear=float(rng.uniform(0, 0.25)))


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between two bounds, evenly by its logarithm."""
    return float(low * (high / low) ** rng.random())
