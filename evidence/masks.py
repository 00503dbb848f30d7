"""Where a picture that leaves is masked: pure geometry over what was found in it.

What is masked: the head half of every person, the windows of every vehicle, every plate but the subject's. A box may be
too tight and a find may be missing, so the masks are wider than what they hide, a rider is looked for on every machine,
and a vehicle near enough to read its plate loses its whole lower part where no plate was found on it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import BICYCLE, BUS, CAR, MOTORCYCLE, PERSON, TRUCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.types import Detections

    Boxes = NDArray[np.float32]

Box = tuple[float, float, float, float]
Rectangle = tuple[int, int, int, int]

HEAD: Final = 0.5
"""Share of a person's height, from the top, that is masked."""
PERSON_MARGIN: Final = (0.15, 0.15)
"""Of a person's width on each side, and of its height above."""
RIDER: Final = (0.10, 0.60, 0.60)
"""Of a machine's box: its width on each side, its height above (a rider who was not found sits there), and how far
down."""
WINDOWS: Final = {CAR: 0.55, BUS: 0.80, TRUCK: 0.70}
"""Share of a vehicle's height, from the top, in which its windows lie, from whichever side it is seen."""
WINDOW_MARGIN: Final = 0.04
"""Of a vehicle's width and height on each side."""
PLATE_MARGIN: Final = (0.25, 0.35)
"""Of a plate's width and height on each side."""
PLATE_LEAST_PX: Final = 3.0
"""Around a plate at least, pixels: half the step of a finder that looks at a smaller picture."""
NEAR_PX: Final = 96.0
"""A vehicle so wide may bear a plate of some 24 pixels, of which a reader could make something."""
LOWER: Final = 0.42
"""From here down a vehicle bears its plates, share of its height."""
KEPT_MARGIN: Final = (0.06, 0.10)
"""Of the subject's plate: so much around it stays too."""
OWN: Final = 0.3
"""Two finds of one plate overlap by so much (IoU)."""
WITHIN: Final = 0.85
"""Of a box's area lies in another that holds it."""
SAME_VEHICLE: Final = 0.5
"""A found vehicle is the subject where their boxes overlap by so much (IoU)."""


@dataclass(frozen=True, slots=True)
class Masked:
    """The masks of one picture, whole pixels within it.

    Attributes:
        rectangles: x1, y1, x2, y2, the ends exclusive.
        people, windows, plates: how many finds of each are behind them.
        kept: the subject's plate, where it was found and stays.
        hole: the part of the picture that stays for it.
    """

    rectangles: tuple[Rectangle, ...]
    people: int
    windows: int
    plates: int
    kept: Box | None
    hole: Rectangle | None


def masks_of(
    found: Detections,
    plates: Detections,
    size: tuple[int, int],
    subject: Box | None,
    *,
    keep_plate: bool = True,
    read: Box | None = None,
) -> Masked:
    """Everything that is masked in a picture.

    Args:
        found: road users, classes as ROAD_CLASSES, pixels.
        plates: number plates, pixels.
        size: width and height of the picture.
        subject: box of the vehicle the case is about, None where it is not in this picture.
        keep_plate: whether the subject's plate stays to be seen.
        read: the plate that was read as the subject's; it goes before what the boxes say.
    """
    kept = (read or _own_plate(plates, found, subject)) if keep_plate else None
    always: list[Box] = []
    wanted: list[Box] = []
    people = panes = signs = 0
    for i in range(len(found)):
        box = _box(found.box[i])
        kind = int(found.class_id[i])
        if kind == PERSON:
            always.append(head(box))
            people += 1
        elif kind in (BICYCLE, MOTORCYCLE):
            wanted.append(rider(box))
            people += 1
        elif kind in WINDOWS:
            wanted.append(windows(box, kind))
            panes += 1
            own = keep_plate and subject is not None and overlap(box, subject) >= SAME_VEHICLE
            if not own and box[2] - box[0] >= NEAR_PX and not _bears(box, plates):
                wanted.append(lower(box))
    for i in range(len(plates)):
        plate = _box(plates.box[i])
        if kept is None or overlap(plate, kept) < OWN:
            always.append(_grown(plate, *PLATE_MARGIN, least=PLATE_LEAST_PX))
            signs += 1
    hole = None if kept is None else _within(_grown(kept, *KEPT_MARGIN, least=1.0), size)
    whole = [one for box in wanted if (one := _within(box, size)) is not None]
    rectangles = [one for box in always if (one := _within(box, size)) is not None]
    rectangles += [part for one in whole for part in (_around(one, hole) if hole else (one,))]
    return Masked(tuple(dict.fromkeys(rectangles)), people, panes, signs, kept, hole)


def together(here: Masked, near: Iterable[Masked]) -> tuple[Rectangle, ...]:
    """The masks of a picture and of those near it in time, but for what stays of this one."""
    others = [one for masked in near for one in masked.rectangles]
    around = [part for one in others for part in (_around(one, here.hole) if here.hole else (one,))]
    return tuple(dict.fromkeys((*here.rectangles, *around)))


def head(person: Box) -> Box:
    """The head half of a person, and some more."""
    x1, y1, x2, y2 = person
    side, above = PERSON_MARGIN[0] * (x2 - x1), PERSON_MARGIN[1] * (y2 - y1)
    return x1 - side, y1 - above, x2 + side, y1 + HEAD * (y2 - y1)


def rider(machine: Box) -> Box:
    """Where the head of whoever rides a machine can be, whether or not its box holds the rider."""
    x1, y1, x2, y2 = machine
    side, above, down = (share * span for share, span in zip(RIDER, (x2 - x1, y2 - y1, y2 - y1), strict=True))
    return x1 - side, y1 - above, x2 + side, y1 + down


def windows(vehicle: Box, kind: int) -> Box:
    """The part of a vehicle in which its windows lie."""
    x1, y1, x2, y2 = vehicle
    dx, dy = WINDOW_MARGIN * (x2 - x1), WINDOW_MARGIN * (y2 - y1)
    return x1 - dx, y1 - dy, x2 + dx, y1 + WINDOWS[kind] * (y2 - y1)


def lower(vehicle: Box) -> Box:
    """The part of a vehicle in which its plates are."""
    x1, y1, x2, y2 = vehicle
    dx, dy = WINDOW_MARGIN * (x2 - x1), WINDOW_MARGIN * (y2 - y1)
    return x1 - dx, y1 + LOWER * (y2 - y1), x2 + dx, y2 + dy


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def hidden(box: Box, rectangles: Iterable[Rectangle], size: tuple[int, int]) -> float:
    """Share of a box's area within the picture that masks cover; 1 for a box that is not in it."""
    whole = _within(box, size)
    if whole is None:
        return 1.0
    x1, y1, x2, y2 = whole
    covered = np.zeros((y2 - y1, x2 - x1), np.bool_)
    for left, top, right, bottom in rectangles:
        covered[max(0, top - y1) : max(0, bottom - y1), max(0, left - x1) : max(0, right - x1)] = True
    return float(covered.mean())


def _own_plate(plates: Detections, found: Detections, subject: Box | None) -> Box | None:
    """The plate in the lower part of the subject's box: one that is in no other vehicle's first, then the likeliest."""
    if subject is None:
        return None
    vehicles = [_box(found.box[i]) for i in range(len(found)) if int(found.class_id[i]) in WINDOWS]
    others = [box for box in vehicles if overlap(box, subject) < SAME_VEHICLE and not _holds(subject, box)]
    part = lower(subject)
    order = [_box(plates.box[i]) for i in np.argsort(-plates.score, kind="stable")]
    mine = [one for one in order if _inside(_middle(one), part) and one[2] - one[0] < subject[2] - subject[0]]
    alone = [one for one in mine if not any(_inside(_middle(one), lower(box)) for box in others)]
    return next(iter(alone or mine), None)


def _holds(outer: Box, inner: Box) -> bool:
    """Whether a box lies within another: a part of the vehicle that was taken for a vehicle."""
    width = min(outer[2], inner[2]) - max(outer[0], inner[0])
    height = min(outer[3], inner[3]) - max(outer[1], inner[1])
    area = (inner[2] - inner[0]) * (inner[3] - inner[1])
    return width > 0 and height > 0 and width * height >= WITHIN * area


def _around(one: Rectangle, hole: Rectangle) -> tuple[Rectangle, ...]:
    """What is left of a rectangle around a hole in it."""
    x1, y1, x2, y2 = one
    left, top, right, bottom = max(x1, hole[0]), max(y1, hole[1]), min(x2, hole[2]), min(y2, hole[3])
    if left >= right or top >= bottom:
        return (one,)
    parts = ((x1, y1, x2, top), (x1, bottom, x2, y2), (x1, top, left, bottom), (right, top, x2, bottom))
    return tuple(part for part in parts if part[2] > part[0] and part[3] > part[1])


def _bears(vehicle: Box, plates: Detections) -> bool:
    """Whether a plate was found on a vehicle."""
    return any(_inside(_middle(_box(box)), vehicle) for box in plates.box)


def _inside(point: tuple[float, float], box: Box) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _grown(box: Box, across: float, up: float, least: float) -> Box:
    dx, dy = max(least, across * (box[2] - box[0])), max(least, up * (box[3] - box[1]))
    return box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy


def _within(box: Sequence[float], size: tuple[int, int]) -> Rectangle | None:
    """Whole pixels of a box within the picture, None where nothing is left."""
    if not all(math.isfinite(value) for value in box):
        return None
    left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    right, bottom = min(size[0], math.ceil(box[2])), min(size[1], math.ceil(box[3]))
    return (left, top, right, bottom) if right > left and bottom > top else None


def _box(row: NDArray[np.float32]) -> Box:
    return float(row[0]), float(row[1]), float(row[2]), float(row[3])
