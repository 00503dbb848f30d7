"""One training crop out of a head: what lies over it, how it is framed, how the camera saw it.

Photographs give most of it. What they lack is made from them: a lamp put out by the picture of its unlit neighbour, a
second lamp lit by the picture of the first, a truck or a tree before the head, glare, a black night.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.signals.heads import BOX, EDGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Floats = NDArray[np.float32]

THIRD: Final = BOX[1] / 3
COLOURS: Final = ("red", "yellow", "green")


@dataclass(frozen=True, slots=True)
class Canvas:
    """A head to vary: uint8 [192, 72, 3] BGR, its state, and the place of its burning lamp (0 to 2, None unknown)."""

    picture: Picture
    state: str
    lit: int | None


def lit_place(canvas: Picture, state: str) -> int | None:
    """The third of an upright head in which a lamp of that state burns, None where it does not stand out."""
    if state not in COLOURS:
        return None
    inner = _box(canvas)[:, BOX[0] // 5 : -BOX[0] // 5].astype(np.float32)
    blue, green, red = inner[..., 0], inner[..., 1], inner[..., 2]
    colour = {"red": red - (green + blue) / 2, "green": (green + blue) / 2 - red, "yellow": (red + green) / 2 - blue}
    rows = colour[state].mean(axis=1) + inner.max(axis=2).mean(axis=1) / 3
    thirds = [float(part.mean()) for part in np.array_split(rows, 3)]
    order = np.argsort(thirds)[::-1]
    if thirds[order[0]] - thirds[order[1]] < 12 or (state == "yellow") != (order[0] == 1):
        return None
    return int(order[0])


def lamp_chroma(canvas: Canvas) -> float:
    """How colourful the burning lamp of a canvas is in its middle, 0 to 255; 0 where its place is not known."""
    if canvas.lit is None:
        return 0.0
    middle = round(THIRD * (canvas.lit + 0.5))
    part = _box(canvas.picture)[middle - 8 : middle + 8, BOX[0] // 2 - 8 : BOX[0] // 2 + 8].astype(int)
    return float(np.median(part.max(axis=2) - part.min(axis=2)))


def put_out(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    """The same head with no lamp burning: the lit one wears the picture of an unlit neighbour."""
    lit = canvas.lit or 0
    others = [place for place in range(3) if place != lit]
    return Canvas(_copied(canvas.picture, int(rng.choice(others)), lit), "off", None)


def light_two(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    """A red head with its yellow lamp burning too: the red lamp's picture in the middle, turned to yellow."""
    made = _copied(canvas.picture, canvas.lit or 0, 1, turn=float(rng.uniform(17, 27)))
    return Canvas(made, "red_yellow", None)


def turn_yellow(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    """A red head as it looks when yellow: the lamps change places and the red one turns yellow."""
    lit = canvas.lit or 0
    middle = _copied(canvas.picture, lit, 1, turn=float(rng.uniform(15, 27)))
    return Canvas(_copied(middle, 2 - lit, lit), "yellow", 1)


def redden(canvas: Canvas, rng: np.random.Generator) -> Canvas:
    """A yellow head as cameras show it in low light: its lamp looks red, and only its place tells that it is yellow."""
    hsv = cv2.cvtColor(canvas.picture, cv2.COLOR_BGR2HSV).astype(np.int16)
    warm = (hsv[..., 0] < 35) & (hsv[..., 1] > 60)
    hsv[..., 0] = np.where(warm, np.maximum(hsv[..., 0] - int(rng.integers(6, 16)), 0), hsv[..., 0])
    dimmed = hsv.astype(np.float32) * (1, 1, float(rng.uniform(0.25, 1.0)))
    return Canvas(np.asarray(cv2.cvtColor(dimmed.astype(np.uint8), cv2.COLOR_HSV2BGR), np.uint8), "yellow", 1)


def cover(canvas: Canvas, backgrounds: Sequence[Picture], rng: np.random.Generator) -> Canvas:
    """Something stands before the head: before its lamps, or only before lamps that do not burn."""
    picture = canvas.picture.copy()
    height, width = picture.shape[:2]
    behind = backgrounds[int(rng.integers(len(backgrounds)))]
    patch = cv2.resize(behind, (width, height)).astype(np.float32)
    mask = np.zeros((height, width), np.float32)
    state = "unknown"
    harmless = canvas.lit in (0, 2) and rng.uniform() < 0.3
    if harmless:
        state = canvas.state
        far = EDGE[1] + THIRD * (2 if canvas.lit == 0 else 1)
        (mask[int(far) :] if canvas.lit == 0 else mask[: int(far)])[:] = 1
    elif canvas.lit is None or rng.uniform() < 0.5:
        mask[:] = 1
        if rng.uniform() < 0.5:  # a strip of the housing still shows
            side = int(rng.integers(EDGE[0], EDGE[0] + BOX[0] // 4))
            mask[:, :side] = 0
    else:  # from the burning lamp's end to somewhere beyond it
        begin, end = EDGE[1] + THIRD * canvas.lit, EDGE[1] + THIRD * (canvas.lit + 1)
        reach = float(rng.uniform(0.0, 0.5)) * THIRD
        below = canvas.lit == 2 or (canvas.lit == 1 and rng.uniform() < 0.5)
        (mask[int(begin - reach) :] if below else mask[: int(end + reach)])[:] = 1
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.5, 2.5)))[..., None]
    mixed = picture * (1 - soft) + patch * soft
    return Canvas(mixed.astype(np.uint8), state, canvas.lit if harmless else None)


def frame(picture: Picture, size: tuple[int, int], rng: np.random.Generator) -> Floats:
    """A crop of a canvas as a hand draws a box around a head, float32 of `size` (width, height)."""
    width, height = BOX[0] * float(rng.uniform(0.82, 1.3)), BOX[1] * float(rng.uniform(0.86, 1.18))
    centre = np.array([EDGE[0] + BOX[0] / 2, EDGE[1] + BOX[1] / 2])
    centre += np.array([BOX[0], BOX[1]]) * np.clip(rng.normal(0, (0.07, 0.03)), -0.15, 0.15)
    angle = np.radians(float(np.clip(rng.normal(0, 5), -12, 12)))
    across = np.array([np.cos(angle) * width / 2, np.sin(angle) * width / 2])
    along = np.array([-np.sin(angle) * height / 2, np.cos(angle) * height / 2])
    corners = np.stack([centre - across - along, centre + across - along, centre - across + along])
    return _taken(picture, corners, size, rng)


def frame_lamp(picture: Picture, place: int, size: tuple[int, int], rng: np.random.Generator) -> Floats:
    """A crop of one lamp of a canvas, as a box around a section, float32 of `size` (width, height)."""
    centre = np.array([EDGE[0] + BOX[0] / 2, EDGE[1] + THIRD * (place + 0.5)]) + rng.normal(0, 3, 2)
    half = np.array([BOX[0] * rng.uniform(0.4, 0.58), THIRD * rng.uniform(0.42, 0.6)])
    corners = np.stack([centre - half, centre + half * (1, -1), centre + half * (-1, 1)])
    return _taken(picture, corners, size, rng)


def seen(crop: Floats, rng: np.random.Generator) -> Picture:
    """The crop through a camera and its weather, uint8 of the same size."""
    picture = crop
    if rng.uniform() < 0.5:
        picture = 255 * np.power(np.clip(picture / 255, 0, 1), float(rng.uniform(0.55, 1.9)))
    if rng.uniform() < 0.15:
        picture = picture * float(rng.uniform(0.2, 0.7))
    grey = picture.mean(axis=2, keepdims=True)
    picture = grey + (picture - grey) * float(rng.uniform(0.55, 1.6))
    gains = rng.uniform(0.86, 1.16, 3) * rng.uniform(0.75, 1.3)
    picture = picture * gains.astype(np.float32) + rng.normal(0, 7, 3).astype(np.float32)
    if rng.uniform() < 0.2:  # haze, or rain on the lens
        veil = float(rng.uniform(0.15, 0.7))
        picture = picture * (1 - veil) + veil * rng.uniform(120, 255) * rng.uniform(0.92, 1.08, 3).astype(np.float32)
    if rng.uniform() < 0.15:  # the lamps' own light spreads over the head
        light = np.where(picture.max(axis=2, keepdims=True) > 170, picture, 0).astype(np.float32)
        picture = picture + cv2.GaussianBlur(light, (0, 0), float(rng.uniform(3, 9))) * float(rng.uniform(0.3, 1.5))
    if rng.uniform() < 0.12:
        picture = picture + _sun(picture.shape, rng)
    if rng.uniform() < 0.3:
        picture = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), float(rng.uniform(0.4, 1.6)))
    if rng.uniform() < 0.5:
        picture = picture + rng.normal(0, rng.uniform(1, 9), picture.shape)
    done: Picture = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.uniform() < 0.3:
        coded = cv2.imencode(".jpg", done, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])[1]
        done = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return done


def hidden(crop: Floats, rng: np.random.Generator) -> Picture:
    """The crop in a black night without light, or blinded by the sun: nothing can be told from it."""
    if rng.uniform() < 0.5:
        picture = crop * float(rng.uniform(0, 0.012)) + rng.uniform(0, 6) + rng.normal(0, rng.uniform(0, 3), crop.shape)
    else:
        veil = float(rng.uniform(0.93, 1.0))
        picture = crop * (1 - veil) + veil * rng.uniform(245, 275, 3) + rng.normal(0, rng.uniform(0, 2), crop.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _box(canvas: Picture) -> Picture:
    return canvas[EDGE[1] : EDGE[1] + BOX[1], EDGE[0] : EDGE[0] + BOX[0]]


def _copied(picture: Picture, source: int, target: int, turn: float = 0.0) -> Picture:
    """The picture with one third copied onto another; `turn` moves red towards yellow, OpenCV hue (180 a circle)."""
    made = picture.copy()
    rows = [
        slice(int(EDGE[1] + THIRD * place), int(EDGE[1] + THIRD * place) + int(THIRD)) for place in (source, target)
    ]
    inner = slice(EDGE[0], EDGE[0] + BOX[0])
    part = picture[rows[0], inner]
    if turn:
        hsv = cv2.cvtColor(part, cv2.COLOR_BGR2HSV)
        hsv[..., 0] = (hsv[..., 0] + np.uint8(turn)) % 180
        part = np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), np.uint8)
    made[rows[1], inner] = part
    return made


def _taken(picture: Picture, corners: NDArray[np.float64], size: tuple[int, int], rng: np.random.Generator) -> Floats:
    """The parallelogram with these corners (top left, top right, bottom left) at a camera's resolution."""
    width, height = size
    coarse = float(np.exp(rng.uniform(np.log(0.25), np.log(1.3)))) if rng.uniform() < 0.6 else 1.0
    fine_w, fine_h = 2 * width, 2 * height
    target = np.array([[0, 0], [fine_w, 0], [0, fine_h]], np.float32)
    matrix = cv2.getAffineTransform(corners.astype(np.float32), target)
    fine = cv2.warpAffine(picture, matrix, (fine_w, fine_h), borderMode=cv2.BORDER_REPLICATE)
    seen_size = max(4, round(width * coarse)), max(4, round(height * coarse))
    seen_crop = cv2.resize(fine, seen_size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(seen_crop, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _sun(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Low sun or another lamp shining in from one side, float32 [H, W, 1 or 3]."""
    height, width = shape[:2]
    rows, columns = np.mgrid[0:height, 0:width]
    angle = float(rng.uniform(0, 2 * np.pi))
    far = (columns / width - 0.5) * np.cos(angle) + (rows / height - 0.5) * np.sin(angle)
    light = np.clip(far + rng.uniform(-0.1, 0.3), 0, 1) * rng.uniform(60, 260)
    tint = np.array([0.75, 0.9, 1.0]) if rng.uniform() < 0.5 else np.ones(3)
    return np.asarray(light[..., None] * tint, np.float32)
