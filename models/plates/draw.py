"""One random number plate, seen straight from the front: the picture, its text and its form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.plates import layouts_cis, layouts_world
from models.plates.canvas import Canvas, Colour
from models.plates.glyphs import Alphabet, Weighted, random_alphabet

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARES: Final = {
    "kz": 0.20, "kz_legal": 0.09, "kz_1993": 0.05, "kz_square": 0.06, "kz_1993_square": 0.02, "kz_foreign": 0.02,
    "kz_diplomatic": 0.01, "kz_service": 0.01, "kz_trailer": 0.01, "ru": 0.15, "ru_square": 0.03, "eu": 0.16,
    "us": 0.06,
    "br": 0.04, "cis": 0.03, "generic": 0.04, "generic_square": 0.02,
}  # fmt: skip
"""Forms and how often each is drawn where none is asked for."""

KZ_FORMS: Final = ("kz", "kz_legal", "kz_1993", "kz_square", "kz_1993_square", "kz_foreign")
"""Kazakhstan's forms whose patterns are known."""

PX_PER_MM: Final = 0.5
"""Enough for plates up to 260 px wide."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plate seen straight from the front.

    Attributes:
        picture: uint8 [height, width, 3], BGR, the plate alone.
        text: capitals and digits, line after line.
        form: one of SHARES.
        lines: 1 or 2.
        size_mm: width, height.
    """

    picture: NDArray[np.uint8]
    text: str
    form: str
    lines: int
    size_mm: tuple[float, float]


def draw_plate(
    rng: np.random.Generator, form: str | None = None, px_per_mm: float = PX_PER_MM, *, own_face: bool = False
) -> Drawn:
    """A random plate.

    Args:
        rng: source of chance.
        form: one of SHARES; any if None.
        px_per_mm: scale of the picture.
        own_face: only the project's own strokes, so that the picture does not depend on fetched fonts.
    """
    if form is None:
        form = str(rng.choice(list(SHARES), p=np.array(list(SHARES.values())) / sum(SHARES.values())))
    size = _size(rng, form)
    ground, ink = _colours(rng, form)
    canvas = Canvas(*size, px_per_mm, _shaken(rng, ground, 14))
    face = Weighted(random_alphabet(rng, own=own_face), int(rng.choice([-1, 0, 0, 0, 1, 2, 3])))
    text = _lay_out(canvas, rng, face, form)
    if rng.random() < 0.75:
        canvas.rim(float(rng.uniform(1, 5)), float(rng.uniform(1.5, 4)), float(rng.uniform(4, 14)))
    picture = canvas.finish(_shaken(rng, ink, 16), float(rng.choice([0.0, rng.uniform(0.05, 0.4)])))
    return Drawn(
        _round_corners(picture, px_per_mm * float(rng.uniform(3, 14))),
        text,
        form,
        2 if form.endswith("square") else 1,
        size,
    )


def _lay_out(canvas: Canvas, rng: np.random.Generator, face: Alphabet, form: str) -> str:
    if form in {"kz", "kz_legal", "kz_foreign", "kz_trailer"}:
        return layouts_cis.kz_wide(canvas, rng, face, form)
    if form in {"kz_square", "kz_1993_square"}:
        return layouts_cis.kz_square(canvas, rng, face, form)
    if form in {"kz_diplomatic", "kz_service"}:
        return layouts_cis.kz_special(canvas, rng, face, form)
    return {
        "kz_1993": layouts_cis.kz_old, "ru": layouts_cis.ru_wide, "ru_square": layouts_cis.ru_square,
        "eu": layouts_world.eu_plate, "us": layouts_world.us_plate, "br": layouts_world.br_plate,
        "cis": layouts_world.cis_plate, "generic": layouts_world.generic_plate,
        "generic_square": layouts_world.generic_square,
    }[form](canvas, rng, face)  # fmt: skip


def _size(rng: np.random.Generator, form: str) -> tuple[float, float]:
    """Width and height of a form, mm."""
    if form in {"kz_square", "kz_1993_square"}:
        return 280.0, 200.0
    if form == "generic":
        height = float(rng.uniform(90, 150))
        return height * float(rng.uniform(2.2, 5.2)), height
    if form == "generic_square":
        height = float(rng.uniform(120, 210))
        return height * float(rng.uniform(1.0, 1.8)), height
    return {"ru_square": (290.0, 170.0), "us": (305.0, 152.0), "br": (400.0, 130.0)}.get(form, (520.0, 112.0))


def _colours(rng: np.random.Generator, form: str) -> tuple[Colour, Colour]:
    if form.startswith("kz"):
        return layouts_cis.kz_ground(rng, form)
    white, black = (238.0, 240.0, 240.0), (22.0, 22.0, 22.0)
    chance = rng.random()
    if form.startswith("ru"):
        return ((10, 190, 240), black) if chance < 0.03 else ((200, 90, 30), white) if chance < 0.05 else (white, black)
    if chance < 0.12:
        return (float(rng.uniform(0, 90)), float(rng.uniform(170, 220)), float(rng.uniform(220, 250))), black
    if chance < 0.24:
        dark = tuple(float(c) for c in rng.uniform(10, 110, 3))
        return (dark[0], dark[1], dark[2]), white
    if form == "br" and chance < 0.7:
        grey = float(rng.uniform(150, 210))
        return (grey, grey, grey), black
    return white, layouts_world.SHADES[int(rng.integers(len(layouts_world.SHADES)))] if rng.random() < 0.5 else black


def _shaken(rng: np.random.Generator, colour: Colour, by: float) -> Colour:
    moved = np.clip(np.array(colour) + rng.normal(0, by / 2, 3) + rng.normal(0, by / 2), 0, 255)
    return float(moved[0]), float(moved[1]), float(moved[2])


def _round_corners(picture: NDArray[np.uint8], radius: float) -> NDArray[np.uint8]:
    """Corners outside the rounding painted dark, as the gap behind a plate is."""
    height, width = picture.shape[:2]
    r = max(1, round(radius))
    mask = np.zeros((height, width), np.uint8)
    cv2.rectangle(mask, (r, 0), (width - 1 - r, height - 1), 255, -1)
    cv2.rectangle(mask, (0, r), (width - 1, height - 1 - r), 255, -1)
    for x, y in ((r, r), (width - 1 - r, r), (r, height - 1 - r), (width - 1 - r, height - 1 - r)):
        cv2.circle(mask, (x, y), r, 255, -1)
    picture[mask == 0] = 40
    return picture
