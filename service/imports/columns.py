"""What a file of a kind may hold: its columns, and what is said when a cell, a row or a file cannot be taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from qyran.errors import InputError

SHOWN: Final = 80
"""Signs of a refused value that are shown again."""


class Type(StrEnum):
    """What a cell holds."""

    TEXT = "text"
    CODE = "code"
    KPI = "kpi"
    PERIOD = "period"
    NUMBER = "number"
    INTEGER = "integer"
    YES_NO = "yes_no"
    CHOICE = "choice"
    UNIT = "unit"
    DAY = "day"
    MOMENT = "moment"
    LINE = "line"
    SHAPE = "shape"


NUMBERS: Final = frozenset({Type.NUMBER, Type.INTEGER})
TIMES: Final = frozenset({Type.DAY, Type.MOMENT})


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: as it stands in the header; titles in the reader's language are understood too.
        required: a row without it is refused.
        unit: of its numbers, a key under `imports.unit`.
        least, most: bounds of a number, both inclusive.
        above: a bound that a number has to exceed.
        choices: codes that a choice may have, or the units that a column of units may name.
        ahead: whether a time may lie in the future.
        longest: signs of a text.
        restricted: only shown to those who may see it, and kept sealed.
    """

    name: str
    type: Type
    required: bool = False
    unit: str | None = None
    least: float | None = None
    most: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    ahead: bool = False
    longest: int = 255
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something is refused: a key under `imports.reason` and what its words hold.

    Attributes:
        column: where in the row; None speaks of the row, or of the file.
        shown: the value as the file has it.
        at: number of the row, where the fault is not of the row in hand.
    """

    code: str
    values: Mapping[str, object] = field(default_factory=dict)
    column: str | None = None
    shown: str | None = None
    at: int | None = None


class Refused(InputError):
    """A cell, a row or a file that cannot be taken.

    Attributes:
        code: a key under `imports.reason`.
        values: what its words hold.
        row: number of the row, where reading broke off.
    """

    def __init__(self, code: str, *, row: int | None = None, **values: object) -> None:
        super().__init__(code)
        self.code, self.row, self.values = code, row, values


@dataclass(frozen=True, slots=True)
class Odd:
    """A cell of a workbook that holds no plain value: a formula, an error."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Share:
    """A number that a workbook shows in per cent: 0.85 is shown as 85 %."""

    value: float


Cell = str | int | float | bool | datetime | date | Odd | Share | Mapping[str, Any] | None
"""A cell as a reader gives it."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of a file: its number there, its cells by column, and what was wrong with its form."""

    number: int
    cells: Mapping[str, Cell]
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file that was read, before its rows are judged.

    Attributes:
        format: csv, xlsx, json or geojson.
        columns: as the header names them.
        notes: what whoever imports it should know, without being a reason to refuse it.
        epoch: day 0 of a workbook's dates that came as numbers.
    """

    format: str
    columns: tuple[str, ...]
    rows: tuple[RawRow, ...]
    encoding: str | None = None
    notes: tuple[Fault, ...] = ()
    epoch: datetime | None = None


def shown(value: object) -> str:
    """A value as a refusal repeats it."""
    if isinstance(value, Odd):
        value = value.text
    elif isinstance(value, Share):
        value = f"{value.value * 100:g} %"
    elif isinstance(value, Mapping):
        value = str(value.get("type", "{}"))
    text = " ".join(str(value).split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}\N{HORIZONTAL ELLIPSIS}"
