"""Training batches: pictures cut, scaled, mixed, darkened and blurred, with their boxes following.

All randomness of a batch comes from one seed, so a resumed run sees the batches an unbroken run would see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import torch

from models.data.records import ANY_CLASS, array
from models.rare_paste import paste

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.data.records import Record
    from models.rare_paste import CutOut

GREY: Final = 114
"""Padding value, as at inference."""

MIN_SIDE_PX: Final = 3.0
"""A box thinner than this on the canvas is hidden instead of taught."""

TILE_ZOOM: Final = 1.4
"""Pictures in a mosaic are larger than their tiles by this factor, so that most of a tile is filled."""

MIN_VISIBLE: Final = 0.35
"""A box cut below this share of its area is hidden instead of taught."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How strongly pictures are changed.

    Attributes:
        canvases: (height, width) of batches, drawn per batch; multiples of 32.
        mosaic: chance that a sample is put together from four pictures.
        zoom: range of the scale relative to fitting the picture into the canvas.
        hue, saturation, value: relative jitter.
        night: chance of a strong darkening.
        spoil: chance of blur, noise or JPEG damage.
        paste: mean number of rare objects set into a sample.
    """

    canvases: tuple[tuple[int, int], ...]
    mosaic: float
    zoom: tuple[float, float]
    hue: float
    saturation: float
    value: float
    night: float
    spoil: float
    paste: float = 0.0


def load_picture(path: str, long_side: int) -> NDArray[np.uint8]:
    """BGR picture whose long side is at most `long_side`."""
    picture = cv2.imread(path)
    if picture is None:
        message = f"{path} is no picture"
        raise ValueError(message)
    scale = long_side / max(picture.shape[:2])
    if scale < 1.0:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(picture, np.uint8)


class Batches:
    """A map-style data set: the batches of one epoch, each drawn from its own seed."""

    def __init__(
        self,
        records: Sequence[Record],
        cache: dict[str, NDArray[np.uint8]],
        order: NDArray[np.intp],
        batch: int,
        augmentation: Augmentation,
        seed: int,
        pool: Sequence[CutOut] = (),
    ) -> None:
        self.pool = pool
        self.records = records
        self.cache = cache
        self.order = order
        self.batch = batch
        self.augmentation = augmentation
        self.seed = seed

    def __len__(self) -> int:
        return len(self.order) // self.batch

    def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
        if number >= len(self):
            raise IndexError(number)
        rng = np.random.default_rng((self.seed, number))
        canvases = self.augmentation.canvases
        height, width = canvases[int(rng.integers(len(canvases)))]
        members = self.order[number * self.batch : (number + 1) * self.batch]
        pictures, boxes, ignores = [], [], []
        for position, member in enumerate(members):
            picture, box, ignore = self._sample(int(member), height, width, rng)
            pictures.append(picture)
            boxes.append(np.insert(box, 0, position, axis=1))
            ignores.append(np.insert(ignore, 0, position, axis=1))
        return collate(np.stack(pictures), np.concatenate(boxes), np.concatenate(ignores))

    def _sample(
        self, member: int, height: int, width: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
        setting = self.augmentation
        canvas = np.full((height, width, 3), GREY, np.uint8)
        if rng.random() < setting.mosaic:
            others = rng.integers(len(self.order), size=3)
            members = [member, *(int(self.order[index]) for index in others)]
            cut_x = round(width * rng.uniform(0.3, 0.7))
            cut_y = round(height * rng.uniform(0.3, 0.7))
            tiles = [
                (0, 0, cut_x, cut_y),
                (cut_x, 0, width, cut_y),
                (0, cut_y, cut_x, height),
                (cut_x, cut_y, width, height),
            ]
            tile_zoom = (setting.zoom[0] * TILE_ZOOM, setting.zoom[1] * TILE_ZOOM)
            parts = [
                self._place(canvas, tile, index, rng, tile_zoom) for tile, index in zip(tiles, members, strict=True)
            ]
        else:
            parts = [self._place(canvas, (0, 0, width, height), member, rng, setting.zoom)]
        boxes = np.concatenate([part[0] for part in parts])
        ignore = np.concatenate([part[1] for part in parts])
        for _ in range(int(rng.poisson(setting.paste)) if setting.paste and self.pool else 0):
            boxes, ignore = paste(canvas, boxes, ignore, self.pool, rng)
        return recolour(canvas, setting, rng), boxes, ignore

    def _place(
        self,
        canvas: NDArray[np.uint8],
        tile: tuple[int, int, int, int],
        member: int,
        rng: np.random.Generator,
        zoom: tuple[float, float],
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Draw one record into a tile of the canvas; returns its boxes and ignore regions on the canvas."""
        record = self.records[member]
        picture = self.cache[record.file]
        x1, y1, x2, y2 = tile
        stored_h, stored_w = picture.shape[:2]
        fit = min((x2 - x1) / stored_w, (y2 - y1) / stored_h)
        scale = fit * float(np.exp(rng.uniform(np.log(zoom[0]), np.log(zoom[1]))))
        stretch = float(rng.uniform(0.92, 1.08))
        scale_x, scale_y = scale * stretch, scale / stretch
        free_x = (x2 - x1) - stored_w * scale_x
        free_y = (y2 - y1) - stored_h * scale_y
        move_x = x1 + free_x * rng.random()
        move_y = y1 + free_y * rng.random()
        flip = rng.random() < 0.5
        if flip:
            matrix = np.array([[-scale_x, 0, move_x + stored_w * scale_x], [0, scale_y, move_y]])
        else:
            matrix = np.array([[scale_x, 0, move_x], [0, scale_y, move_y]])
        local = matrix.copy()
        local[:, 2] -= (x1, y1)
        if scale < 0.6:  # warpAffine does not average, so shrink first
            picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
            local[:, 0] *= stored_w / picture.shape[1]
            local[:, 1] *= stored_h / picture.shape[0]
        canvas[y1:y2, x1:x2] = cv2.warpAffine(
            picture, local, (x2 - x1, y2 - y1), flags=cv2.INTER_LINEAR, borderValue=(GREY, GREY, GREY)
        )
        to_stored = stored_w / record.width
        boxes = _move(record.boxes, matrix, to_stored)
        ignore = _move(record.ignore, matrix, to_stored)
        return _clip(boxes, ignore, tile)


def _move(boxes: NDArray[np.float32], matrix: NDArray[np.float64], to_stored: float) -> NDArray[np.float32]:
    out = boxes.copy()
    xs = boxes[:, [1, 3]] * to_stored * matrix[0, 0] + matrix[0, 2]
    ys = boxes[:, [2, 4]] * to_stored * matrix[1, 1] + matrix[1, 2]
    out[:, [1, 3]] = np.sort(xs, axis=1)
    out[:, [2, 4]] = np.sort(ys, axis=1)
    return out


def _clip(
    boxes: NDArray[np.float32], ignore: NDArray[np.float32], tile: tuple[int, int, int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cut boxes at the tile; those left too thin or too little visible become ignore regions of their class."""
    x1, y1, x2, y2 = tile

    def cut(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        out = rows.copy()
        out[:, [1, 3]] = out[:, [1, 3]].clip(x1, x2)
        out[:, [2, 4]] = out[:, [2, 4]].clip(y1, y2)
        return out

    def area(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray((rows[:, 3] - rows[:, 1]) * (rows[:, 4] - rows[:, 2]), np.float32)

    after = cut(boxes)
    share = area(after) / np.maximum(area(boxes), 1e-6)
    thin = np.minimum(after[:, 3] - after[:, 1], after[:, 4] - after[:, 2]) < MIN_SIDE_PX
    taught = ~thin & (share >= MIN_VISIBLE)
    hidden = cut(ignore)
    hidden = np.concatenate([hidden[area(hidden) > 0], after[~taught & (area(after) > 0)]])
    return after[taught], array(hidden)


def recolour(picture: NDArray[np.uint8], setting: Augmentation, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Change light and quality of a BGR picture."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
    hue, saturation, value = rng.uniform(-1, 1, 3) * (setting.hue, setting.saturation, setting.value) + 1
    levels = np.arange(256, dtype=np.float32)
    gain = value * (rng.uniform(0.25, 0.6) if rng.random() < setting.night else 1.0)
    tables = (levels * hue % 180, np.clip(levels * saturation, 0, 255), np.clip(levels * gain, 0, 255))
    planes = [cv2.LUT(plane, table.astype(np.uint8)) for plane, table in zip(cv2.split(hsv), tables, strict=True)]
    out = cv2.cvtColor(cv2.merge(planes), cv2.COLOR_HSV2BGR)
    if rng.random() < 0.03:
        out = cv2.cvtColor(cv2.cvtColor(out, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    if rng.random() < setting.spoil:
        kind = int(rng.integers(3))
        if kind == 0:
            out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.5, 1.6)))
        elif kind == 1:
            noise = rng.normal(0, rng.uniform(3, 12), out.shape)
            out = np.clip(out + noise, 0, 255).astype(np.uint8)
        else:
            quality = int(rng.integers(25, 70))
            _, code = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])
            out = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(out, np.uint8)


def collate(
    pictures: NDArray[np.uint8], boxes: NDArray[np.float32], ignore: NDArray[np.float32]
) -> dict[str, torch.Tensor]:
    """Batch in the form of Ultralytics' loss, plus ``ignore`` [k, 6]: position, class, x1, y1, x2, y2 in pixels.

    Args:
        pictures: uint8 [B, H, W, 3] BGR.
        boxes: float32 [n, 6]: position in the batch, class, x1, y1, x2, y2 in pixels.
        ignore: the same for ignore regions.
    """
    height, width = pictures.shape[1:3]
    size = np.array([width, height, width, height], np.float32)
    corners = boxes[:, 2:] / size
    centres = np.concatenate([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]], axis=1)
    rgb = np.ascontiguousarray(pictures[..., ::-1].transpose(0, 3, 1, 2))
    return {
        "img": torch.from_numpy(rgb),
        "batch_idx": torch.from_numpy(boxes[:, 0].astype(np.float32)),
        "cls": torch.from_numpy(boxes[:, 1:2].astype(np.float32)),
        "bboxes": torch.from_numpy(centres.astype(np.float32)),
        "ignore": torch.from_numpy(ignore.astype(np.float32)),
    }


def ignore_weight(ignore: torch.Tensor, centres: torch.Tensor, batch: int, classes: int) -> torch.Tensor:
    """1 where the classification loss counts, 0 inside ignore regions: float [B, anchors, classes].

    Args:
        ignore: [k, 6] as in `collate`.
        centres: anchor centres in pixels, [anchors, 2].
        batch: number of pictures B.
        classes: number of classes.
    """
    weight = torch.ones(batch, len(centres), classes)
    for row in ignore:
        position, class_id = int(row[0]), int(row[1])
        inside = (
            (centres[:, 0] >= row[2])
            & (centres[:, 0] <= row[4])
            & (centres[:, 1] >= row[3])
            & (centres[:, 1] <= row[5])
        )
        if class_id == ANY_CLASS:
            weight[position, inside] = 0.0
        else:
            weight[position, inside, class_id] = 0.0
    return weight
