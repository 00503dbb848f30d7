"""Batches for the reader's training: each picture cut out anew, as boxes and corners found on the road would cut it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.plates.strokes import SIGNS
from vision.plate_crop import HEIGHT, MARGIN, UNIT, WIDTH, flat, normalised, unrolled, widened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.plates.pool import Sample

BOXED: Final = 0.35
"""Share of crops cut along an upright box; the others along the corners, as in the reader's second look."""

WRONG_ROLL: Final = 0.12
"""Share of crops laid out for the wrong number of lines, which must read as nothing."""


def cut(rng: np.random.Generator, sample: Sample) -> tuple[NDArray[np.uint8], str, NDArray[np.float32] | None]:
    """One crop of a sample.

    Returns:
        The crop, what it must read as, and the plate's corners in shares of the crop (None where they are not known).
    """
    two = sample.lines == 2
    wrong = rng.random() < WRONG_ROLL and (two or _squarish(sample))
    if rng.random() < BOXED:
        low, high = sample.corners.min(0), sample.corners.max(0)
        quad = np.array([low, (high[0], low[1]), high, (low[0], high[1])], np.float32)
        shake = rng.normal(0, (0.035, 0.08), (2, 2)).clip(-0.1, 0.2)
        sides = np.array([-shake[0], shake[1]]) * (high - low)
        quad = quad + np.array([sides[0], (sides[1, 0], sides[0, 1]), sides[1], (sides[0, 0], sides[1, 1])])
        rolled = False
    else:
        spread = float(rng.choice([0.4, 1.0, 1.6]))
        span = np.array(
            [np.hypot(*(sample.corners[1] - sample.corners[0])), np.hypot(*(sample.corners[3] - sample.corners[0]))]
        )
        quad = (
            sample.corners
            + rng.normal(0, 1, (4, 2)) * (0.012, 0.04) * span * spread
            + rng.normal(0, 1, 2) * (0.012, 0.04) * span * spread
        )
        rolled = two != wrong
    quad = widened(np.asarray(quad, np.float32), *MARGIN)
    crop = unrolled(sample.picture, quad) if rolled else flat(sample.picture, quad)
    text = sample.text if rolled == two else ""
    corners = None
    if sample.exact and not rolled:
        matrix = cv2.getPerspectiveTransform(quad, UNIT)
        corners = np.asarray(cv2.perspectiveTransform(sample.corners[None], matrix)[0], np.float32)
    return _varied(rng, crop), text, corners


def _squarish(sample: Sample) -> bool:
    across, down = (
        np.hypot(*(sample.corners[1] - sample.corners[0])),
        np.hypot(*(sample.corners[3] - sample.corners[0])),
    )
    return bool(across < 2.6 * down)


def _varied(rng: np.random.Generator, crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A little noise, gamma and blur of its own for each cut, so that no two epochs show the same pixels."""
    values = crop.astype(np.float32)
    if rng.random() < 0.3:
        values = np.asarray(255 * (values / 255) ** float(rng.uniform(0.6, 1.6)), np.float32)
    if rng.random() < 0.3:
        values = values + rng.standard_normal(values.shape, np.float32) * np.float32(rng.uniform(1, 8))
    if rng.random() < 0.15:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), float(rng.uniform(0.4, 1.3))), np.float32)
    if rng.random() < 0.04:
        values = 255 - values
    return np.clip(values, 0, 255).astype(np.uint8)


def batch(
    rng: np.random.Generator, samples: Sequence[Sample], size: int = 128
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64], NDArray[np.float32], NDArray[np.bool_]]:
    """A batch of random samples.

    Returns:
        Crops float32 [n, 1, HEIGHT, WIDTH]; targets of all texts one after the other, 1 to 36; their lengths [n];
        corners [n, 8]; and which of the corners are known [n].
    """
    crops = np.empty((size, HEIGHT, WIDTH), np.uint8)
    targets: list[int] = []
    lengths = np.zeros(size, np.int64)
    corners, known = np.zeros((size, 8), np.float32), np.zeros(size, np.bool_)
    for i, index in enumerate(rng.integers(len(samples), size=size)):
        crops[i], text, quad = cut(rng, samples[int(index)])
        targets += [SIGNS.index(sign) + 1 for sign in text]
        lengths[i] = len(text)
        if quad is not None:
            corners[i], known[i] = quad.ravel(), True
    return normalised(crops), np.array(targets, np.int64), lengths, corners, known
