"""What plates can say: the patterns of number plates and how likely each is before anything is read.

A pattern is a tuple of sets of signs, one for each position. Kazakhstan's forms (ST RK 986) are exact, down to the
region codes 01 to 20; Russia's are exact (GOST R 50577); those of other countries only say where letters and where
digits stand, and any other text costs a little more, so that a clear foreign plate is never bent into a Kazakh one.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

DIGITS: Final = "0123456789"
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SIGNS: Final = DIGITS + LETTERS
"""Everything a plate can say, in the order of the reader's classes (the CTC blank stands before them)."""

CYRILLIC_LIKE: Final = "ABEKMHOPCTYX"
"""Letters of Russian plates."""

CLEAR_LETTERS: Final = "ACEFGHJKLMNPRSTUVWXY"
"""Letters of the second half of Polish plates, which leaves out those that look like digits."""

MOST: Final = 10
"""Signs of the longest pattern."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One shape of text.

    Attributes:
        form: what kind of plate it is: ``kz``, ``kz_legal``, ..., ``ru``, ``other``.
        places: the signs allowed at each position.
        weight: natural logarithm of how likely the shape is, before its free signs are counted.
    """

    form: str
    places: tuple[str, ...]
    weight: float

    def fits(self, text: str) -> bool:
        """Whether a text has this shape."""
        return len(text) == len(self.places) and all(
            sign in place for sign, place in zip(text, self.places, strict=True)
        )


def places(pattern: str, letters: str = LETTERS) -> tuple[str, ...]:
    """The sets of a pattern such as ``DDDLLL``: L a letter, D a digit, l one of CLEAR_LETTERS, others themselves."""
    return tuple({"L": letters, "D": DIGITS, "l": CLEAR_LETTERS}.get(sign, sign) for sign in pattern)


KZ_REGIONS: Final = (("0", "123456789"), ("1", DIGITS), ("2", "0"))
"""Region codes 01 to 20 as pairs of sets."""

RU_REGIONS: Final = ((DIGITS, DIGITS), ("1279", DIGITS, DIGITS))
"""Region codes of two digits, and of three beginning with 1, 2, 7 or 9."""

_KZ: Final = (
    ("kz", "DDDLLL", 0.0),
    ("kz_legal", "DDDLL", -0.4),
    ("kz_foreign", "LDDDD", -1.6),
    ("kz_trailer", "DDLLL", -3.0),
)
"""Forms of 2012 that end in a region, with their weights."""

_KZ_WHOLE: Final = (
    ("kz_1993", "LDDDLLL", -0.8),
    ("kz_1993_legal", "LDDDLL", -1.2),
    ("kz_diplomatic", "DDDDDDD", -4.0),
    ("kz_diplomatic", "TDDDDDD", -4.0),
    ("kz_service", "KPDDDD", -4.0),
)
"""Forms without a region: 1993 private and legal, diplomats and staff, police."""

_RU: Final = (("ru", "LDDDLL", -0.4), ("ru_taxi", "LLDDD", -2.0), ("ru_trailer", "LLDDDD", -3.0))

_OTHER: Final[dict[str, tuple[str, ...]]] = {
    "europe": (
        "LLDDDLL", "DLDDDDD", "LLLDDDD", "LLLDDD", "LLDDDDD", "LLDDLLL", "LLLLDDD", "LLDDDDLL", "LLLLDDDD", "LDDDDD",
        "DDDLLL", "DDDDLLL", "LLDDDD", "DLLLDDD", "LLDDLL", "DDLLLL", "DDLLLD", "LDDDLL", "LLDDDLLL", "LLLLDD", "LDLLL",
        "LLDDDDl", "LLDDDll", "LLDlDDD", "LLDDlDD", "LLDllDD", "LLLlDDD", "LLLDDll", "LLLDlDD", "LLLDDDl",  # Poland
        "LLLLL", "LLLLLL", "LLLLLLL", "LLLLLLLD", "LLLLLLDD", "LLLDDL", "LDDLLL", "LLLLLDDD", "LLLDDLL",
    ),
    "americas": (
        "LLLDDDD", "DLLLDDD", "LLLDDD", "DDDLLL", "DDDDDDD", "LLDLDL", "LDDDDDD", "LDDDDD", "DLDDDDD",
        "DDDDDLD", "LLLDLDD",
        "DDLDLL", "DDLLLD", "LLDDDD", "LLDDD", "DLLLDD", "DDDDDD", "LLLLLLL", "DDDDLLL", "LLDDDDD", "LLDLDD",
        "DLLLLDDD",
    ),
    "neighbours": ("DDLDDDLL", "DDDDDLLL", "DDKGDDDLLL", "DDDDLLD", "LLDDDDLL", "LLDDDLL", "DDLLDDD",
    "DDDDLLDD", "DDDLLDD"),
}  # fmt: skip

OTHER_WEIGHT: Final = {"europe": -2.2, "americas": -2.6, "neighbours": -3.4}
"""Weights of those groups' shapes. A text whose length or order no Kazakh or Russian form has is not hurt by them."""

FREE_WEIGHT: Final = -5.0
"""Weight of a text of no known shape."""


@functools.cache
def patterns() -> tuple[Pattern, ...]:
    """Every shape, likeliest first; a shape in two groups keeps its better weight."""
    found = [Pattern(form, places(core) + region, weight) for form, core, weight in _KZ for region in KZ_REGIONS]
    found += [Pattern(form, places(core), weight) for form, core, weight in _KZ_WHOLE]
    found += [
        Pattern(form, places(core, CYRILLIC_LIKE) + region, weight)
        for form, core, weight in _RU
        for region in RU_REGIONS
    ]
    found += [Pattern("other", places(core), OTHER_WEIGHT[group]) for group, cores in _OTHER.items() for core in cores]
    best: dict[tuple[str, ...], Pattern] = {}
    for pattern in sorted(found, key=lambda item: -item.weight):
        best.setdefault(pattern.places, pattern)
    return tuple(best.values())


@functools.cache
def tables() -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.float64]]:
    """The patterns for decoding all at once.

    Returns:
        allowed [n, MOST, signs]; lengths [n]; weights [n].
    """
    every = patterns()
    allowed = np.zeros((len(every), MOST, len(SIGNS)), np.bool_)
    for i, pattern in enumerate(every):
        for k, place in enumerate(pattern.places):
            allowed[i, k, [SIGNS.index(sign) for sign in place]] = True
    return allowed, np.array([len(item.places) for item in every]), np.array([item.weight for item in every])


@functools.cache
def _of_length(length: int) -> tuple[Pattern, ...]:
    """Patterns of that many signs, likeliest first."""
    return tuple(item for item in patterns() if len(item.places) == length)


@functools.lru_cache(maxsize=4096)
def classify(text: str) -> tuple[str | None, float]:
    """The likeliest form of a text and its weight; no form and FREE_WEIGHT for a text of no known shape."""
    for item in _of_length(len(text)):
        if item.fits(text):
            return item.form, item.weight
    return None, FREE_WEIGHT


def allowed_at(text: str, position: int) -> str:
    """Signs that could stand at a position of a text without leaving the shapes it fits; all signs if it fits none."""
    fitting = [item.places[position] for item in _of_length(len(text)) if item.fits(text)]
    return "".join(sorted(set("".join(fitting)))) or SIGNS


def is_kazakh(form: str | None) -> bool:
    """Whether a form is one of Kazakhstan's."""
    return form is not None and form.startswith("kz")
