"""Train the attribute network: ``.venv-train/bin/python -m models.attributes.train``.

It learns from what the teacher says of photographed vehicles and from rendered ones whose kind and paint are known.
Where darkness hides a paint the colour to learn is `unknown`; the teacher says black there. Pictures kept out of the
training (`dev`) chose everything.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
import torch

from models.attributes.crops import KEPT
from models.attributes.cutting import CROP, EDGE
from models.attributes.network import AttributeNetwork
from models.crop_training import tensor_of, train_averaged
from vision.attributes import COLOURS, KINDS, UNKNOWN
from vision.classes import BUS, CAR, TRUCK

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Floats = NDArray[np.float32]

log = logging.getLogger("models.attributes.train")

SIZE: Final = (72, 72)
STEPS: Final = 1400
ON_STEPS: Final = 1000
"""Steps of the second part,"""
ON_SHARE: Final = 0.7
"""and its learning rate as a share of the first part's."""
EVENNESS: Final = 0.5
"""Power of a name's frequency by which rare ones are shown oftener in the first part."""
BATCH: Final = 64
RATE: Final = 3e-3
DRAWN_SHARE: Final = 0.25
HIDDEN_SHARE: Final = 0.025
"""Crops darkened until their paint is gone, and as many turned grey."""
ALLOWED: Final = {CAR: ("car", "van"), BUS: ("bus", "van"), TRUCK: ("truck", "van")}
"""Kinds that a box of a road class may be: classes were judged by eye, the teacher only tells vans from the rest."""
LEAST_COLOUR: Final = 0.55
"""Share from which the teacher's colour is believed."""
SMOOTHING: Final = 0.03
UNKNOWN_SHARE: Final = 0.25
"""How often a rendered vehicle whose paint cannot be seen comes beside one whose paint can."""
LEAST_VAN: Final = 0.85
"""Share from which the teacher's van is believed."""
DARK: Final = 38.0
"""Median brightness of the middle of a crop, of 255, below which a shining lamp makes its paint unknowable."""
LAMP: Final = 235.0
"""Brightness from which something shines, reached by a hundredth of the crop."""


AXES: Final = {"red": (-0.5, -0.5, 1), "yellow": (-1, 0.5, 0.5), "green": (-0.5, 1, -0.5), "blue": (1, -0.5, -0.5)}
"""Direction of each colour among blue, green and red."""
LEAST_TINT: Final = 16.0
"""How far the middle of a crop must lie along its colour beyond its edge, of 255."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """Crops and what to learn of them.

    Attributes:
        crop: uint8 [N, 96, 96, 3] BGR.
        kind, colour: float32 [N, 4] and [N, 8], summing to 1, or to 0 where nothing is to be learned.
        drawn: bool [N].
    """

    crop: Picture
    kind: Floats
    colour: Floats
    drawn: NDArray[np.bool_]


def is_dark(crop: Picture) -> bool:
    """Whether a vehicle is a silhouette behind its own lamps, or lost in the night."""
    value = crop[EDGE:-EDGE, EDGE:-EDGE].max(axis=2)
    inner = value[20:60, 12:68]
    middle = float(np.median(inner))
    return middle < DARK / 2 or (middle < 2 * DARK and float(np.percentile(value, 99)) >= LAMP and _shines(value))


def _shines(value: Picture) -> bool:
    """Whether lamps outshine a dark body: bright spots in the lower half of a crop whose middle half is dim."""
    low = value[40:]
    return float((low >= LAMP).mean()) > 0.01 and float(np.percentile(value[24:60], 60)) < 2 * DARK


def photographed(*, dev: bool) -> Lessons:
    """Photographed vehicles with the teacher's words, those for training or those kept out."""
    with np.load(KEPT / "crops.npz") as kept:
        mine = kept["dev"] == dev
        crop, kind, colour = kept["crop"][mine], kept["kind"][mine], kept["colour"][mine]
        classes = kept["class_id"][mine]
    colours = np.concatenate([colour, np.zeros((len(colour), 1), np.float32)], axis=1)
    for row in range(len(crop)):
        kind[row] = _kind_of(kind[row], int(classes[row]))
        if is_dark(crop[row]):
            colours[row] = np.eye(len(COLOURS), dtype=np.float32)[COLOURS.index(UNKNOWN)]
        else:
            best = int(colours[row].argmax())
            believed = colours[row, best] >= LEAST_COLOUR and is_tinted(crop[row], COLOURS[best])
            colours[row] = 0
            colours[row, best] = believed
    return Lessons(crop, kind, colours, np.zeros(len(crop), np.bool_))


def _kind_of(teacher: Floats, class_id: int) -> Floats:
    """Shares of the kinds for what the teacher says of a box of a road class."""
    first, van = (KINDS.index(name) for name in ALLOWED[class_id])
    share = float(teacher[van])
    kind = np.zeros(len(KINDS), np.float32)
    if share >= LEAST_VAN:
        kind[van] = 1
    elif share < 0.5:
        kind[first] = 1
    return kind


def is_tinted(crop: Picture, colour: str) -> bool:
    """Whether a crop's middle is of that colour beside its surroundings: the teacher takes a tinted picture for one.

    White, grey and black always pass.
    """
    if colour not in AXES:
        return True
    along = crop.astype(np.float32) @ np.array(AXES[colour], np.float32)
    around = np.concatenate([along[:6].ravel(), along[-6:].ravel(), along[:, :6].ravel(), along[:, -6:].ravel()])
    return float(np.percentile(along[24:72, 20:76], 70)) - float(np.median(around)) >= LEAST_TINT


def rendered() -> Lessons:
    """Rendered vehicles with their exact kind and paint."""
    with np.load(KEPT / "rendered.npz") as kept:
        crop, label = kept["crop"], kept["label"].astype(int)
    kinds = np.eye(len(KINDS), dtype=np.float32)[label[:, 0]]
    colours = np.eye(len(COLOURS), dtype=np.float32)[label[:, 1]] * (label[:, 1:2] >= 0).astype(np.float32)
    return Lessons(crop, kinds, colours, np.ones(len(crop), np.bool_))


class Sampler:
    """Endless batches: rare kinds and colours come oftener than they are."""

    def __init__(self, parts: list[Lessons], seed: int, evenness: float) -> None:
        self._rng = np.random.default_rng(seed)
        self._crop = np.concatenate([part.crop for part in parts])
        self._kind = np.concatenate([part.kind for part in parts])
        self._colour = np.concatenate([part.colour for part in parts])
        drawn = np.concatenate([part.drawn for part in parts])
        weight = np.zeros(len(drawn))
        for shares in (self._kind, self._colour):
            frequency = shares.sum(axis=0) + 1
            weight += shares @ frequency**-evenness
        weight[drawn & (self._colour[:, COLOURS.index(UNKNOWN)] > 0)] *= UNKNOWN_SHARE
        for group, share in ((drawn, DRAWN_SHARE), (~drawn, 1 - DRAWN_SHARE)):
            if group.any():
                weight[group] *= share / weight[group].sum()
        self._rising = np.cumsum(weight)

    def batch(self, n: int) -> tuple[Picture, Floats, Floats]:
        """Crops uint8 [n, 72, 72, 3] and the shares to learn."""
        rows = np.searchsorted(self._rising, self._rng.uniform(0, self._rising[-1], n)).clip(0, len(self._crop) - 1)
        kind, colour = self._kind[rows], self._colour[rows].copy()
        made = []
        for place, row in enumerate(rows):
            crop, hidden = self._seen(self._crop[row])
            if hidden:
                colour[place] = np.eye(len(COLOURS), dtype=np.float32)[COLOURS.index(UNKNOWN)]
            made.append(crop)
        return np.stack(made), kind, colour

    def _seen(self, crop: Picture) -> tuple[Picture, bool]:
        """A crop as another box and another camera would show it, and whether its paint is gone."""
        rng = self._rng
        inner = CROP - 2 * EDGE
        low = EDGE + rng.uniform(-0.07, 0.07, 2) * inner
        side = inner * rng.uniform(0.92, 1.1, 2)
        across, down = side * (1, 0), side * (0, 1)
        source = np.array([low, low + across, low + down], np.float32)
        target = np.array([[0, 0], [SIZE[0], 0], [0, SIZE[1]]], np.float32)
        picture = cv2.warpAffine(crop, cv2.getAffineTransform(source, target), SIZE, borderMode=cv2.BORDER_REPLICATE)
        if rng.uniform() < 0.5:
            picture = picture[:, ::-1]
        if rng.uniform() < 0.35:
            coarse = int(rng.integers(14, 50))
            picture = cv2.resize(cv2.resize(picture, (coarse, coarse), interpolation=cv2.INTER_AREA), SIZE)
        shown: NDArray[Any] = picture.astype(np.float32) * (
            rng.uniform(0.75, 1.25) * rng.uniform(0.94, 1.06, 3)
        ).astype(np.float32)
        shown += rng.uniform(-14, 14)
        if rng.uniform() < 0.4:
            shown += rng.normal(0, rng.uniform(1, 9), shown.shape)
        if rng.uniform() < 0.04:  # speckled pictures
            shown[rng.uniform(size=SIZE) < 0.05] = 255
        draw = rng.uniform()
        if draw < HIDDEN_SHARE:
            shown = shown * rng.uniform(0, 0.12) + rng.uniform(0, 8) + rng.normal(0, rng.uniform(0, 4), shown.shape)
        elif draw < 2 * HIDDEN_SHARE:
            shown = np.repeat(shown.mean(axis=2, keepdims=True), 3, axis=2) + rng.normal(0, 1.0, 3)
        return np.clip(shown, 0, 255).astype(np.uint8), bool(draw < 2 * HIDDEN_SHARE)


def _loss(logits: torch.Tensor, shares: Floats) -> torch.Tensor:
    """Cross entropy with soft labels; rows that sum to 0 do not count."""
    wanted = torch.from_numpy(shares)
    wanted = wanted * (1 - SMOOTHING) + wanted.sum(dim=1, keepdim=True) * SMOOTHING / wanted.shape[1]
    each = -(wanted * torch.log_softmax(logits, dim=1)).sum(dim=1)
    return each.sum() / wanted.sum().clamp(min=1)


def train(parts: list[Lessons], steps: int, seed: int, start: Path | None = None) -> AttributeNetwork:
    """A network trained on these lessons.

    Args:
        parts: the lessons.
        steps: of the optimiser.
        seed: of the start and the draws.
        start: weights to go on from, more gently and with rare names coming as often as common ones.
    """
    torch.manual_seed(seed)
    sampler = Sampler(parts, seed, EVENNESS if start is None else 1.0)

    def loss(network: AttributeNetwork) -> torch.Tensor:
        crops, kinds, colours = sampler.batch(BATCH)
        said_kinds, said_colours = network(tensor_of(crops))
        return _loss(said_kinds, kinds) + _loss(said_colours, colours)

    rate = RATE if start is None else RATE * ON_SHARE
    return train_averaged(AttributeNetwork(len(KINDS), len(COLOURS)), loss, steps, rate, start)


def agreement(network: AttributeNetwork, dev: Lessons) -> None:
    """Log how often the network agrees with the lessons kept out, by the share it gives its own word."""
    inner = dev.crop[:, EDGE:-EDGE, EDGE:-EDGE]
    small = np.stack([cv2.resize(crop, SIZE, interpolation=cv2.INTER_AREA) for crop in inner])
    with torch.no_grad():
        said = [torch.softmax(logits, dim=1).numpy() for logits in network(tensor_of(small))]
    for name, shares, lessons in (("kind", said[0], dev.kind), ("colour", said[1], dev.colour)):
        judged = lessons.sum(axis=1) > 0
        same = shares.argmax(axis=1) == lessons.argmax(axis=1)
        sure = shares.max(axis=1)
        for index in np.flatnonzero(lessons.sum(axis=0) > 3):
            mine = judged & (lessons.argmax(axis=1) == index)
            log.info("%s %d: the same %.3f of %d", name, index, same[mine].mean(), mine.sum())
        for least in (0.0, 0.4, 0.5, 0.6, 0.7):
            counted = judged & (sure >= least)
            log.info(
                "%s, share at least %.1f: %d of %d, the same %.3f", name, least, counted.sum(), judged.sum(),
                same[counted].mean(),
            )  # fmt: skip


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--on", action="store_true", help="the second part, from the weights of the first")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    lessons = [photographed(dev=False), rendered()]
    path = KEPT / "trained.pt"
    steps, seed = (ON_STEPS, given.seed + 1) if given.on else (given.steps, given.seed)
    network = train(lessons, steps, seed, path if given.on else None)
    agreement(network, photographed(dev=True))
    torch.save(network.state_dict(), path)


if __name__ == "__main__":
    main()
