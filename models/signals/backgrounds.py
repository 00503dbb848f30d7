"""Patches of street pictures that show no signal head, to stand before and behind heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from models.signals.heads import read_picture

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

MOST_SIDE: Final = 140
"""Longest side of a patch, pixels."""


def background_patches(signals: Path, stems: Iterable[str], seed: int, each: int = 4) -> list[Picture]:
    """Patches of the pictures with these stems in the published training part, clear of every labelled head.

    Args:
        signals: folder of the set.
        stems: picture names without extension.
        seed: of the draw.
        each: patches tried a picture.
    """
    rng = np.random.default_rng(seed)
    patches = []
    for stem in sorted(set(stems)):
        _, picture = read_picture(signals, "train", stem)
        height, width = picture.shape[:2]
        rows = (signals / "train" / "labels" / f"{stem}.txt").read_text().splitlines()
        heads = np.array([[float(value) for value in row.split()[1:5]] for row in rows]) * (
            width,
            height,
            width,
            height,
        )
        for _ in range(each):
            w, h = (int(value) for value in rng.uniform(14, MOST_SIDE, 2))
            x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
            apart = (np.abs(heads[:, 0] - x - w / 2) > (heads[:, 2] + w) / 2 + 4) | (
                np.abs(heads[:, 1] - y - h / 2) > (heads[:, 3] + h) / 2 + 4
            )
            patch = picture[int(y) : int(y) + h, int(x) : int(x) + w]
            if apart.all() and patch.std() > 2:  # the corners of turned pictures are plain black
                patches.append(patch.copy())
    return patches
