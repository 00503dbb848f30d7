"""Pictures of nothing: asphalt from above, covered lenses, blank walls, taught to the fire detector as no smoke.

A picture filled with smoke and a picture of bare asphalt are both grey all over; without these the detector calls
both smoke.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.data.places import CACHE
from models.data.records import Record, array

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOURCE: Final = "plain"
COUNT: Final = 120
SEED: Final = 7003
WIDTH: Final = 640
HEIGHT: Final = 384


def plain_records() -> list[Record]:
    """The pictures as training records; draws those that are not there yet."""
    folder = CACHE / "plain"
    folder.mkdir(parents=True, exist_ok=True)
    records = []
    for number in range(COUNT):
        path = folder / f"{number:04d}.jpg"
        if not path.is_file():
            rng = np.random.default_rng((SEED, number))
            cv2.imwrite(str(path), draw(rng), [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 95))])
        records.append(Record(str(path), SOURCE, "train", WIDTH, HEIGHT, array([]), array([])))
    return records


def draw(rng: np.random.Generator) -> NDArray[np.uint8]:
    """One picture, uint8 [384, 640, 3] BGR: a grey or faintly tinted surface with grain, specks and lines."""
    base = rng.uniform(0, 255) + rng.normal(0, 6, 3)
    grain = rng.normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32)
    if rng.random() < 0.6:
        grain = np.asarray(cv2.GaussianBlur(grain, (0, 0), float(rng.uniform(0.5, 2.5))), np.float32)
    grain *= rng.uniform(0, 10) / max(float(grain.std()), 1e-6)
    x, y = np.meshgrid(np.linspace(-1, 1, WIDTH), np.linspace(-1, 1, HEIGHT))
    slope = rng.normal(0, 12) * x + rng.normal(0, 12) * y - rng.uniform(0, 25) * (x**2 + y**2)
    picture = base[None, None] + (grain + slope * (rng.random() < 0.6))[..., None]
    for _ in range(int(rng.integers(0, 60)) if rng.random() < 0.6 else 0):
        centre = (int(rng.integers(WIDTH)), int(rng.integers(HEIGHT)))
        cv2.circle(picture, centre, int(rng.integers(1, 4)), (base + rng.normal(0, 40)).tolist(), -1)
    for _ in range(int(rng.integers(1, 5)) if rng.random() < 0.5 else 0):
        ends = rng.integers((-80, -80), (WIDTH + 80, HEIGHT + 80), (2, 2))
        light = (base + rng.uniform(-60, 120)).tolist()
        cv2.line(picture, ends[0].tolist(), ends[1].tolist(), light, int(rng.integers(1, 22)), cv2.LINE_AA)
    return np.clip(picture, 0, 255).astype(np.uint8)
