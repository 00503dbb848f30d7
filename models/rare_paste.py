"""Rare road users cut out of training pictures and set beside the vehicles of others.

Buses, motorcycles and bicycles are a few hundred among ten thousand boxes, most of them from two cameras. Set into
every picture, beside a car whose size tells how large they must be there, they are learned against all the
backgrounds there are (Ghiasi et al. 2021, Simple Copy-Paste, arXiv 2012.07177; here with boxes, so edges fade).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.data.records import array
from vision.classes import BICYCLE, BUS, CAR, MOTORCYCLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from models.data.records import Record

HEIGHTS: Final = {BUS: 1.9, MOTORCYCLE: 1.05, BICYCLE: 1.1}
"""Height, with the rider, of each class relative to a car's beside it."""

SPREAD: Final = 0.2
"""Relative spread of that height: cars differ, and so do views."""

LEAST_PX: Final = 28
"""Cut-outs lower than this in their own picture are too blurred to be shown larger."""

LOWEST_PX: Final = 12
"""An object is not set lower than this."""

ENLARGED: Final = 1.8
"""Most a cut-out is enlarged."""

TRIES: Final = 6
"""Cars tried until an object fits beside one."""

EDGE: Final = 0.12
"""Share of a cut-out, at each side, over which it fades into the picture."""

COVERED: Final = 0.5
"""A box covered beyond this share by what was set before it is hidden from the loss."""


@dataclass(frozen=True, slots=True)
class CutOut:
    """One object: pixels uint8 [h, w, 3] with a margin, its class, its box inside the pixels."""

    pixels: NDArray[np.uint8]
    class_id: int
    box: tuple[float, float, float, float]


def cut_outs(records: Sequence[Record], cache: Mapping[str, NDArray[np.uint8]]) -> list[CutOut]:
    """All objects of rare classes that are large enough, out of pictures kept in `cache` by file."""
    found = []
    for record in records:
        picture = cache[record.file]
        scale = picture.shape[1] / record.width
        for row in record.boxes[np.isin(record.boxes[:, 0], list(HEIGHTS))]:
            x1, y1, x2, y2 = row[1:5] * scale
            if y2 - y1 < LEAST_PX or min(x1, y1) < 1 or x2 > picture.shape[1] - 1 or y2 > picture.shape[0] - 1:
                continue
            margin_x, margin_y = EDGE * (x2 - x1), EDGE * (y2 - y1)
            left, top = max(0, int(x1 - margin_x)), max(0, int(y1 - margin_y))
            pixels = picture[top : int(y2 + margin_y) + 1, left : int(x2 + margin_x) + 1].copy()
            box = float(x1 - left), float(y1 - top), float(x2 - left), float(y2 - top)
            found.append(CutOut(pixels, int(row[0]), box))
    return found


def paste(
    canvas: NDArray[np.uint8],
    boxes: NDArray[np.float32],
    ignore: NDArray[np.float32],
    pool: Sequence[CutOut],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Set one cut-out beside a car of the canvas, which changes; nothing where there is no car or no room.

    Args:
        canvas: uint8 [H, W, 3] BGR.
        boxes: float32 [n, 5]: class, x1, y1, x2, y2 in pixels of the canvas.
        ignore: float32 [m, 5], the same.
        pool: objects to draw from; each class equally often.
        rng: source of chance.

    Returns:
        boxes and ignore regions with the new object, and with what it covers hidden.
    """
    cars = boxes[boxes[:, 0] == CAR]
    kinds = sorted({item.class_id for item in pool})
    for _ in range(TRIES if len(cars) and kinds else 0):
        kind = int(rng.choice(kinds))
        car = cars[int(rng.integers(len(cars)))][1:5]
        tall = float(car[3] - car[1]) * HEIGHTS[kind] * float(np.exp(rng.normal(0, SPREAD)))
        mine = [item for item in pool if item.class_id == kind and (item.box[3] - item.box[1]) * ENLARGED > tall]
        if tall < LOWEST_PX or not mine:
            continue
        box = _set_beside(canvas, mine[int(rng.integers(len(mine)))], car, tall, rng)
        if box is not None:
            hidden = _covered(boxes, box)
            added = array([[float(kind), *box.tolist()]])
            return np.concatenate([boxes[~hidden], added]), np.concatenate([ignore, boxes[hidden]])
    return boxes, ignore


def _set_beside(
    canvas: NDArray[np.uint8], item: CutOut, car: NDArray[np.float32], tall: float, rng: np.random.Generator
) -> NDArray[np.float32] | None:
    """Draw the cut-out `tall` pixels high beside the car; its box [4], or None where it would leave the canvas."""
    x1, y1, x2, y2 = item.box
    scale = tall / (y2 - y1)
    shape = (max(2, round(item.pixels.shape[1] * scale)), max(2, round(item.pixels.shape[0] * scale)))
    side = float(rng.choice((-1.0, 1.0))) * float(rng.uniform(0.5, 1.6)) * float(car[2] - car[0])
    left = round(float(car[0] + car[2]) / 2 + side - shape[0] / 2)
    top = round(float(car[3]) - y2 * scale + float(rng.normal(0, 0.1)) * tall)
    if left < 0 or top < 0 or left + shape[0] > canvas.shape[1] or top + shape[1] > canvas.shape[0]:
        return None
    small = cv2.resize(item.pixels, shape, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        small = small[:, ::-1]
        x1, x2 = item.pixels.shape[1] - x2, item.pixels.shape[1] - x1
    there = canvas[top : top + shape[1], left : left + shape[0]]
    fade = _fade(shape)[..., None]
    light = float(np.clip((there.mean() + 20) / (small.mean() + 20), 0.4, 1.3)) ** 0.5
    there[:] = np.clip(small * (light * fade) + there * (1 - fade), 0, 255).astype(np.uint8)
    return np.array([x1 * scale + left, y1 * scale + top, x2 * scale + left, y2 * scale + top], np.float32)


def _fade(shape: tuple[int, int]) -> NDArray[np.float32]:
    """Weight of the cut-out, [height, width]: 1 inside, falling to 0 at the edges."""
    width, height = shape
    x = np.minimum(np.arange(width) + 0.5, width - np.arange(width) - 0.5) / max(EDGE * width, 1)
    y = np.minimum(np.arange(height) + 0.5, height - np.arange(height) - 0.5) / max(EDGE * height, 1)
    return np.asarray(np.minimum(np.clip(x, 0, 1)[None], np.clip(y, 0, 1)[:, None]), np.float32)


def _covered(boxes: NDArray[np.float32], box: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which boxes lie under the new one beyond `COVERED` of their area."""
    wide = np.minimum(boxes[:, 3], box[2]) - np.maximum(boxes[:, 1], box[0])
    high = np.minimum(boxes[:, 4], box[3]) - np.maximum(boxes[:, 2], box[1])
    area = (boxes[:, 3] - boxes[:, 1]) * (boxes[:, 4] - boxes[:, 2])
    return np.asarray(np.clip(wide, 0, None) * np.clip(high, 0, None) > COVERED * area)
