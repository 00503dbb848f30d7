"""Plates of Kazakhstan (ST RK 986, forms of 2012 and 1993) and of Russia (GOST R 50577), laid out in mm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.plates.canvas import Canvas, Colour, Token
from models.plates.texts import CYRILLIC_LIKE, fill, kz_region, plain, ru_region

if TYPE_CHECKING:
    import numpy as np

    from models.plates.glyphs import Alphabet

WHITE: Colour = (238, 240, 240)
BLACK: Colour = (22, 22, 22)
TURQUOISE: Colour = (190, 175, 20)
YELLOW_SUN: Colour = (60, 210, 250)


def two_heights(text: str, digit: float, letter: float) -> list[Token]:
    """Tokens of a text with digits taller than letters."""
    return [Token(sign, digit if sign.isdigit() else letter) for sign in text]


def kz_ground(rng: np.random.Generator, form: str) -> tuple[Colour, Colour]:
    """Colours of ground and ink of a Kazakhstan form."""
    if form == "kz_foreign":
        return (float(rng.uniform(0, 60)), float(rng.uniform(170, 215)), float(rng.uniform(225, 250))), BLACK
    if form == "kz_diplomatic":
        return (float(rng.uniform(20, 60)), float(rng.uniform(15, 50)), float(rng.uniform(160, 215))), WHITE
    if form == "kz_service":
        return ((200, 90, 30), WHITE) if rng.random() < 0.6 else (WHITE, BLACK)
    if form != "kz_1993" and rng.random() < 0.05:
        return (130, 165, 40), (WHITE if rng.random() < 0.7 else BLACK)  # electric cars are green
    return WHITE, BLACK


def kz_flag(
    canvas: Canvas, rng: np.random.Generator, alphabet: Alphabet, box: tuple[float, float, float, float]
) -> None:
    """The flag over the letters KZ, in a box x, y, width, height; sometimes faded, sometimes no flag."""
    x, y, width, height = box
    if rng.random() < 0.93:
        fade = float(rng.uniform(0, 0.5))
        colour = tuple(c * (1 - fade) + 235 * fade for c in TURQUOISE)
        canvas.box(x, y, width, height * 0.55, (colour[0], colour[1], colour[2]))
        canvas.disc(x + width * 0.5, y + height * 0.22, height * 0.14, YELLOW_SUN)
    for i, sign in enumerate("KZ"):
        canvas.stamp(alphabet[sign], x + width * (0.04 + 0.5 * i), y + height * 0.64, width * 0.42, height * 0.36)


def kz_wide(canvas: Canvas, rng: np.random.Generator, alphabet: Alphabet, form: str) -> str:
    """One line of 2012 on 520 x 112 mm: flag and KZ, digits and letters, the region behind a bar."""
    digit = float(rng.uniform(70, 80))
    letter = digit * float(rng.choice([rng.uniform(0.68, 0.86), 1.0], p=[0.9, 0.1]))
    base = 112 / 2 + digit / 2 + float(rng.uniform(-3, 3))
    stretch, gap = float(rng.uniform(0.85, 1.15)), float(rng.uniform(0.08, 0.2))
    pattern = {
        "kz": "DDDLLL", "kz_legal": "DDDLL" if rng.random() < 0.5 else "DDD LL", "kz_foreign": "LDDDD",
        "kz_trailer": "DDLLL",
    }[form]  # fmt: skip
    line = fill(rng, pattern)
    if form == "kz" and rng.random() < 0.2:
        line = line[:3] + " " + line[3:]
    region = kz_region(rng)
    bar = float(rng.uniform(398, 425))
    if rng.random() < 0.96:
        kz_flag(
            canvas,
            rng,
            alphabet,
            (
                float(rng.uniform(10, 20)),
                float(rng.uniform(16, 28)),
                float(rng.uniform(42, 54)),
                float(rng.uniform(58, 78)),
            ),
        )
    canvas.line(
        two_heights(line, digit, letter),
        alphabet,
        (float(rng.uniform(66, 78)), bar - float(rng.uniform(4, 14))),
        base,
        stretch=stretch,
        gap=gap,
        justify=rng.random() < 0.5,
    )
    if rng.random() < 0.95:
        canvas.ink_box(bar, 4, 3.5, 104)
    canvas.line(
        two_heights(region, digit, digit),
        alphabet,
        (bar + 8, 512),
        base - float(rng.uniform(0, 4)),
        stretch=stretch,
        gap=gap,
    )
    return plain(line) + region


def kz_old(canvas: Canvas, rng: np.random.Generator, alphabet: Alphabet) -> str:
    """One line of 1993 on 520 x 112 mm: the region's letter, digits, letters; flag and KZ at either end."""
    digit = float(rng.uniform(66, 80))
    letter = digit * float(rng.choice([1.0, rng.uniform(0.75, 0.95)]))
    line = fill(rng, "L DDD LLL" if rng.random() < 0.7 else "L DDD LL")
    if rng.random() < 0.3:
        line = line.replace(" ", "")
    left = rng.random() < 0.5
    span = (72.0, 505.0) if left else (15.0, 445.0)
    if rng.random() < 0.9:
        kz_flag(
            canvas, rng, alphabet, (14 if left else 455, float(rng.uniform(18, 30)), 48, float(rng.uniform(55, 75)))
        )
    canvas.line(
        two_heights(line, digit, letter),
        alphabet,
        span,
        56 + digit / 2,
        stretch=float(rng.uniform(0.85, 1.15)),
        gap=float(rng.uniform(0.1, 0.18)),
    )
    return plain(line)


def kz_special(canvas: Canvas, rng: np.random.Generator, alphabet: Alphabet, form: str) -> str:
    """Diplomatic (D, T, HC and digits) and service plates (two letters and digits), one line."""
    patterns = (
        ("DDDDDDD", "TDDDDDD", "HCDDDDDD", "DDDDDDDD", "DDDLDDD DD")
        if form == "kz_diplomatic"
        else ("LLDDDD", "LLDDD DD", "DDDDLL", "DDDDKPDD", "LLDDDDDD")
    )
    pattern = str(rng.choice(patterns))
    line = fill(rng, pattern)
    if form == "kz_diplomatic" and pattern.startswith("DDDDDDD"):
        line = "D" + line[1:]
    digit = float(rng.uniform(66, 78))
    kz_flag(canvas, rng, alphabet, (14, 20, 48, 70))
    canvas.line(
        two_heights(line, digit, digit * float(rng.uniform(0.75, 1.0))),
        alphabet,
        (72, 505),
        56 + digit / 2,
        stretch=float(rng.uniform(0.85, 1.1)),
        gap=0.13,
    )
    return plain(line)


def kz_square(canvas: Canvas, rng: np.random.Generator, alphabet: Alphabet, form: str) -> str:
    """Two lines on 280 x 200 mm: digits with flag and KZ above letters and region; of 1993 letter, digits / letters."""
    digit = float(rng.uniform(68, 80))
    letter = digit * float(rng.uniform(0.75, 1.0))
    stretch = float(rng.uniform(0.9, 1.15))
    if form == "kz_1993_square":
        upper, lower, region = fill(rng, "L DDD"), fill(rng, "LLL" if rng.random() < 0.7 else "LL"), ""
    else:
        upper, lower, region = fill(rng, "DDD"), fill(rng, "LLL" if rng.random() < 0.7 else "LL"), kz_region(rng)
    flag_left = rng.random() < 0.85
    first = (72.0, 265.0) if flag_left else (15.0, 205.0)
    if rng.random() < 0.9:
        kz_flag(canvas, rng, alphabet, (14 if flag_left else 215, 22, 48, 66))
    canvas.line(two_heights(upper, digit, digit), alphabet, first, 14 + digit, stretch=stretch)
    second = 190 - float(rng.uniform(0, 8))
    split = float(rng.uniform(168, 185)) if region else 268.0
    canvas.line(two_heights(lower, letter, letter), alphabet, (12, split - 5), second, stretch=stretch)
    if region:
        if rng.random() < 0.7:
            canvas.ink_box(split, 104, 3, 92)
        canvas.line(two_heights(region, digit, digit), alphabet, (split + 6, 270), second, stretch=stretch)
    return plain(upper) + plain(lower) + region


def ru_wide(canvas: Canvas, rng: np.random.Generator, alphabet: Alphabet) -> str:
    """One line on 520 x 112 mm: letter, digits, letters, and the region above RUS in a box of its own."""
    digit = float(rng.uniform(72, 80))
    letter = digit * float(rng.uniform(0.72, 0.82))
    kind = rng.random()
    line = fill(rng, "LDDDLL" if kind < 0.88 else ("LLDDD" if kind < 0.94 else "LLDDDD"), CYRILLIC_LIKE)
    region = ru_region(rng)
    bar = float(rng.uniform(378, 398)) if len(region) == 2 else float(rng.uniform(358, 390))
    base = 60 + digit / 2 + float(rng.uniform(-3, 3))
    stretch = float(rng.uniform(0.9, 1.15))
    canvas.line(
        two_heights(line, digit, letter),
        alphabet,
        (float(rng.uniform(18, 38)), bar - 8),
        base,
        stretch=stretch,
        gap=float(rng.uniform(0.1, 0.18)),
        justify=rng.random() < 0.6,
    )
    canvas.ink_box(bar, 4, 3, 104)
    small = digit * float(rng.uniform(0.7, 0.8))
    canvas.line(
        two_heights(region, small, small),
        alphabet,
        (bar + 6, 512),
        14 + small + float(rng.uniform(-3, 4)),
        stretch=stretch,
    )
    for i, sign in enumerate("RUS"):
        canvas.stamp(alphabet[sign], bar + 14 + 20 * i, 78, 16, 20)
    for i, colour in enumerate(((235, 235, 235), (180, 60, 20), (40, 30, 200))):
        canvas.box(bar + 80, 78 + 7 * i, 34, 7, colour)
    if rng.random() < 0.8:
        canvas.disc(12, 56, 5, BLACK if rng.random() < 0.6 else (150, 150, 150))
        canvas.disc(508, 56, 5, BLACK if rng.random() < 0.6 else (150, 150, 150))
    return plain(line) + region


def ru_square(canvas: Canvas, rng: np.random.Generator, alphabet: Alphabet) -> str:
    """Two lines on 290 x 170 mm: letter and digits above letters and region."""
    digit = float(rng.uniform(60, 72))
    upper, lower, region = fill(rng, "LDDD", CYRILLIC_LIKE), fill(rng, "LL", CYRILLIC_LIKE), ru_region(rng)
    letter, stretch = digit * 0.8, float(rng.uniform(0.9, 1.15))
    canvas.line(two_heights(upper, digit, letter), alphabet, (30, 260), 12 + digit, stretch=stretch)
    canvas.line(two_heights(lower, letter, letter), alphabet, (15, 130), 160, stretch=stretch)
    canvas.ink_box(140, 90, 3, 76)
    canvas.line(two_heights(region, digit * 0.75, digit), alphabet, (146, 280), 94 + digit * 0.75, stretch=stretch)
    for i, sign in enumerate("RUS"):
        canvas.stamp(alphabet[sign], 160 + 20 * i, 146, 16, 16)
    return plain(upper) + plain(lower) + region
