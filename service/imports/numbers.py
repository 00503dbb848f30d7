"""Numbers as people in Kazakhstan write them: a decimal comma or point, thousands parted by spaces of any width."""

from __future__ import annotations

import math
import re
from typing import Final

from service.imports.columns import Refused

SPACES: Final = "\u0020\u00a0\u2009\u202f\u2007\u2008"
"""Plain, no-break, thin, narrow no-break, figure and punctuation space."""
MINUSES: Final = str.maketrans({"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{NON-BREAKING HYPHEN}": "-"})
GROUPED: Final = re.compile(rf"[+-]?[0-9]{{1,3}}(?:[{SPACES}][0-9]{{3}})+(?:[.,][0-9]+)?")
PLAIN: Final = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")
UNIT_AFTER: Final = re.compile(rf"([+-]?[0-9][0-9.,{SPACES}]*)[{SPACES}]*((?:[%‰°]|[^\W\d_]).*)", re.DOTALL)
DIGITS: Final = 15
"""Significant decimal digits that a double keeps; a workbook holds 0.1 + 0.2 as 0.30000000000000004."""


def read_number(text: str, *, whole: bool, percent: bool = False) -> float:
    """A number from what a person wrote.

    Args:
        text: the cell.
        whole: whether it counts something; a comma then cannot be a decimal one.
        percent: whether the column is in per cent, so that a sign of per cent after the number is right.

    Raises:
        Refused: it is none, or can be read in two ways.
    """
    given = text.strip(SPACES + "\t").translate(MINUSES)
    tail = UNIT_AFTER.fullmatch(given)
    if tail is not None:
        if not (percent and tail[2] == "%"):
            raise Refused("unit_in_cell" if _numeric(tail[1]) else "no_number", unit=tail[2][:20])
        given = tail[1].strip(SPACES)
    commas, points = given.count(","), given.count(".")
    if commas and points:
        raise Refused("decimal_mixed")
    if commas > 1 or points > 1:
        raise Refused("decimal_twice")
    if whole and commas + points:
        raise Refused("decimal_in_count")
    if not PLAIN.fullmatch(given) and not GROUPED.fullmatch(given):
        parted = any(one in SPACES for one in given) and _numeric(given)
        raise Refused("bad_grouping" if parted else "no_number")
    plain = "".join(one for one in given if one not in SPACES).replace(",", ".")
    return tidy(float(plain))


def tidy(value: float) -> float:
    """The number without what binary arithmetic left in its last digits.

    Raises:
        Refused: it is not finite.
    """
    if not math.isfinite(value):
        raise Refused("no_number")
    return float(f"{value:.{DIGITS}g}")


def _numeric(text: str) -> bool:
    return bool(re.fullmatch(rf"[+-]?[0-9][0-9.,{SPACES}]*", text))
