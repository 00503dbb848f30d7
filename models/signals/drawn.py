"""Signal heads drawn by hand, for the states that photographs lack: every look, its state known exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.signals.heads import BOX, CANVAS, EDGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Floats = NDArray[np.float32]

LIT: Final = {
    "red": (np.array([20, 20, 215]), np.array([120, 110, 255])),
    "yellow": (np.array([15, 130, 225]), np.array([110, 215, 255])),
    "green": (np.array([70, 175, 10]), np.array([215, 255, 130])),
}
"""Ends of the colours of burning lamps, BGR."""
BURNING: Final = {
    "red": ("red",),
    "red_yellow": ("red", "yellow"),
    "yellow": ("yellow",),
    "green": ("green",),
    "off": (),
}
FINE: Final = 2
"""Drawn this many times larger than the canvas."""
ARROW: Final = np.array([[-0.75, 0], [-0.05, -0.7], [-0.05, -0.25], [0.75, -0.25], [0.75, 0.25], [-0.05, 0.25],
                         [-0.05, 0.7]])  # fmt: skip
"""An arrow to the left in a lens of radius 1."""


def draw_head(state: str, backgrounds: Sequence[Picture], rng: np.random.Generator) -> Picture:
    """A head in a state, uint8 [192, 72, 3] BGR like the canvas of a photographed one."""
    width, height = CANVAS[0] * FINE, CANVAS[1] * FINE
    behind = backgrounds[int(rng.integers(len(backgrounds)))]
    picture = cv2.resize(behind, (width, height)).astype(np.float32)
    # An unlit head in the dark cannot be told from nothing.
    daylight = float(rng.choice([1.0, 0.8, 0.5, 0.15, 0.04] if BURNING[state] else [1.0, 0.8, 0.5, 0.3]))
    picture *= max(daylight, 0.05)
    left, top, box_w, box_h = EDGE[0] * FINE, EDGE[1] * FINE, BOX[0] * FINE, BOX[1] * FINE
    inset = int(rng.uniform(0, 0.10) * box_w)
    body = _grey(rng, 15, 75) * daylight
    cv2.rectangle(
        picture, (left + inset, top), (left + box_w - inset, top + box_h), tuple(map(float, body)), -1, cv2.LINE_AA
    )
    radius = (box_w / 2 - inset) * float(rng.uniform(0.62, 0.95))
    arrow = rng.uniform() < 0.2
    glow = np.zeros_like(picture)
    glass = rng.uniform() < 0.65
    for place, name in enumerate(("red", "yellow", "green")):
        centre = np.array([left + box_w / 2, top + box_h * (0.5 + place) / 3]) + rng.normal(0, 1.0, 2)
        low, high = LIT[name]
        tint = low * rng.uniform(0.08, 0.4) + rng.uniform(10, 70)
        unlit = (tint if glass else _grey(rng, 25, 150)) * daylight
        _disc(picture, centre, radius, unlit)
        if name in BURNING[state]:
            mask = _lamp(picture.shape[:2], centre, radius, rng, arrow=arrow)
            colour = low + (high - low) * rng.uniform(0, 1)
            light = mask[..., None] * colour.astype(np.float32)
            if rng.uniform() < 0.35:  # outshines the sensor: the middle goes white
                core = _lamp(picture.shape[:2], centre, radius * float(rng.uniform(0.4, 0.8)), rng, arrow=arrow)
                light = np.maximum(light, cv2.GaussianBlur(core, (0, 0), radius / 6)[..., None] * 255)
            picture = picture * (1 - mask[..., None]) + light
            glow += light
        if rng.uniform() < 0.6:
            _visor(picture, centre, radius, body, rng)
    shrunk = cv2.resize(picture, CANVAS, interpolation=cv2.INTER_AREA)
    if BURNING[state]:
        spread = float(rng.uniform(0.3, 1.2)) * radius / FINE
        halo = cv2.GaussianBlur(cv2.resize(glow, CANVAS, interpolation=cv2.INTER_AREA), (0, 0), spread)
        shrunk = shrunk + halo * float(rng.uniform(0, 0.9)) * (1.2 - daylight)
    return np.clip(shrunk, 0, 255).astype(np.uint8)


def _lamp(
    shape: tuple[int, ...], centre: NDArray[np.float64], radius: float, rng: np.random.Generator, *, arrow: bool
) -> Floats:
    """Where a burning lens shines, 0 to 1, float32 [H, W]: a disc, LED points, or an arrow."""
    mask = np.zeros(shape, np.float32)
    if arrow:
        turn = float(rng.choice([0.0, 90.0, 180.0, 270.0]))
        matrix = cv2.getRotationMatrix2D((0, 0), turn, radius)[:, :2]
        cv2.fillPoly(mask, [np.round(ARROW @ matrix.T + centre).astype(np.int32)], 1.0, cv2.LINE_AA)
        return mask
    _disc(mask, centre, radius, 1.0)
    if rng.uniform() < 0.35:
        step = radius * float(rng.uniform(0.16, 0.3))
        rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
        points = np.cos(columns / step * np.pi) * np.cos(rows / step * np.pi)
        mask *= (0.65 + 0.35 * points).astype(np.float32)
    return mask


def _disc(picture: Floats, centre: NDArray[np.float64], radius: float, colour: NDArray[np.float64] | float) -> None:
    value = tuple(map(float, np.broadcast_to(colour, 3))) if picture.ndim == 3 else float(np.mean(colour))
    cv2.circle(picture, (round(centre[0]), round(centre[1])), round(radius), value, -1, cv2.LINE_AA)


def _visor(
    picture: Floats, centre: NDArray[np.float64], radius: float, body: NDArray[np.float64], rng: np.random.Generator
) -> None:
    """The hood over a lens: an arc over its upper part, seen from below or from the side."""
    place = (round(centre[0]), round(centre[1]))
    thick = max(1, round(radius * float(rng.uniform(0.06, 0.3))))
    turn = float(rng.uniform(-35, 35))
    axes = (round(radius), round(radius * float(rng.uniform(0.8, 1.05))))
    cv2.ellipse(picture, place, axes, turn, 185, 355, tuple(map(float, body * 0.7)), thick, cv2.LINE_AA)


def _grey(rng: np.random.Generator, low: float, high: float) -> NDArray[np.float64]:
    return np.clip(rng.uniform(low, high) * rng.uniform(0.85, 1.15, 3), 0, 255)
