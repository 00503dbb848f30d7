"""The sentences of a verification in three languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

Language = Literal["kk", "ru", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("kk", "ru", "en")
TEXTS: Final = Path(__file__).parent / "texts"


def sentence(language: Language, code: str, values: Mapping[str, str | int]) -> str:
    """The sentence of a code under `[verify]`, with its values in place."""
    return sentences(language)[code].format(**values)


@cache
def sentences(language: Language) -> dict[str, str]:
    """All sentences of a language by code."""
    table: dict[str, str] = tomllib.loads((TEXTS / f"{language}.toml").read_text(encoding="utf-8"))["verify"]
    return table
