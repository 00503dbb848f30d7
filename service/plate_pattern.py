"""Plates with wildcards: `?` stands for one sign, `*` for any number of signs, also none.

An index that reveals no plate can still be searched: of every plate it knows the pairs of neighbouring signs, ends
included, each as one of few keyed buckets (`service.store.passage_tables.PlateGram`). A pattern gives the pairs every
match must have; what has them all is unsealed and compared, so that a shared bucket never brings a wrong plate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from qyran.errors import InputError
from service.plates import FORM, LATIN

START: Final = "^"
END: Final = "$"
"""Stand before the first and after the last sign, so that how a plate begins and ends is a pair too."""
LONGEST: Final = 14
"""Signs of a pattern at most; a plate has 10."""
LEAST_SIGNS: Final = 2
"""Signs that a pattern must name: less than that is no search for a vehicle."""
_WRITTEN: Final = re.compile(rf"[A-Z0-9?*]{{1,{LONGEST}}}")


@dataclass(frozen=True, slots=True)
class PlatePattern:
    """A wanted plate; `text` is normal: Latin capitals, digits and wildcards."""

    text: str

    @property
    def exact(self) -> bool:
        """Whether it names one plate."""
        return not set(self.text) & set("?*")

    def matches(self, plate: str) -> bool:
        """Whether a plate in its stored form is meant."""
        return _compiled(self.text).fullmatch(plate) is not None

    @property
    def pairs(self) -> frozenset[str]:
        """Pairs of neighbouring signs that every plate it means has."""
        return frozenset(
            one + other for one, other in pairwise(f"{START}{self.text}{END}") if not {one, other} & {*"?*"}
        )


@lru_cache(maxsize=1024)
def _compiled(text: str) -> re.Pattern[str]:
    """Compiled once: every plate that passes is held against every pattern of the watch lists."""
    signs = {"?": "[A-Z0-9]", "*": "[A-Z0-9]*"}
    return re.compile("".join(signs.get(sign, sign) for sign in text))


def plate_pattern(text: str) -> PlatePattern:
    """Read a plate or pattern as people type it.

    Raises:
        InputError: it holds other characters, is too long, or names fewer than two signs.
    """
    pattern = re.sub(r"\*+", "*", re.sub(r"[\s.\-]", "", text.upper()).translate(LATIN))
    if _WRITTEN.fullmatch(pattern) is None or sum(sign not in "?*" for sign in pattern) < LEAST_SIGNS:
        raise InputError(
            "A plate is searched for by two signs or more: Latin letters and digits, ? for one sign, * for any."
        )
    found = PlatePattern(pattern)
    if found.exact and FORM.fullmatch(pattern) is None:
        raise InputError("A plate has 4 to 10 Latin letters and digits; write ? or * for what is not known.")
    return found


def pairs_of(plate: str) -> frozenset[str]:
    """The pairs of neighbouring signs of a plate, its ends included."""
    return frozenset(one + other for one, other in pairwise(f"{START}{plate}{END}"))
