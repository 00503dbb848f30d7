"""A number plate as people type it, brought to the form that is stored: Latin capitals and digits, no separators."""

from __future__ import annotations

import re
from typing import Final

from qyran.errors import InputError
from vision.plate_grammar import classify, is_kazakh

LATIN: Final = str.maketrans("АВЕКМНОРСТУХ", "ABEKMHOPCTYX")  # Cyrillic letters that look like Latin ones
FORM: Final = re.compile(r"[A-Z0-9]{4,10}")  # any country's plate; Kazakhstan's are 123ABC02 and the like


def normal(text: str) -> str:
    """The stored form of a plate.

    Raises:
        InputError: it holds other characters, or is too short or too long.
    """
    plate = re.sub(r"[\s.\-]", "", text.upper()).translate(LATIN)
    if FORM.fullmatch(plate) is None:
        raise InputError("A plate has 4 to 10 Latin letters and digits.")
    return plate


def of_kazakhstan(plate: str) -> bool:
    """Whether a plate in its stored form has one of Kazakhstan's forms: only such are in its vehicle register."""
    return is_kazakh(classify(plate)[0])
