"""Regions before the ground followed over time: since when each is there, whether it rests, whom it touched."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.types import Blobs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.types import Tracks

    Floats = NDArray[np.float64]

REACH: Final = (1.2, 5.0)
"""A region is the same as one this many of its sizes and small pixels away at the last look..."""
ALIKE: Final = 0.3
"""...if the smaller of the two areas is at least this share of the larger."""
STILL: Final = (0.25, 1.5)
"""It rests while middle and lower edge keep within so many sizes and small pixels of where they came to rest."""
FORGET_S: Final = 1.0
"""A region not seen for longer is gone,"""
HIDDEN_S: Final = 40.0
"""unless road users are before it: then only after so long."""
TOUCH: Final = (0.35, 3.0)
"""A road user touches a region whose middle is this near to its box, shares of the box's size and small pixels."""


@dataclass(slots=True)
class Regions:
    """Connected regions of one look, in small pixels.

    Attributes:
        label: int32 [h, w], the number of each pixel's region, 0 outside.
        number: int64 [N].
        box: float64 [N, 4].
        area: float64 [N].
        sharp: float64 [N], mean gradient along the border, gray levels a pixel.
    """

    label: NDArray[np.int32]
    number: NDArray[np.int64]
    box: Floats
    area: Floats
    sharp: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if len(self.sharp) != len(self.number):
            self.sharp = np.zeros(len(self.number))

    @staticmethod
    def none() -> Regions:
        """No region."""
        return Regions(np.zeros((0, 0), np.int32), np.zeros(0, np.int64), np.zeros((0, 4)), np.zeros(0))

    def __len__(self) -> int:
        return len(self.number)

    def where(self, keep: NDArray[np.bool_]) -> Regions:
        """Some of them."""
        return replace(self, number=self.number[keep], box=self.box[keep], area=self.area[keep],
                       sharp=self.sharp[keep])  # fmt: skip


@dataclass(slots=True)
class _Blob:
    id: int
    first: Floats
    box: Floats
    area: float
    sharp: float
    since_s: float
    last_s: float
    rest: Floats
    rest_s: float
    path: float
    touched_s: float
    looks: int = 1
    seen: bool = True


class BlobWatch:
    """Follows regions from look to look.

    Args:
        scale: picture pixels a small pixel.
    """

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._blobs: list[_Blob] = []
        self._next = 1

    def step(self, regions: Regions, video_s: float, covered: NDArray[np.uint8], tracks: Tracks) -> Blobs:
        """Take the regions of one look."""
        pairs = _paired([blob.box for blob in self._blobs], regions, [blob.area for blob in self._blobs])
        for blob in self._blobs:
            blob.seen = False
        taken = set()
        touched = _touched(regions.box, tracks, self._scale)
        for k, at in pairs:
            taken.add(k)
            _moved(self._blobs[at], regions, k, video_s)
            if touched[k]:
                self._blobs[at].touched_s = video_s
        for k in range(len(regions)):
            if k not in taken:
                box = regions.box[k]
                self._blobs.append(
                    _Blob(self._next, box, box, float(regions.area[k]), float(regions.sharp[k]), video_s, video_s, box,
                          video_s, 0.0, video_s if touched[k] else -np.inf)
                )  # fmt: skip
                self._next += 1
        self._blobs = [blob for blob in self._blobs if video_s - blob.last_s <= self._patience(blob, covered)]
        return self._told()

    def rested(self, seconds: float, video_s: float) -> Floats:
        """Boxes [N, 4] of what has rested for longer, in picture pixels; they are followed no more."""
        old = [blob for blob in self._blobs if blob.seen and video_s - blob.rest_s > seconds]
        self._blobs = [blob for blob in self._blobs if blob not in old]
        return np.array([blob.box * self._scale for blob in old]).reshape(-1, 4)

    @staticmethod
    def _patience(blob: _Blob, covered: NDArray[np.uint8]) -> float:
        x, y = ((blob.box[:2] + blob.box[2:]) / 2).astype(int)
        inside = 0 <= y < covered.shape[0] and 0 <= x < covered.shape[1]
        return HIDDEN_S if inside and covered[y, x] > 0 else FORGET_S

    def _told(self) -> Blobs:
        told = self._blobs
        return Blobs(
            np.array([blob.id for blob in told], np.int64),
            np.array([blob.box * self._scale for blob in told], np.float32).reshape(-1, 4),
            np.array([blob.first * self._scale for blob in told], np.float32).reshape(-1, 4),
            np.array([blob.seen for blob in told], np.bool_),
            np.array([blob.since_s for blob in told]),
            np.array([blob.rest_s for blob in told]),
            np.array([blob.touched_s for blob in told]),
            np.array([blob.area / max(1.0, _area(blob.box)) for blob in told], np.float32),
            np.array([blob.sharp for blob in told], np.float32),
        )


def _moved(blob: _Blob, regions: Regions, k: int, video_s: float) -> None:
    """The blob after one more look."""
    box = regions.box[k]
    tolerance = STILL[0] * _size(blob.rest) + STILL[1]
    if np.abs(_points(box) - _points(blob.rest)).max() > tolerance:
        blob.rest, blob.rest_s = box, video_s
    blob.path += float(np.abs(_points(box) - _points(blob.box)).max())
    blob.box, blob.area, blob.last_s, blob.seen = box, float(regions.area[k]), video_s, True
    blob.sharp += 0.3 * (float(regions.sharp[k]) - blob.sharp)
    blob.looks += 1


def _paired(boxes: list[Floats], regions: Regions, areas: list[float]) -> list[tuple[int, int]]:
    """Regions and blobs that are the same, the nearest pairs first."""
    if not boxes or not len(regions):
        return []
    old, new = np.array(boxes), regions.box
    size = np.array([_size(box) for box in boxes])
    apart = np.hypot(*np.moveaxis(_middles(new)[:, None] - _middles(old)[None], 2, 0))
    reach = REACH[0] * size + REACH[1]
    share = np.minimum(regions.area[:, None], np.array(areas)) / np.maximum(regions.area[:, None], np.array(areas))
    apart = np.where((apart <= reach) & (share >= ALIKE), apart / reach, np.inf)
    out: list[tuple[int, int]] = []
    while np.isfinite(apart).any():
        k, at = np.unravel_index(int(apart.argmin()), apart.shape)
        out.append((int(k), int(at)))
        apart[k], apart[:, at] = np.inf, np.inf
    return out


def _touched(box: Floats, tracks: Tracks, scale: float) -> NDArray[np.bool_]:
    """Whether the middle of each region lies in or near a road user's box, bool [N]."""
    if not len(box) or not len(tracks):
        return np.zeros(len(box), np.bool_)
    theirs = tracks.box.astype(np.float64) / scale
    reach = TOUCH[0] * (theirs[:, 2:] - theirs[:, :2]) + TOUCH[1]
    middle = _middles(box)[:, None]
    near = (middle >= theirs[:, :2] - reach) & (middle <= theirs[:, 2:] + reach)
    return np.asarray(np.any(np.all(near, axis=2), axis=1), np.bool_)


def _middles(box: Floats) -> Floats:
    return np.asarray((box[:, :2] + box[:, 2:]) / 2)


def _points(box: Floats) -> Floats:
    """Middle and lower edge of a box."""
    return np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2, box[3]])


def _size(box: Floats) -> float:
    return float(box[2] - box[0] + box[3] - box[1]) / 2


def _area(box: Floats) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))
