"""What stands before the ground and is no road user that the detector knows: a small model of the empty picture.

A few times a second the picture is made small and held against a learned mean and a learned trembling of each pixel.
Where a tracked road user is, nothing is learned and nothing is told. A light that changes everywhere is taken out by
its gain; a shadow is a pixel that grew darker but kept its colour. What is left is gathered into regions. A region
that shows fewer edges than the model has along its border is a thing that was taken away: the ground below is learned
at once. What stays for `ABSORB_S` becomes ground too, so that no mistake lasts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from vision.blobs import BlobWatch, Regions
from vision.shrink import shrunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.types import Blobs, Tracks

    Floats = NDArray[np.float32]
    Bytes = NDArray[np.uint8]
    Bools = NDArray[np.bool_]

EVERY_S: Final = 0.25
"""Seconds between two looks."""
WIDE: Final = 480
"""Width of the small picture: a thing of half a metre 30 m away is 7 pixels wide before a usual lens."""
KNOWN_LOOKS: Final = 8
"""A pixel is known once it was seen free so often; before, its ground is only learned."""
LEARN_S: Final = 15.0
"""Time constant of learning, seconds: dusk is followed, what walks by is not."""
LEAST: Final = 14
"""Gray levels that a pixel must differ at least..."""
TREMBLES: Final = 4.5
"""...and so many times its usual trembling."""
USUAL: Final = 2.0
"""Trembling that a pixel is taken to have at first, gray levels: sensor and codec."""
SHADE: Final = (0.5, 0.96)
"""Share of its brightness that a shadow leaves a pixel..."""
SHADE_HUE: Final = 0.035
"""...while its colour shares change by no more than this."""
ABSORB_S: Final = 180.0
"""What has rested so long belongs to the ground."""
FLOOD: Final = 0.35
"""Where a larger share of the known pixels differs, the light or the view has changed: all is learned anew."""
AROUND: Final = (0.22, 0.12, 3.0)
"""A road user's box is widened by these shares of its width and height and by so many small pixels."""
LEAST_AREA: Final = 9
"""Small pixels of a region."""
GONE_EDGES: Final = 1.25
"""A region along whose border the model has so many times the picture's edges is a thing taken away."""
LEAST_SAMPLE: Final = 50
"""Pixels from which the gain of the light is told,"""
DARK: Final = 12.0
"""with so much added, so that black says little,"""
GAIN: Final = (0.6, 1.6)
"""within these bounds;"""
SAME_LIGHT: Final = 0.01
"""below this change nothing is done."""
REGIONS_MOST: Final = 60
"""With more regions than these nothing can be said: rain on the lens, leaves in a storm."""


class Background:
    """The ground before one camera at one picture size; see the module's docstring.

    Args:
        width: of the picture, pixels.
        height: of the picture, pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        self._size = WIDE, max(2, round(WIDE * height / width))
        self._scale = width / self._size[0]
        shape = self._size[1], self._size[0]
        self._mean = np.zeros((*shape, 3), np.float32)
        self._model = np.zeros((*shape, 3), np.uint8)  # the mean, rounded
        self._trembles = np.full(shape, 3.0 * USUAL, np.float32)
        self._limit = np.zeros(shape, np.uint8)  # gray levels that a pixel must differ
        self._looks = np.zeros(shape, np.uint8)
        self._known = np.zeros(shape, np.uint8)
        self._watch = BlobWatch(self._scale)
        self._due_s = -np.inf
        self._last_s = 0.0

    def step(self, picture: NDArray[np.uint8], video_s: float, tracks: Tracks) -> Blobs | None:
        """Take one frame (uint8 [H, W, 3], BGR) and its road users; None for most frames, which are not looked at."""
        if video_s < self._due_s - EVERY_S / 4:
            return None
        passed = min(1.0, video_s - self._last_s) if np.isfinite(self._due_s) else EVERY_S
        self._due_s, self._last_s = video_s + EVERY_S, video_s
        now = shrunk(picture, self._size)
        covered = self._covered(tracks)
        free = np.asarray(cv2.subtract(self._known, covered), np.uint8)
        apart, differs = self._differs(now, self._gain(now, free))
        front = np.asarray(cv2.bitwise_and(differs, free), np.uint8)
        flooded = cv2.countNonZero(front) > FLOOD * max(1, cv2.countNonZero(free))
        regions = Regions.none() if flooded else self._regions(front)
        if len(regions) > REGIONS_MOST:
            regions = Regions.none()
        gone = self._gone(now, regions)
        blobs = self._watch.step(regions.where(~gone), video_s, covered, tracks)
        self._learn(now, apart, covered, front, 0.3 if flooded else passed / LEARN_S)
        self._take_in(now, regions, gone, self._watch.rested(ABSORB_S, video_s))
        return blobs

    def _covered(self, tracks: Tracks) -> Bytes:
        """Where road users are, with what they throw beside them: 255 there, uint8 [h, w]."""
        out = np.zeros(self._looks.shape, np.uint8)
        if tracks.seen.any():
            box = tracks.box[tracks.seen].astype(np.float64) / self._scale
            reach = np.array(AROUND[:2]) * (box[:, 2:] - box[:, :2]) + AROUND[2]
            low = np.floor(np.maximum(box[:, :2] - reach, 0)).astype(int)
            high = np.ceil(np.maximum(box[:, 2:] + reach, 0)).astype(int)
            for (x0, y0), (x1, y1) in zip(low.tolist(), high.tolist(), strict=True):
                out[y0:y1, x0:x1] = 255
        return out

    def _gain(self, now: Bytes, free: Bytes) -> float:
        """How much brighter the picture is than the model, by the median of a sample."""
        sample = free[::6, ::6] > 0
        if sample.sum() < LEAST_SAMPLE:
            return 1.0
        light = now[::6, ::6][sample].sum(axis=1, dtype=np.float32) + DARK
        return float(np.clip(np.median(light / (self._model[::6, ::6][sample].sum(axis=1) + DARK)), *GAIN))

    def _differs(self, now: Bytes, gain: float) -> tuple[Bytes, Bytes]:
        """Distance from the model, uint8 [h, w], and 255 where it is more than trembling and no shadow."""
        model = self._model if abs(gain - 1.0) < SAME_LIGHT else cv2.convertScaleAbs(self._model, alpha=gain)
        blue, green, red = cv2.split(cv2.absdiff(now, model))
        apart = np.asarray(cv2.max(cv2.max(blue, green), red), np.uint8)
        differs = np.asarray(cv2.compare(apart, self._limit, cv2.CMP_GT), np.uint8)
        rows, columns = np.nonzero(differs)
        if len(rows):
            ours, theirs = now[rows, columns] + np.float32(4.0), model[rows, columns] + np.float32(4.0)
            light, before = ours.sum(axis=1), theirs.sum(axis=1)
            ratio = light / before
            hue = np.abs(ours / light[:, None] - theirs / before[:, None]).max(axis=1)
            shade = (ratio >= SHADE[0]) & (ratio <= SHADE[1]) & (hue <= SHADE_HUE)
            differs[rows[shade], columns[shade]] = 0
        return apart, differs

    @staticmethod
    def _regions(front: Bytes) -> Regions:
        """Connected regions of what stands before the ground."""
        mask = cv2.morphologyEx(cv2.medianBlur(front, 3), cv2.MORPH_CLOSE, _BRIDGE)
        count, label, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        stats = stats[1:]
        area, large = stats[:, cv2.CC_STAT_AREA], stats[:, cv2.CC_STAT_AREA] >= LEAST_AREA
        low = stats[:, [cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP]]
        box = np.concatenate((low, low + stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]), axis=1)
        number = np.arange(1, count)
        return Regions(np.asarray(label), number[large], box[large].astype(np.float64), area[large].astype(np.float64))

    def _gone(self, now: Bytes, regions: Regions) -> Bools:
        """Which regions show where something was taken away, bool [N]; `regions.sharp` is told meanwhile."""
        out = np.zeros(len(regions), np.bool_)
        h, w = self._looks.shape
        for k, (number, box) in enumerate(zip(regions.number.tolist(), regions.box.astype(int).tolist(), strict=True)):
            x0, y0, x1, y1 = max(0, box[0] - 3), max(0, box[1] - 3), min(w, box[2] + 3), min(h, box[3] + 3)
            mask = (regions.label[y0:y1, x0:x1] == number).astype(np.uint8)
            rim = cv2.subtract(cv2.dilate(mask, _CROSS), cv2.erode(mask, _CROSS)) > 0
            regions.sharp[k] = float(_edges(now[y0:y1, x0:x1])[rim].mean())
            out[k] = float(_edges(self._model[y0:y1, x0:x1])[rim].mean()) > GONE_EDGES * regions.sharp[k]
        return out

    def _learn(self, now: Bytes, apart: Bytes, covered: Bytes, front: Bytes, share: float) -> None:
        """Take a look into the model where nothing stands before the ground."""
        steady = cv2.subtract(cv2.subtract(self._known, covered), front)
        cv2.accumulateWeighted(now, self._mean, share, steady)
        cv2.accumulateWeighted(np.minimum(apart, 25), self._trembles, share, steady)
        fresh = (self._known == 0) & (covered == 0)
        if fresh.any():
            self._looks[fresh] += 1
            self._mean[fresh] += (now[fresh] - self._mean[fresh]) / self._looks[fresh, None]
            self._known[self._looks >= KNOWN_LOOKS] = 255
        self._round()

    def _take_in(self, now: Bytes, regions: Regions, gone: Bools, rested: NDArray[np.float64]) -> None:
        """Learn at once the ground below what was taken away, and what has rested for long."""
        if not gone.any() and not len(rested):
            return
        where = np.zeros(self._looks.shape, np.bool_)
        if gone.any():
            where |= np.isin(regions.label, regions.number[gone])
        for x0, y0, x1, y1 in np.round(rested / self._scale).astype(int).tolist():
            where[y0:y1, x0:x1] = True
        self._mean[where] = now[where]
        self._round()

    def _round(self) -> None:
        self._model = np.asarray(cv2.convertScaleAbs(self._mean), np.uint8)
        self._limit = np.maximum(cv2.convertScaleAbs(self._trembles, alpha=TREMBLES), np.uint8(LEAST))


_BRIDGE: Final = np.ones((3, 5), np.uint8)
_CROSS: Final = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def _edges(part: Bytes) -> Floats:
    """Gradient magnitude of a part of the picture, gray levels a pixel."""
    gray = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    return np.asarray(
        cv2.magnitude(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)) / 8, np.float32
    )
