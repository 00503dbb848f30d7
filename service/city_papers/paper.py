"""A paper as data: rows of what is asked, how it is met, whose duty it is and what proves it, in Russian and Kazakh."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

FOLDER: Final = Path(__file__).parent
NAMES: Final = ("architecture", "decree_832", "order_123", "qaztech")

Lang = Literal["ru", "kk"]
Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Strict):
    """The same said twice."""

    ru: Words
    kk: Words

    def said(self, lang: Lang, facts: Mapping[str, str]) -> str:
        """In one language, with what is so in this installation."""
        words: str = getattr(self, lang)
        return words.format_map(facts)


class Row(_Strict):
    """One demand.

    Attributes:
        need: what is asked.
        how: how it is met, or that it is not.
        who: whose duty it is.
        proof: files of the project that prove it.
    """

    need: Text
    how: Text
    who: Literal["program", "city", "both"]
    proof: tuple[str, ...]


class Section(_Strict):
    """Rows about one subject."""

    title: Text
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]


class Paper(_Strict):
    """A whole paper."""

    title: Text
    intro: tuple[Text, ...]
    sections: tuple[Section, ...]


def load_paper(name: str) -> Paper:
    """One of `NAMES`."""
    return Paper.model_validate(tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8")))
