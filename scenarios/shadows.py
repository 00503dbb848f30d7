"""Shadows on the road: where an object hides the sun, and the soft darkness below it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Pinhole
from scenarios.ground import clip_near, flat
from scenarios.mesh import frame_window
from scenarios.traffic import ObjectState
from scenarios.weather import Atmosphere

# the encoded picture needs the display equivalent of a share of light
_SHOWN = (255.0 * (np.arange(255, -1, -1) / 255.0) ** (1 / 2.2)).astype(np.uint8)
_BELOW = {"person": (-0.02, 0.40), "bicycle": (0.02, 0.45), "motorcycle": (0.02, 0.45)}  # growth m, share of light lost
SOFT_M = 0.045  # standard deviation of a shadow's edge


def footprint(state: ObjectState, grow: float = 0.0) -> NDArray[np.float64]:
    """The four corners of an object on the road plane, anticlockwise, `grow` metres larger all round."""
    spec = state.look.spec
    c, s = np.cos(state.heading), np.sin(state.heading)
    corners = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * (spec.length / 2 + grow, spec.width / 2 + grow)
    return np.asarray(corners @ np.array([[c, s], [-s, c]]) + (state.x, state.y))


def _shapes(state: ObjectState, air: Atmosphere) -> list[tuple[NDArray[np.float64], float]]:
    """Polygons on the road and the share of light each takes, weak ones first."""
    spec = state.look.spec
    grow, strength = _BELOW.get(spec.cls, (0.12, 0.70))
    below = (footprint(state, grow), strength)
    if air.shadow > 0.2:
        slope = -air.light.sun_dir[:2] / max(float(air.light.sun_dir[2]), 0.15)
        base = footprint(state)
        top = footprint(state, -0.12 * spec.width) + slope * spec.height * 0.92
        middle = base + slope * spec.height * 0.55
        hull = np.asarray(cv2.convexHull(np.vstack([base, middle, top]).astype(np.float32)), float)[:, 0]
        return [(hull, air.shadow), below]
    if spec.cls == "person":
        return [below]
    return [(footprint(state, 0.45), 0.30 if air.lamps == 0 else 0.22), below]


def cast_shadow(picture: NDArray[np.uint8], state: ObjectState, camera: Pinhole, air: Atmosphere) -> None:
    """Darken the road below an object (contact) and where it hides the sun."""
    shapes = [(clip_near(flat(p), camera), strength) for p, strength in _shapes(state, air)]
    shapes = [(pixels, strength) for pixels, strength in shapes if len(pixels) >= 3]
    if not shapes:
        return
    window = frame_window(np.vstack([pixels for pixels, _ in shapes]), camera.width, camera.height, 10)
    if window is None:
        return
    x0, y0, x1, y1 = window
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for pixels, strength in shapes:
        corners = np.clip((pixels - (x0, y0)) * 16, -(1 << 24), 1 << 24).astype(np.int32)
        cv2.fillPoly(mask, [corners], round(255 * strength), cv2.LINE_AA, 4)
    px_per_m = camera.focal_px / max(1.0, float(np.hypot(*(camera.position[:2] - (state.x, state.y)))))
    soft = cv2.GaussianBlur(mask, (0, 0), max(0.6, SOFT_M * px_per_m))
    shown = cv2.LUT(soft, _SHOWN)
    picture[y0:y1, x0:x1] = cv2.multiply(picture[y0:y1, x0:x1], cv2.merge([shown, shown, shown]), scale=1 / 255)
