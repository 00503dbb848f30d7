"""Looking for what has to be masked in a picture, and masking it for good.

A mask is filled with one colour: nothing of what was there is left to be worked out. The detectors look harder here
than the pipeline does, on a larger picture and down to finds that are rather none than one, because a mask too many
costs nothing and one too few shows a face.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from evidence.masks import Box, Masked, masks_of
from vision.classes import BICYCLE, BUS, CAR, MOTORCYCLE, PERSON, TRUCK, VEHICLE_IDS
from vision.nms import suppress
from vision.plate_finder import LEAST_READ_PX, Reader
from vision.plate_vote import distance
from vision.plate_window import Window, window
from vision.types import Detections

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

FILL: Final = (96, 96, 96)
"""Colour of a mask, BGR: grey, so that it is seen as a mask on a bright and on a dark picture."""
TILE_PX: Final = 1000
"""Long side of a part of the picture that a detector looks at, pixels: larger ones are looked at part by part too."""
TILE_OVERLAP: Final = 0.2
"""Of a part's side with the next, so that nothing is cut in both."""
LEAST: Final = {PERSON: 0.05, BICYCLE: 0.10, MOTORCYCLE: 0.10, CAR: 0.25, BUS: 0.25, TRUCK: 0.25}
"""Calibrated score from which a road user counts; 0.5 is what the pipeline asks. A vehicle whose windows let somebody
be made out is large and found with more than this; a person may be small and half hidden."""
PLATE_SIDE: Final = 1280
"""Long side of the plate finder's input for a part of the picture, pixels, as far as its card allows."""
PLATE_LEAST: Final = 0.10
"""Calibrated score from which a plate counts."""
LOOK_SIDE: Final = 320
"""Long side of the plate finder's input for one vehicle, pixels."""
LOOK_PX: Final = 64.0
"""Narrower vehicles get no look of their own: their plate has some 15 pixels."""
MOST_LOOKS: Final = 24
"""Looks at single vehicles in one picture at most, the widest first."""
SAME: Final = 0.6
"""Finds of one thing overlap by so much (IoU)."""


MOST_READ: Final = 12
"""Plates read in one picture at most, the likeliest first."""
MISREAD: Final = 1
"""Signs in which a reading may differ from the subject's plate and still be it."""


class Finder(Protocol):
    """Finds things in a picture, as `vision.detector.Detector`."""

    def detect(self, picture: Picture, min_score: float, long_side: int | None = None) -> Detections:
        """Detections, strongest first."""


class Masker:
    """Finds what has to be masked. Not for use by two threads at once."""

    def __init__(self, road: Finder, plates: Finder, reader: Reader | None = None) -> None:
        """Use these detectors.

        Args:
            road: finds road users, classes as ROAD_CLASSES.
            plates: finds number plates.
            reader: reads them, to tell the subject's from others'; None goes by boxes alone.
        """
        self._road, self._plates, self._reader = road, plates, reader

    def look(
        self, picture: Picture, subject: Box | None = None, *, keep_plate: bool = True, plate: str | None = None
    ) -> Masked:
        """What is to be masked in a picture uint8 [H, W, 3], BGR.

        Args:
            picture: as decoded.
            subject: box of the vehicle the case is about, pixels; its plate stays.
            keep_plate: False masks the subject's plate too.
            plate: the subject's plate, where it is to be told by reading: a device's picture has no track.
        """
        height, width = picture.shape[:2]
        parts = tiles(width, height)
        found = _counting(_merged(_part(self._road, picture, part, min(LEAST.values())) for part in parts))
        looks = [_part(self._plates, picture, part, PLATE_LEAST, PLATE_SIDE) for part in parts]
        plates = _merged((*looks, *self._vehicles(picture, found)))
        read = self._read(picture, plates, plate) if plate and keep_plate else None
        return masks_of(found, plates, (width, height), subject, keep_plate=keep_plate, read=read)

    def _read(self, picture: Picture, plates: Detections, wanted: str) -> Box | None:
        """The found plate that reads as the subject's, or all but; None where none does."""
        wide = np.flatnonzero(plates.box[:, 2] - plates.box[:, 0] >= LEAST_READ_PX)[:MOST_READ]
        if self._reader is None or not len(wide):
            return None
        readings = self._reader.read(picture, plates.box[wide])
        near = [(distance(one.text, wanted), place) for one, place in zip(readings, wide, strict=True)]
        errors, best = min(near)
        x1, y1, x2, y2 = (float(value) for value in plates.box[best])
        return (x1, y1, x2, y2) if errors <= MISREAD else None

    def _vehicles(self, picture: Picture, found: Detections) -> Iterable[Detections]:
        """Plates found in a look at each vehicle by itself."""
        height, width = picture.shape[:2]
        wide = found.box[:, 2] - found.box[:, 0]
        order = [i for i in np.argsort(-wide) if int(found.class_id[i]) in VEHICLE_IDS and wide[i] >= LOOK_PX]
        for i in order[:MOST_LOOKS]:
            part = window([float(value) for value in found.box[i]], width, height)
            if part is not None:
                yield _part(self._plates, picture, part, PLATE_LEAST, LOOK_SIDE)


def fill(picture: Picture, masked: Masked) -> Picture:
    """A copy of a picture with its masks filled."""
    out = picture.copy()
    for left, top, right, bottom in masked.rectangles:
        out[top:bottom, left:right] = FILL
    return out


def _counting(found: Detections) -> Detections:
    """Those whose score is enough for their class."""
    least = np.array([LEAST[kind] for kind in range(len(LEAST))])
    return found.where(found.score >= least[found.class_id])


def tiles(width: int, height: int) -> list[Window]:
    """The whole picture, and where it is large the overlapping parts of it."""
    found = [Window(0, 0, width, height)]
    across, down = _starts(width), _starts(height)
    if len(across) * len(down) > 1:
        found += [Window(x, y, min(width, x + TILE_PX), min(height, y + TILE_PX)) for y in down for x in across]
    return found


def _starts(side: int) -> list[int]:
    """Where parts begin along a side."""
    if side <= TILE_PX:
        return [0]
    count = math.ceil((side - TILE_PX) / (TILE_PX * (1 - TILE_OVERLAP))) + 1
    return [round(i * (side - TILE_PX) / (count - 1)) for i in range(count)]


def _part(finder: Finder, picture: Picture, part: Window, least: float, long_side: int | None = None) -> Detections:
    seen = finder.detect(np.ascontiguousarray(part.cut(picture)), least, long_side)
    return Detections(part.to_picture(seen.box), seen.score, seen.class_id)


def _merged(looks: Iterable[Detections]) -> Detections:
    """Finds of several looks as one, strongest first; what two of them found stands once."""
    all_looks = list(looks)
    if not all_looks:
        return Detections.empty()
    box = np.concatenate([one.box for one in all_looks])
    score = np.concatenate([one.score for one in all_looks])
    kind = np.concatenate([one.class_id for one in all_looks])
    order = np.argsort(-score, kind="stable")
    box, score, kind = box[order], score[order], kind[order]
    kept = suppress(box, kind, SAME, ())
    return Detections(box[kept], score[kept], kind[kept])
