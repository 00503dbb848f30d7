"""Light and weather: what the sun, the sky, lamps, rain, snow and fog do to a scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scenarios.mesh import F32, Lighting

Draw = Callable[[float, float], float]


def _bgr(b: float, g: float, r: float) -> F32:
    return np.array([b, g, r], np.float32)


@dataclass(frozen=True, slots=True)
class Atmosphere:
    """Everything about one weather; strengths are shares 0..1 unless a unit is named."""

    name: str
    light: Lighting
    sky_top: F32  # display colours 0..255 of the sky
    sky_low: F32
    clouds: float
    shadow: float  # how much of the ground's light a cast shadow takes
    lamps: float = 0.0  # street lamps, linear light below a lamp
    headlights: bool = False
    wet: float = 0.0
    rain: float = 0.0
    snowfall: float = 0.0
    snow_cover: float = 0.0
    lit_windows: float = 0.0
    noise: float = 2.0  # standard deviation of sensor noise, grey levels
    blur: float = 0.5  # sigma of the lens, px at 1280 wide


def _sun(azimuth_deg: float, elevation_deg: float) -> F32:
    a, e = np.radians(azimuth_deg), np.radians(elevation_deg)
    return np.array([np.cos(e) * np.sin(a), np.cos(e) * np.cos(a), np.sin(e)], np.float32)


def _clear(name: str, u: Draw, azimuth: float) -> Atmosphere:
    e = u(34, 60)
    warm = np.interp(e, [34, 60], [0.86, 0.95])
    sun = _bgr(0.88 * warm, 0.96, 1.04) * u(1.15, 1.4)
    sky = _bgr(0.42, 0.34, 0.28) * u(0.9, 1.15)
    return Atmosphere(
        name,
        Lighting(
            _sun(azimuth, e),
            sun,
            sky,
            _bgr(0.12, 0.12, 0.12),
            _bgr(0.85, 0.80, 0.74),
            _bgr(0.75, 0.48, 0.28),
            _bgr(205, 196, 186),
            0.0008,
        ),
        _bgr(214, 160, 96) * u(0.9, 1.05),
        _bgr(236, 222, 202),
        u(0.15, 0.6),
        u(0.60, 0.72),
    )


def _overcast(name: str, u: Draw, azimuth: float) -> Atmosphere:
    k = u(0.85, 1.1)
    return Atmosphere(
        name,
        Lighting(
            _sun(azimuth, 60),
            _bgr(0.10, 0.10, 0.10) * k,
            _bgr(1.04, 1.0, 0.96) * k,
            _bgr(0.16, 0.16, 0.16),
            _bgr(0.82, 0.80, 0.78),
            _bgr(0.70, 0.68, 0.66),
            _bgr(205, 203, 200),
            0.0018,
        ),
        _bgr(206, 202, 198) * u(0.85, 1.0),
        _bgr(226, 224, 221),
        0.8,
        0.12,
    )


def _dusk(name: str, u: Draw, azimuth: float) -> Atmosphere:
    return Atmosphere(
        name,
        Lighting(
            _sun(azimuth, 9),
            _bgr(0.05, 0.09, 0.15),
            _bgr(0.42, 0.34, 0.32) * u(0.75, 1.1),
            _bgr(0.05, 0.05, 0.05),
            _bgr(0.36, 0.36, 0.44),
            _bgr(0.30, 0.20, 0.15),
            _bgr(120, 112, 118),
            0.0012,
        ),
        _bgr(134, 92, 66),
        _bgr(128, 150, 206),
        0.5,
        0.05,
        lamps=0.16,
        headlights=True,
        lit_windows=0.35,
        noise=3.0,
    )


def _sunset(name: str, u: Draw, azimuth: float) -> Atmosphere:
    del azimuth  # the sun stands low before the camera
    return Atmosphere(
        name,
        Lighting(
            _sun(u(-30, 30), 6),
            _bgr(0.10, 0.28, 0.60),
            _bgr(0.40, 0.36, 0.40) * u(0.75, 1.1),
            _bgr(0.05, 0.05, 0.06),
            _bgr(0.20, 0.42, 0.80),
            _bgr(0.38, 0.26, 0.22),
            _bgr(100, 126, 170),
            0.0015,
        ),
        _bgr(140, 96, 92),
        _bgr(50, 130, 240),
        u(0.4, 0.8),
        0.1,
        lamps=0.1,
        headlights=True,
        lit_windows=0.3,
        noise=3.0,
    )


def _night(name: str, u: Draw, azimuth: float) -> Atmosphere:
    del azimuth  # the light does not come from the sun
    wet = name == "rain_night"
    return Atmosphere(
        name,
        Lighting(
            _sun(180, 60),
            _bgr(0, 0, 0),
            _bgr(0.105, 0.098, 0.100) * u(0.9, 1.5),
            _bgr(0.02, 0.02, 0.02),
            _bgr(0.07, 0.075, 0.09),
            _bgr(0.03, 0.025, 0.025),
            _bgr(34, 34, 40),
            0.002 if wet else 0.0008,
        ),
        _bgr(26, 20, 18),
        _bgr(44, 44, 54),
        0.3,
        0.0,
        lamps=u(1.1, 1.6),
        headlights=True,
        wet=0.8 if wet else 0.0,
        rain=u(0.4, 0.8) if wet else 0.0,
        lit_windows=0.4,
        noise=4.5,
        blur=0.7,
    )


def _rain(name: str, u: Draw, azimuth: float) -> Atmosphere:
    k = u(0.5, 0.7)
    return Atmosphere(
        name,
        Lighting(
            _sun(azimuth, 60),
            _bgr(0.03, 0.03, 0.03),
            _bgr(1.06, 1.0, 0.94) * k,
            _bgr(0.12, 0.12, 0.12),
            _bgr(0.60, 0.58, 0.55),
            _bgr(0.50, 0.48, 0.46),
            _bgr(168, 166, 162),
            0.005,
        ),
        _bgr(160, 156, 152),
        _bgr(182, 180, 176),
        0.9,
        0.05,
        headlights=True,
        wet=0.7,
        rain=u(0.4, 0.9),
        noise=2.6,
        blur=0.7,
    )


def _snow(name: str, u: Draw, azimuth: float) -> Atmosphere:
    k = u(0.8, 0.95)
    return Atmosphere(
        name,
        Lighting(
            _sun(azimuth, 60),
            _bgr(0.05, 0.05, 0.05),
            _bgr(1.05, 1.0, 0.96) * k,
            _bgr(0.35, 0.34, 0.33),
            _bgr(0.78, 0.76, 0.74),
            _bgr(0.68, 0.66, 0.65),
            _bgr(208, 206, 204),
            0.006,
        ),
        _bgr(204, 202, 200),
        _bgr(216, 214, 212),
        0.9,
        0.08,
        headlights=True,
        wet=0.25,
        snowfall=u(0.3, 0.9),
        snow_cover=u(0.6, 0.9),
        noise=2.4,
    )


def _fog(name: str, u: Draw, azimuth: float) -> Atmosphere:
    k = u(0.8, 1.0)
    return Atmosphere(
        name,
        Lighting(
            _sun(azimuth, 60),
            _bgr(0.02, 0.02, 0.02),
            _bgr(1.02, 1.0, 0.98) * k,
            _bgr(0.15, 0.15, 0.15),
            _bgr(0.78, 0.77, 0.76),
            _bgr(0.74, 0.73, 0.72),
            _bgr(200, 199, 197),
            u(0.010, 0.022),
        ),
        _bgr(200, 199, 197),
        _bgr(200, 199, 197),
        0.1,
        0.05,
        headlights=True,
        wet=0.2,
        noise=2.4,
        blur=0.7,
    )


_MAKERS: dict[str, Callable[[str, Draw, float], Atmosphere]] = {
    "clear": _clear,
    "overcast": _overcast,
    "dusk": _dusk,
    "sunset": _sunset,
    "night": _night,
    "rain_night": _night,
    "rain": _rain,
    "snow": _snow,
    "fog": _fog,
}


def atmosphere(name: str, rng: np.random.Generator) -> Atmosphere:
    """The weather of a name, a little different for every seed."""
    azimuth = float(rng.choice([rng.uniform(100, 165), rng.uniform(195, 260)]))
    return _MAKERS[name](name, rng.uniform, azimuth)


LAMP_COLOUR = _bgr(0.42, 0.72, 1.0)  # sodium or warm LED light


def lamp_light(x: np.ndarray, y: np.ndarray, lamps: list[tuple[float, float, float]]) -> np.ndarray:
    """Light of street lamps on the road at x, y as a share of the light right below one (inverse square, cosine)."""
    total = np.zeros(np.shape(x), np.float32)
    for lx, ly, lz in lamps:
        d2 = ((x - lx) ** 2 + (y - ly) ** 2) / lz**2
        total += (1 + d2) ** -1.8
    return total
