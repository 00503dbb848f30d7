"""Plates of other countries, as loosely as their variety: what they share is a line of Latin signs on a plate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.plates.canvas import Canvas, Colour, Token
from models.plates.glyphs import random_alphabet
from models.plates.texts import BR, CIS, EU, US, fill, plain

if TYPE_CHECKING:
    from models.plates.glyphs import Alphabet

EU_BLUE: Final[Colour] = (165, 70, 15)
SHADES: Final[tuple[Colour, ...]] = (
    (22, 22, 22),
    (30, 30, 30),
    (110, 40, 20),
    (60, 30, 15),
    (30, 30, 150),
    (30, 80, 20),
    (90, 30, 90),
)
"""Ink of plates: mostly black, also blue, red, green."""


def tokens(line: str, height: float) -> list[Token]:
    """Tokens of a line all of one height."""
    return [Token(sign, height) for sign in line]


def between(canvas: Canvas, rng: np.random.Generator, others: list[tuple[str, float, float]], base: float) -> None:
    """What stands between the signs: hyphens, dots, seals and shields."""
    for kind, x, height in others:
        middle = base - height / 2
        if kind == "-":
            width = height * float(rng.uniform(0.12, 0.32))
            canvas.ink_box(
                x - width / 2,
                middle - height * 0.05 + float(rng.uniform(-3, 3)),
                width,
                height * float(rng.uniform(0.08, 0.16)),
            )
        elif kind == ".":
            canvas.ink_box(x - height * 0.05, middle - height * 0.05, height * 0.1, height * 0.1)
        elif kind == "s":
            size = height * float(rng.uniform(0.12, 0.22))
            colours = [
                (float(rng.uniform(20, 200)), float(rng.uniform(60, 200)), float(rng.uniform(40, 235)))
                for _ in range(2)
            ]
            if rng.random() < 0.75:
                canvas.disc(x, base - height * float(rng.uniform(0.7, 0.85)), size, colours[0])
                if rng.random() < 0.4:
                    canvas.disc(x, base - height * 0.77, size * 0.5, (235, 235, 235))
            if rng.random() < 0.8:
                canvas.disc(x, base - height * float(rng.uniform(0.15, 0.35)), size, colours[1])
            if rng.random() < 0.45:
                canvas.ink_box(x - height * 0.14, middle - height * 0.04, height * 0.28, height * 0.09)
        elif kind == "h":
            _shield(canvas, rng, x, middle, height * float(rng.uniform(0.35, 0.75)))


def _shield(canvas: Canvas, rng: np.random.Generator, x: float, y: float, height: float) -> None:
    """A coat of arms, a star or the outline of a state: a coloured blob."""
    n = int(rng.integers(4, 9))
    angles = np.sort(rng.uniform(0, 2 * np.pi, n))
    radii = height * rng.uniform(0.25, 0.5, n)
    points = np.stack([x + radii * np.cos(angles) * 0.8, y + radii * np.sin(angles)], 1) * canvas.scale
    colour = tuple(float(c) for c in rng.uniform(20, 230, 3))
    cv2.fillPoly(canvas.picture, [points.astype(np.int32)], colour, cv2.LINE_AA)
    if rng.random() < 0.5:
        canvas.disc(
            x,
            y,
            height * 0.2,
            (float(rng.uniform(100, 255)), float(rng.uniform(100, 255)), float(rng.uniform(100, 255))),
        )


def eu_plate(canvas: Canvas, rng: np.random.Generator, alphabet: Alphabet) -> str:
    """One line on 520 x 110 mm, most with a blue band at the left, some with one at the right."""
    width, _ = canvas.size
    left, right = 8.0, width - 8
    band = rng.random()
    if band < 0.72:
        room = float(rng.uniform(36, 50))
        canvas.box(0, 0, room, 112, EU_BLUE)
        for k in range(8):
            canvas.disc(room / 2 + 11 * np.cos(k * 0.785), 34 + 11 * np.sin(k * 0.785), 2.2, (60, 220, 250))
        word = fill(rng, "LL" if rng.random() < 0.5 else "L")
        for i, sign in enumerate(word):
            canvas.paint(alphabet[sign], room / 2 - 9 * len(word) + 18 * i + 2, 72, 15, 22, (240, 240, 240))
        left = room + float(rng.uniform(3, 14))
        if rng.random() < 0.15:
            canvas.box(width - room, 0, room, 112, EU_BLUE)
            canvas.words(fill(rng, "DD"), alphabet, (width - room + 8, 70, 28, 20), (240, 240, 240))
            right = width - room - 6
    elif band < 0.82:
        canvas.words(fill(rng, "LL"), alphabet, (14, 60, 30, 26), (40, 40, 40))
        _shield(canvas, rng, 28, 34, 34)
        left = 52
    line = fill(rng, str(rng.choice(EU)))
    return _one_line(canvas, rng, alphabet, line, (left, right), float(rng.uniform(68, 84)))


def cis_plate(canvas: Canvas, rng: np.random.Generator, alphabet: Alphabet) -> str:
    """One line as in Kyrgyzstan, Uzbekistan, Tajikistan, Belarus, Ukraine, Georgia, Armenia."""
    left = 10.0
    if rng.random() < 0.6:
        room = float(rng.uniform(36, 60))
        if rng.random() < 0.5:
            canvas.box(0, 0, room, 112, EU_BLUE if rng.random() < 0.5 else (238, 238, 238))
        canvas.box(
            8,
            20,
            room - 14,
            26,
            (float(rng.uniform(20, 230)), float(rng.uniform(20, 200)), float(rng.uniform(40, 240))),
        )
        canvas.words(fill(rng, "LL"), alphabet, (8, 60, room - 12, 22), (60, 60, 60))
        left = room + 6
    line = fill(rng, str(rng.choice(CIS)))
    if line[:2].isdigit() and rng.random() < 0.5:
        line = line[:2] + "|" + line[2:].lstrip()
    return _one_line(canvas, rng, alphabet, line, (left, 508), float(rng.uniform(66, 82)))


def us_plate(canvas: Canvas, rng: np.random.Generator, alphabet: Alphabet) -> str:
    """One line on 305 x 152 mm with the state above, a slogan below, stickers, screws and a painted ground."""
    if rng.random() < 0.6:
        _painted_ground(canvas, rng)
    face = random_alphabet(rng, own=True)
    ink = tuple(float(c) for c in rng.uniform(0, 200, 3))
    for y, height, chance in ((6.0, float(rng.uniform(14, 28)), 0.92), (129.0, float(rng.uniform(9, 18)), 0.75)):
        if rng.random() < chance:
            words = fill(rng, "L" * int(rng.integers(4, 18)))
            words = "".join(s if rng.random() < 0.85 else " " for s in words)
            width = min(240.0, len(words) * height * float(rng.uniform(0.5, 0.9)))
            canvas.words(
                words, face, (152 - width / 2 + float(rng.uniform(-25, 25)), y, width, height), (ink[0], ink[1], ink[2])
            )
    for x in (float(rng.uniform(12, 45)), float(rng.uniform(230, 265))):
        if rng.random() < 0.45:
            y = 8.0 if rng.random() < 0.8 else 122.0
            colour = tuple(float(c) for c in rng.uniform(30, 250, 3))
            canvas.box(x, y, 30, 20, (colour[0], colour[1], colour[2]))
            canvas.words(fill(rng, "DD"), face, (x + 4, y + 3, 22, 14), (30, 30, 30))
    for x, y in ((40, 12), (265, 12), (40, 140), (265, 140)):
        if rng.random() < 0.4:
            canvas.disc(x, y, 4, (70, 70, 70))
    line = fill(rng, str(rng.choice(US)))
    height = float(rng.uniform(60, 76))
    return _one_line(
        canvas,
        rng,
        alphabet,
        line,
        (float(rng.uniform(8, 20)), float(rng.uniform(285, 297))),
        height,
        base=76 + height / 2 + float(rng.uniform(-6, 9)),
    )


def br_plate(canvas: Canvas, rng: np.random.Generator, alphabet: Alphabet) -> str:
    """Brazil's old grey plate with the town above, 400 x 130 mm, and the Mercosur plate with its blue band above."""
    line = fill(rng, str(rng.choice(BR)))
    mercosur = len(line) == 7 and not line[-4:].isdigit()
    face = random_alphabet(rng, own=True)
    if mercosur:
        canvas.box(0, 0, 400, 30, (150, 60, 10))
        canvas.words(fill(rng, "LLLLLL"), face, (140, 6, 120, 18), (240, 240, 240))
    elif rng.random() < 0.85:
        words = fill(rng, "LL-" + "L" * int(rng.integers(4, 16)))
        width = len(words) * float(rng.uniform(9, 13))
        canvas.words(
            words, face, (200 - width / 2, float(rng.uniform(10, 16)), width, float(rng.uniform(13, 19))), (40, 40, 40)
        )
    height = float(rng.uniform(60, 72))
    return _one_line(canvas, rng, alphabet, line, (14, 386), height, base=122 - float(rng.uniform(0, 10)))


def generic_plate(canvas: Canvas, rng: np.random.Generator, alphabet: Alphabet) -> str:
    """Any three to nine signs in any grouping on a plate of any shape: what keeps the reader from trusting patterns."""
    width, height = canvas.size
    n = int(rng.integers(3, 10))
    line = ""
    for i in range(n):
        line += fill(rng, "L" if rng.random() < 0.5 else "D")
        if i < n - 1 and rng.random() < 0.2:
            line += str(rng.choice([" ", "-", ".", "s", "h"]))
    sign = height * float(rng.uniform(0.5, 0.74))
    return _one_line(
        canvas,
        rng,
        alphabet,
        line,
        (width * 0.03, width * 0.97),
        sign,
        base=height / 2 + sign / 2 + height * float(rng.uniform(-0.06, 0.08)),
    )


def generic_square(canvas: Canvas, rng: np.random.Generator, alphabet: Alphabet) -> str:
    """Two lines of any signs: motorcycles and square plates of other countries."""
    width, height = canvas.size
    out = ""
    for i in range(2):
        line = fill(rng, "".join(rng.choice(["L", "D"]) for _ in range(int(rng.integers(2, 6)))))
        if len(line) > 3 and rng.random() < 0.3:
            line = line[:2] + str(rng.choice([" ", "-"])) + line[2:]
        sign = height * float(rng.uniform(0.3, 0.41))
        base = height * (0.5 * i + 0.25) + sign / 2 + height * 0.02 * (1 - 2 * i)
        out += _one_line(canvas, rng, alphabet, line, (width * 0.05, width * 0.95), sign, base=base)
    return out


def _one_line(
    canvas: Canvas,
    rng: np.random.Generator,
    alphabet: Alphabet,
    line: str,
    span: tuple[float, float],
    height: float,
    *,
    base: float | None = None,
) -> str:
    foot = base if base is not None else canvas.size[1] / 2 + height / 2
    others = canvas.line(
        tokens(line, height), alphabet, span, foot,
        stretch=float(rng.uniform(0.8, 1.2)), gap=float(rng.uniform(0.07, 0.22)), justify=rng.random() < 0.35,
    )  # fmt: skip
    for kind, x, _ in others:
        if kind == "|":
            canvas.ink_box(x, 4, 3, canvas.size[1] - 8)
    between(canvas, rng, others, foot)
    return plain(line)


def _painted_ground(canvas: Canvas, rng: np.random.Generator) -> None:
    """A pale landscape: a gradient between two or three light colours, with a few faint shapes."""
    height, width = canvas.ink.shape
    stops = rng.uniform(120, 255, (3, 3)) * 0.6 + 100
    strip = cv2.resize(stops[:, None, :].clip(0, 255).astype(np.float32), (1, height), interpolation=cv2.INTER_LINEAR)
    canvas.picture[:] = np.clip(strip.reshape(height, 1, 3), 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(0, 4))):
        points = rng.uniform(0, 1, (3, 2)) * (width, height)
        colour = tuple(float(c) for c in rng.uniform(120, 240, 3))
        cv2.fillPoly(canvas.picture, [points.astype(np.int32)], colour, cv2.LINE_AA)
