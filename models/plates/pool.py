"""A stock of rendered pictures on disk, so that one sample is rendered once and cut anew in every epoch.

``python -m models.plates.pool --out .cache/models/plates/pool --shards 30`` writes shards of SHARD pictures each.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.plates.draw import draw_plate
from models.plates.seen import CONTEXT, Seen, see
from models.plates.view import training_view

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

SHARD: Final = 2048
"""Pictures in one file."""

EMPTY: Final = 1500
"""Places without a plate among what is learned from."""

TRAINED_PARTS: Final = ("us_", "br_")
"""Photographs of the set ``plates`` that may be trained on, by the start of their names; the rest is only evaluated."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture to learn from.

    Attributes:
        picture: uint8 [height, width], grey, the plate with context.
        corners: float32 [4, 2], px.
        text: what it says.
        lines: 1 or 2.
        exact: whether the corners are the plate's own and not those of a box around it.
    """

    picture: NDArray[np.uint8]
    corners: NDArray[np.float32]
    text: str
    lines: int
    exact: bool


def write_shard(path: Path, pictures: Iterable[Seen]) -> None:
    """Store pictures in one file."""
    seen = list(pictures)
    with path.with_suffix(".part").open("wb") as stream:
        np.savez(
            stream,
            pixels=np.concatenate([item.picture.ravel() for item in seen]),
            shapes=np.array([item.picture.shape for item in seen]),
            corners=np.array([item.corners for item in seen]),
            texts=np.array([item.text for item in seen]),
            lines=np.array([item.lines for item in seen]),
        )
    path.with_suffix(".part").rename(path)


def read_shard(path: Path) -> list[Sample]:
    """Pictures of one file."""
    with np.load(path) as stored:
        pixels, shapes = stored["pixels"], stored["shapes"]
        corners, texts, lines = stored["corners"], stored["texts"], stored["lines"]
    ends = np.cumsum(shapes.prod(1))
    return [
        Sample(pixels[end - h * w : end].reshape(h, w), quad, str(text), int(n), exact=True)
        for end, (h, w), quad, text, n in zip(ends, shapes, corners, texts, lines, strict=True)
    ]


def photographs(folder: Path) -> list[Sample]:
    """Real plates that may be trained on, cut out with context; empty where the set is not at hand.

    Args:
        folder: the set ``plates`` with its ``labels.csv``.
    """
    out: list[Sample] = []
    if not (folder / "labels.csv").is_file():
        return out
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.reader(stream) if row[0].startswith(TRAINED_PARTS)]
    for name, *numbers, text in rows:
        x, y, w, h = (float(number) for number in numbers)
        picture = cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE)
        if picture is None or not text:
            continue
        room_x, room_y = w * CONTEXT[0], h * CONTEXT[1]
        x0, y0 = max(0, int(x - room_x)), max(0, int(y - room_y))
        cut = np.asarray(picture[y0 : int(y + h + room_y), x0 : int(x + w + room_x)], np.uint8)
        quad = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32) - np.array([x0, y0], np.float32)
        if w > 260:
            scale = 260 / w
            cut, quad = (
                np.asarray(cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8),
                quad * np.float32(scale),
            )
        plain = "".join(sign for sign in text.upper() if sign.isascii() and sign.isalnum())
        out.append(Sample(cut, np.asarray(quad, np.float32), plain, 1, exact=False))
    return out


def backgrounds(folder: Path) -> list[NDArray[np.uint8]]:
    """Grey pictures to put behind plates: dashboard frames whose plates may be trained on; empty where not at hand."""
    found = sorted((folder / "images").glob("*.jpg"))[:60]
    pictures = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_REDUCED_GRAYSCALE_2) for path in found]
    return [np.asarray(picture, np.uint8) for picture in pictures if picture is not None]


def empty_places(pictures: Sequence[NDArray[np.uint8]], n: int = EMPTY) -> list[Sample]:
    """Places of photographs that are no plates: grilles, lamps, roofs, signs must read as nothing.

    Args:
        pictures: as from ``backgrounds``; a plate is hit so rarely that it does not matter.
        n: how many.
    """
    rng = np.random.default_rng(13)
    out: list[Sample] = []
    while pictures and len(out) < n:
        picture = pictures[int(rng.integers(len(pictures)))]
        width = float(rng.uniform(30, 200))
        height = width / float(rng.uniform(1.3, 5.5))
        room_x, room_y = width * CONTEXT[0], height * CONTEXT[1]
        cut_w, cut_h = int(width + 2 * room_x), int(height + 2 * room_y)
        if cut_w >= picture.shape[1] or cut_h >= picture.shape[0]:
            continue
        x, y = int(rng.integers(picture.shape[1] - cut_w)), int(rng.integers(picture.shape[0] - cut_h))
        low, high = np.array([room_x, room_y]), np.array([room_x + width, room_y + height])
        quad = np.array([low, (high[0], low[1]), high, (low[0], high[1])], np.float32)
        out.append(Sample(picture[y : y + cut_h, x : x + cut_w].copy(), quad, "", 1, exact=False))
    return out


def main() -> None:
    """Write shards that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(".cache/models/plates/pool"))
    parser.add_argument("--shards", type=int, default=30)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--backgrounds", type=Path, default=Path("../shared/data/plates_ro"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    scenes = backgrounds(options.backgrounds)
    for number in range(options.first, options.first + options.shards):
        path = options.out / f"{number:04d}.npz"
        if path.exists():
            continue
        rng = np.random.default_rng([11, number])
        made = []
        for _ in range(SHARD):
            scene = scenes[int(rng.integers(len(scenes)))] if scenes and rng.random() < 0.5 else None
            made.append(see(rng, draw_plate(rng), training_view(rng), scene))
        write_shard(path, made)


if __name__ == "__main__":
    main()
