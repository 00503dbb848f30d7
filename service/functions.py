"""Which functions a city is offered: its category decides, by the rows of order 469/НҚ, and the city may add some."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from qyran.errors import AccessError

if TYPE_CHECKING:
    from service.settings import Settings

Function = Literal["passages", "routes", "watch_lists"]
FILE: Final = Path(__file__).with_name("functions.toml")


@dataclass(frozen=True, slots=True)
class Row:
    """A function's row of the order's Appendix 3 and the categories that have it."""

    row: str
    categories: frozenset[str]


class NotOffered(AccessError):
    """A function that the city's category does not have.

    Attributes:
        function, row: which, and its row of the order.
    """

    def __init__(self, function: Function, row: str) -> None:
        super().__init__(
            f"The function {function} is row {row} of order 469/НҚ, which a city of this category does not have;"
            f" QYRAN_EXTRA_FUNCTIONS adds it."
        )
        self.function, self.row = function, row


@cache
def rows() -> dict[str, Row]:
    """The rows by function."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {name: Row(str(one["row"]), frozenset(one["categories"])) for name, one in found.items()}


def offers(settings: Settings, function: Function) -> bool:
    """Whether the installation's city is offered a function."""
    return settings.city_category in rows()[function].categories or function in settings.extra_functions


def demand(settings: Settings, function: Function) -> None:
    """Go on only where the city is offered a function.

    Raises:
        NotOffered: it is not.
    """
    if not offers(settings, function):
        raise NotOffered(function, rows()[function].row)
