"""Flames from training photographs, cut out and set into training pictures of streets.

The published sets show burning houses and cars from near; a city camera sees small flames on a street. The cut keeps
what glows in a labelled box, with a soft edge, so that the road shows through the gaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.data.look_alikes import read_base, street_pictures
from models.data.places import CACHE
from models.data.records import Record, array, read_records, write_records
from vision.classes import FIRE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SOURCE: Final = "pasted_fire"
COUNT: Final = 420
SEED: Final = 7005
DONORS: Final = frozenset({"hotfire", "nav_fire", "continuous_fire"})
LEAST_SIDE_PX: Final = 24
LEAST_GLOW: Final = 0.2
"""Share of a donor's box that must glow; below it the box holds more smoke or car than flame."""

MOST_EDGE: Final = 0.3
"""Share of the border of a donor's box that may glow; above it the cut would show straight edges."""

FLAMES: Final = (1, 1, 1, 2, 2, 3, 4)
"""Number of flames in a picture, drawn from these."""

HEIGHT_PX: Final = (20.0, 240.0)
"""Range of the height of a pasted flame, drawn evenly on a logarithmic scale."""


def pasted_records(records: Sequence[Record]) -> list[Record]:
    """The pictures made from training pictures among `records`; makes them if they are not there yet."""
    folder = CACHE / SOURCE
    kept = folder / "records.jsonl"
    if not kept.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        streets = street_pictures(records, "train")
        flames = cut_flames(records)
        made = []
        for number in range(COUNT):
            rng = np.random.default_rng((SEED, number))
            base = read_base(streets[int(rng.integers(len(streets)))].file)
            picture, boxes = paste(base, flames, rng)
            path = folder / f"{number:04d}.jpg"
            cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 95))])
            made.append(Record(str(path), SOURCE, "train", base.shape[1], base.shape[0], boxes, array([])))
        write_records(kept, made)
    return read_records(kept)


def cut_flames(records: Sequence[Record]) -> list[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """Cut-outs of labelled fires of the training pictures of `DONORS`: BGR [h, w, 3] and alpha [h, w]."""
    out = []
    for record in records:
        if record.source not in DONORS or record.split != "train":
            continue
        picture = cv2.imread(record.file)
        if picture is None:
            continue
        for row in record.boxes[record.boxes[:, 0] == FIRE]:
            x1, y1, x2, y2 = (round(float(value)) for value in row[1:])
            if min(x2 - x1, y2 - y1) < LEAST_SIDE_PX:
                continue
            crop = np.asarray(picture[y1:y2, x1:x2], np.uint8)
            alpha = glow(crop)
            edge = np.concatenate([alpha[0], alpha[:, 0], alpha[:, -1]])  # flames stand on something: not the foot
            if alpha.mean() >= LEAST_GLOW and edge.mean() <= MOST_EDGE:
                out.append((crop, alpha))
    return out


def glow(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How much each pixel of a BGR crop is flame, 0 to 1: bright and warm, or burnt out beside warm pixels."""
    blue, green, red = (crop[..., index].astype(np.float32) for index in range(3))
    warm = np.clip((red - 120) / 60, 0, 1) * np.clip((red - blue - 30) / 60, 0, 1) * (red >= green)
    near = np.asarray(cv2.dilate(warm, np.ones((7, 7), np.uint8)), np.float32)
    burnt = np.clip((np.minimum(red, green) - 215) / 25, 0, 1) * near
    soft = max(1.0, 0.012 * max(crop.shape[:2]))
    alpha = np.clip(cv2.GaussianBlur(np.maximum(warm, burnt).astype(np.float32), (0, 0), soft), 0, 1)
    away = np.minimum.outer(*(np.minimum(np.arange(n) + 1, n - np.arange(n)) for n in alpha.shape))
    return np.asarray(alpha * np.clip(away / (0.06 * max(alpha.shape)), 0, 1), np.float32)


def paste(
    base: NDArray[np.uint8],
    flames: Sequence[tuple[NDArray[np.uint8], NDArray[np.float32]]],
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """`base` with flames set in, and their boxes [n, 5]; a flame that would cover another is left out."""
    picture = base.astype(np.float32) * rng.choice([1.0, 1.0, rng.uniform(0.25, 0.8)])
    height, width = base.shape[:2]
    taken: list[tuple[float, ...]] = []
    for _ in range(int(rng.choice(FLAMES))):
        crop, alpha = flames[int(rng.integers(len(flames)))]
        tall = float(np.exp(rng.uniform(*np.log(HEIGHT_PX))))
        scale = min(tall / crop.shape[0], 0.6 * width / crop.shape[1], 0.6 * height / crop.shape[0])
        w, h = max(8, round(crop.shape[1] * scale)), max(8, round(crop.shape[0] * scale))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        flame = np.asarray(cv2.resize(crop, (w, h), interpolation=how), np.float32)
        mask = np.asarray(cv2.resize(alpha, (w, h), interpolation=how), np.float32)
        if rng.random() < 0.5:
            flame, mask = flame[:, ::-1], mask[:, ::-1]
        rows, columns = np.nonzero(mask.max(axis=1) > 0.4)[0], np.nonzero(mask.max(axis=0) > 0.4)[0]
        if len(rows) < 6 or len(columns) < 6:
            continue
        x, y = int(rng.integers(0, width - w)), int(rng.integers(round(0.15 * (height - h)), height - h))
        box = (x + columns[0], y + rows[0], x + columns[-1] + 1, y + rows[-1] + 1)
        if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
            continue
        halo = np.zeros((height, width), np.float32)
        halo[y : y + h, x : x + w] = mask
        halo = cv2.GaussianBlur(halo, (0, 0), 0.5 * max(w, h) + 1) * rng.uniform(0, 0.6)
        picture += halo[..., None] * np.array([20.0, 90.0, 200.0], np.float32)
        spot = picture[y : y + h, x : x + w]
        spot += (flame * rng.uniform(0.85, 1.1) - spot) * mask[..., None]
        taken.append(tuple(float(value) for value in box))
    return np.clip(picture, 0, 255).astype(np.uint8), array([(FIRE, *box) for box in taken])
