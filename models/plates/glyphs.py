"""Faces to draw plates with: our own strokes and, where fetched, published fonts; each a set of ink masks."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.plates.strokes import HEIGHT, SIGNS, alphabet, random_face

if TYPE_CHECKING:
    from numpy.typing import NDArray

FONTS: Final = Path(".cache/models/plates/fonts/node_modules/@fontsource")
"""Where models/plates/fetch_fonts.sh puts the fonts."""

WEIGHTS: Final = frozenset({"400", "500", "600", "700", "800"})
"""Font weights that resemble stamped strokes."""

OWN_SHARE: Final = 0.5
"""Share of plates drawn with our own strokes where fonts are at hand."""

Alphabet = dict[str, "NDArray[np.uint8]"]
"""Ink masks by sign, each uint8 [HEIGHT, width], 255 = ink."""

OWN_FACES: Final = 400
"""Faces of our own kept ready; drawing one takes as long as drawing ten plates."""


@functools.lru_cache(maxsize=OWN_FACES)
def own_alphabet(number: int) -> Alphabet:
    """The own face of that number; the same number always gives the same face."""
    return alphabet(random_face(np.random.default_rng([7, number])))


@functools.lru_cache(maxsize=1)
def font_files(folder: Path = FONTS) -> tuple[Path, ...]:
    """Upright Latin font files in fitting weights; empty where none were fetched or nothing can draw them."""
    if importlib.util.find_spec("PIL") is None:
        return ()
    found = folder.glob("*/files/*-latin-*-normal.woff2")
    return tuple(sorted(path for path in found if path.stem.split("-")[-2] in WEIGHTS and "-ext-" not in path.stem))


@functools.lru_cache(maxsize=512)
def font_alphabet(path: Path) -> Alphabet:
    """The signs of a font file, capitals and digits brought to one height."""
    from PIL import Image, ImageDraw, ImageFont  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - only training has it

    font = ImageFont.truetype(str(path), 120)
    top, bottom = font.getbbox("H", anchor="ls")[1::2]
    out: Alphabet = {}
    for sign in SIGNS:
        page = Image.new("L", (220, 260))
        ImageDraw.Draw(page).text((60, 180), sign, fill=255, font=font, anchor="ls")
        ink = np.asarray(page)
        columns, rows = np.flatnonzero(ink.max(0) > 60), np.flatnonzero(ink.max(1) > 60)
        # a Q's tail and a J's hook may hang below the line and must stay; overshoot of round signs is cut off
        low = rows[-1] + 1 if sign in "QJ" else 180 + bottom
        cut = ink[180 + int(top) : int(low), columns[0] : columns[-1] + 1]
        width = max(4, round(cut.shape[1] * HEIGHT / (bottom - top)))
        out[sign] = np.asarray(cv2.resize(cut, (width, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    return out


def random_alphabet(rng: np.random.Generator, *, own: bool = False) -> Alphabet:
    """A face for one plate.

    Args:
        rng: source of chance.
        own: our own strokes only, as in the rendered test plates, which must not depend on fetched fonts.
    """
    files = font_files()
    if own or not files or rng.random() < OWN_SHARE:
        return own_alphabet(int(rng.integers(OWN_FACES)))
    return font_alphabet(files[int(rng.integers(len(files)))])


class Weighted(dict[str, "NDArray[np.uint8]"]):
    """An alphabet with strokes made thicker or thinner, sign by sign as they are asked for.

    Attributes:
        of: the alphabet.
        by: pixels added on each side of a stroke, negative takes away.
    """

    def __init__(self, of: Alphabet, by: int) -> None:
        super().__init__()
        self.of = of
        self.by = by

    def __contains__(self, sign: object) -> bool:
        return sign in self.of

    def __missing__(self, sign: str) -> NDArray[np.uint8]:
        self[sign] = heavier(self.of[sign], self.by)
        return self[sign]


def heavier(ink: NDArray[np.uint8], by: int) -> NDArray[np.uint8]:
    """Ink with strokes thicker (by > 0) or thinner (by < 0) by that many pixels on each side."""
    if by == 0:
        return ink
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(by) + 1, 2 * abs(by) + 1))
    wide = cv2.copyMakeBorder(ink, 0, 0, abs(by), abs(by), cv2.BORDER_CONSTANT, value=0)
    changed = cv2.dilate(wide, kernel) if by > 0 else cv2.erode(wide, kernel)
    return np.asarray(changed, np.uint8)
