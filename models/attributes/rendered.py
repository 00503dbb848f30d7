"""Rendered vehicles with their exact kind and paint: ``.venv/bin/python -m models.attributes.rendered`` keeps them."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.attributes.cutting import cut
from models.data.places import CACHE
from vision.attributes import COLOURS, KINDS, UNKNOWN

if TYPE_CHECKING:
    from scenarios.fleet import Look

KEPT: Final = CACHE / "attributes"
COUNT: Final = 36
SEED: Final = 8101
KIND_OF: Final = {
    "sedan": "car", "hatch": "car", "wagon": "car", "suv": "car", "minivan": "car", "van": "van", "minibus": "van",
    "bus": "bus", "truck_box": "truck", "truck_tipper": "truck", "truck_semi": "truck",
}  # fmt: skip
ONE_PAINT: Final = frozenset({"sedan", "hatch", "wagon", "suv", "minivan", "van", "minibus"})
"""Kinds painted in one colour; of the others the load or the trim shows as much."""
LEAST_PX: Final = 20


def paint_name(paint: tuple[float, float, float]) -> str | None:
    """Name of a paint (linear b, g, r), None where it lies between names (beige)."""
    blue, green, red = (min(1.0, value) ** (1 / 2.2) for value in paint)
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    if saturation < 0.16:
        return "white" if value > 0.85 else "black" if value < 0.2 else "grey"
    if value < 0.17:
        return "black"
    degrees = 360 * hue
    for name, begin, end in (("yellow", 38, 65), ("green", 90, 170), ("blue", 190, 255)):
        if begin <= degrees < end and (name != "yellow" or saturation > 0.5):
            return name
    return "red" if degrees < 15 or degrees > 340 else None


def labels_of(look: Look, *, lit: bool, coloured: bool) -> tuple[int, int]:
    """Places of kind and colour among ours; the colour is -1 where it is not judged."""
    kind = KINDS.index(KIND_OF[look.kind])
    if not (lit and coloured):
        return kind, COLOURS.index(UNKNOWN)
    name = paint_name(look.paint) if look.kind in ONE_PAINT else None
    return kind, -1 if name is None else COLOURS.index(name)


def main() -> None:
    """Draw and keep."""
    from scenarios.vehicle_pictures import vehicle_pictures  # noqa: PLC0415  (needs the serving environment)

    cv2.setNumThreads(1)
    crops, rows = [], []
    for shown in vehicle_pictures(COUNT, SEED):
        for truth, look in shown.vehicles:
            x1, y1, x2, y2 = truth.box
            if look.kind in KIND_OF and min(x2 - x1, y2 - y1) >= LEAST_PX:
                crops.append(cut(shown.picture, truth.box))
                rows.append((*labels_of(look, lit=shown.lit, coloured=shown.coloured), max(x2 - x1, y2 - y1)))
    KEPT.mkdir(parents=True, exist_ok=True)
    np.savez(KEPT / "rendered.npz", crop=np.stack(crops), label=np.array(rows, np.float32))


if __name__ == "__main__":
    main()
