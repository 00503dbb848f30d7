"""From a cell to a value of its column's type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from kpi_catalog.catalogue import catalogue
from kpi_catalog.period import Period
from qyran.errors import InputError
from service.imports.columns import NUMBERS, Cell, Column, Fault, Odd, Refused, Share, Type, shown
from service.imports.geometry import Shape, read_shape
from service.imports.numbers import read_number, tidy

EARLIEST: Final = date(1990, 1, 1)
"""Nothing that counts today happened before it; an empty cell of a workbook often becomes 1900."""
DAYS: Final = (
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})",
    r"(?P<day>[0-9]{1,2})\.(?P<month>[0-9]{1,2})\.(?P<year>[0-9]{4})",
)
CLOCK: Final = r"[T ](?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
DAY_FORMS: Final = tuple(re.compile(day) for day in DAYS)
MOMENT_FORMS: Final = tuple(re.compile(day + CLOCK) for day in DAYS)
WITH_ZONE: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})", re.ASCII
)
CODE: Final = re.compile(r"[\w.:/№#-]{1,64}")
SERIALS: Final = (30_000.0, 80_000.0)
"""Days of a workbook between 1982 and 2119: what can be meant as a date that lost its format."""
YES: Final = frozenset({"yes", "true", "1", "+", "да", "иә", "иа", "ия", "бар", "есть"})
NO: Final = frozenset({"no", "false", "0", "-", "нет", "жоқ", "жок"})
SECOND: Final = timedelta(seconds=1)
UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    "percent": ("%", "percent", "per cent", "процент", "проценты", "процентов", "пайыз", "пайызы"),
    "percent_change": ("%", "percent_change", "% change", "процент изменения", "өзгеріс пайызы"),
    "minute": ("min", "minute", "minutes", "мин", "минут", "минута", "минуты", "мин."),
    "second": ("s", "sec", "second", "seconds", "с", "сек", "секунд", "секунда"),
    "hour": ("h", "hour", "hours", "ч", "час", "часов", "сағ", "сағат"),
    "day": ("d", "day", "days", "день", "дней", "сут", "күн"),
    "score_10": ("score_10", "score", "балл", "баллов", "балл из 10", "балл (10)", "ұпай", "10 балдан"),
    "score_5": ("score_5", "score", "балл", "баллов", "балл из 5", "ұпай"),
    "count": ("count", "pcs", "шт", "штук", "ед", "единиц", "дана", "саны"),
    "count_per_month": ("count_per_month", "count", "per month", "шт", "ед", "в месяц", "дана", "айына"),
    "count_per_year": ("count_per_year", "count", "per year", "шт", "ед", "в год", "дана", "жылына"),
    "km_per_hour": ("km/h", "kmh", "km_per_hour", "км/ч", "км/сағ"),
    "per_1000_residents": ("per_1000_residents", "на 1000 жителей", "1000 тұрғынға"),
    "per_1000_passengers": ("per_1000_passengers", "на 1000 пассажиров", "1000 жолаушыға"),
    "per_1000_places": ("per_1000_places", "на 1000 мест", "1000 орынға"),
    "per_1000_vehicles": ("per_1000_vehicles", "на 1000 машин", "1000 көлікке"),
    "per_10000_vehicles_year": ("per_10000_vehicles_year", "на 10000 машин", "на 10 000 машин", "10000 көлікке"),
    "per_million_trips": ("per_million_trips", "на 1 млн поездок", "на млн поездок", "1 млн сапарға"),
    "per_100_km": ("per_100_km", "на 100 км", "100 км-ге"),
    "norm_compliance": ("norm_compliance", "соответствие норме", "нормаға сәйкестік"),
    "vehicle": ("vehicle", "vehicles", "машин", "авто", "автомобилей", "ед", "тс", "көлік"),
    "km": ("km", "км", "kilometre", "километр", "километров", "шақырым"),
    "place": ("place", "places", "мест", "место", "орын"),
}
"""How each unit is written, the code among them."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What a cell is read with.

    Attributes:
        zone: of the city: a time without an offset is its.
        now: what lies after it lies ahead.
        epoch: day 0 of the workbook's numbers of days; None where numbers are no days.
        words: codes of choices by the words people write for them, in lower case.
    """

    zone: ZoneInfo
    now: datetime
    epoch: datetime | None
    words: Mapping[str, str]


def read_cell(cell: Cell, column: Column, reader: Reader) -> tuple[Any, Fault | None]:
    """The value of a cell, or why there is none; an empty cell is None."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        if column.required:
            return None, Fault("absent", {}, column.name)
        return None, None
    if isinstance(cell, Odd):
        return None, Fault(cell.kind, {}, column.name, shown(cell))
    try:
        if isinstance(cell, Share) and column.type not in NUMBERS:
            cell = cell.value
        return READ[column.type](cell, column, reader), None
    except Refused as error:
        return None, Fault(error.code, error.values, column.name, shown(cell))


def _text(cell: Cell, column: Column, _: Reader) -> str:
    if isinstance(cell, bool | Mapping | datetime | date):
        raise Refused("no_text")
    text = f"{cell:g}" if isinstance(cell, float) else " ".join(str(cell).split())
    if len(text) > column.longest:
        raise Refused("too_long", most=column.longest)
    if not text.isprintable():
        raise Refused("no_text")
    return text


def _code(cell: Cell, column: Column, reader: Reader) -> str:
    if isinstance(cell, float) and not cell.is_integer():
        raise Refused("no_code")
    text = str(int(cell)) if isinstance(cell, float) else _text(cell, column, reader)
    if not CODE.fullmatch(text):
        raise Refused("no_code")
    return text


def _kpi(cell: Cell, column: Column, reader: Reader) -> str:
    if isinstance(cell, datetime | date):
        raise Refused("kpi_became_date")
    number = isinstance(cell, float | int) and not isinstance(cell, bool)
    text = f"{cell:g}" if number else _text(cell, column, reader)
    if number or "," in text:  # a workbook makes 1.1 of 1.10, and writes it with a comma
        text = text.replace(",", ".")
        if f"{text}0" in catalogue().kpis:
            raise Refused("kpi_became_number", short=text, long=f"{text}0")
    if text not in catalogue().kpis:
        raise Refused("kpi_unknown")
    return text


def _period(cell: Cell, column: Column, reader: Reader) -> str:
    if isinstance(cell, datetime | date):
        raise Refused("period_became_date")
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    try:
        period = Period.parse(_text(cell, column, reader), str(reader.zone))
    except InputError:
        raise Refused("no_period") from None
    if period.end > reader.now:
        raise Refused("period_ahead" if period.start > reader.now else "period_runs")
    if period.first < EARLIEST:
        raise Refused("too_early", least=EARLIEST)
    return str(period)


def _number(cell: Cell, column: Column, _: Reader) -> float:
    percent = column.unit == "percent"
    whole = column.type is Type.INTEGER
    if isinstance(cell, Share):
        if not percent:
            raise Refused("unit_in_cell", unit="%")
        value = tidy(cell.value * 100.0)
    elif isinstance(cell, bool | Mapping | datetime | date | Odd) or cell is None:
        raise Refused("became_date" if isinstance(cell, datetime | date) else "no_number")
    else:
        value = read_number(cell, whole=whole, percent=percent) if isinstance(cell, str) else tidy(float(cell))
    if whole and not value.is_integer():
        raise Refused("not_whole")
    return in_bounds(value, column)


def in_bounds(value: float, column: Column) -> float:
    """The number, where its column can hold it.

    Raises:
        Refused: it cannot.
    """
    if column.unit == "percent" and column.most == 100 and value > 100:
        raise Refused("percent_over_100")
    if column.least is not None and value < column.least:
        raise Refused("negative" if column.least == 0 else "too_small", least=column.least)
    if column.above is not None and value <= column.above:
        raise Refused("not_above", least=column.above)
    if column.most is not None and value > column.most:
        raise Refused("too_large", most=column.most)
    return value


def _integer(cell: Cell, column: Column, reader: Reader) -> int:
    return int(_number(cell, column, reader))


def _yes_no(cell: Cell, _: Column, __: Reader) -> bool:
    if isinstance(cell, bool):
        return cell
    word = (f"{cell:g}" if isinstance(cell, float) else str(cell)).strip().casefold()
    if word in YES or word in NO:
        return word in YES
    raise Refused("no_yes_no")


def _choice(cell: Cell, column: Column, reader: Reader) -> str:
    word = str(cell).strip().casefold()
    code = word if word in column.choices else reader.words.get(word, "")
    if code not in column.choices:
        raise Refused("no_choice", choices=", ".join(column.choices))
    return code


def _unit(cell: Cell, column: Column, reader: Reader) -> str:
    word = _text(cell, column, reader).casefold()
    found = [code for code, words in UNITS.items() if word == code or word in words]
    if not found:
        raise Refused("unit_unknown")
    if not column.choices:
        return word
    right = next((code for code in found if code in column.choices), None)
    if right is None:
        raise Refused("unit_wrong", unit=column.choices[0])
    return right


def _day(cell: Cell, column: Column, reader: Reader) -> date:
    if isinstance(cell, datetime):
        if cell.time() != time():
            raise Refused("no_day")
        day = cell.date()
    elif isinstance(cell, date):
        day = cell
    elif isinstance(cell, float | int) and not isinstance(cell, bool):
        day = _from_serial(float(cell), reader).date()
    else:
        day = _by_forms(str(cell), DAY_FORMS, "no_day").date()
    _check_time(datetime.combine(day, time(), reader.zone), day, column, reader)
    return day


def _moment(cell: Cell, column: Column, reader: Reader) -> datetime:
    if isinstance(cell, datetime):
        moment = cell if cell.tzinfo else cell.replace(tzinfo=reader.zone)
    elif isinstance(cell, float | int) and not isinstance(cell, bool):
        moment = _from_serial(float(cell), reader).replace(tzinfo=reader.zone)
    elif isinstance(cell, date):
        raise Refused("no_moment")
    else:
        moment = _written(str(cell).strip(), reader)
    _check_time(moment, moment.astimezone(reader.zone).date(), column, reader)
    return moment.astimezone(UTC)


def _written(text: str, reader: Reader) -> datetime:
    if WITH_ZONE.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise Refused("no_moment") from None
    return _by_forms(text, MOMENT_FORMS, "no_moment").replace(tzinfo=reader.zone)


def _by_forms(text: str, forms: tuple[re.Pattern[str], ...], code: str) -> datetime:
    found = next((one for form in forms if (one := form.fullmatch(text.strip()))), None)
    if found is None:
        raise Refused(code)
    part = {name: int(one) for name, one in found.groupdict(default="0").items()}
    clock = part.get("hour", 0), part.get("minute", 0), part.get("second", 0)
    try:
        return datetime(part["year"], part["month"], part["day"], *clock)  # noqa: DTZ001 - the city's zone comes after
    except ValueError:
        raise Refused(code) from None


def _from_serial(value: float, reader: Reader) -> datetime:
    """The moment behind a workbook's number of days, to the second."""
    if reader.epoch is None or not SERIALS[0] <= value <= SERIALS[1]:
        raise Refused("no_day")
    return reader.epoch + timedelta(seconds=round(value * 86_400))


def _check_time(moment: datetime, day: date, column: Column, reader: Reader) -> None:
    if day < EARLIEST:
        raise Refused("too_early", least=EARLIEST)
    if not column.ahead and moment > reader.now:
        raise Refused("ahead")


def _line(cell: Cell, _: Column, __: Reader) -> Shape:
    shape = read_shape(cell)
    if not shape.lines:
        raise Refused("geometry_kind", kind="POLYGON")
    return shape


def _shape(cell: Cell, _: Column, __: Reader) -> Shape:
    return read_shape(cell)


READ: Final[Mapping[Type, Callable[[Cell, Column, Reader], Any]]] = {
    Type.TEXT: _text,
    Type.CODE: _code,
    Type.KPI: _kpi,
    Type.PERIOD: _period,
    Type.NUMBER: _number,
    Type.INTEGER: _integer,
    Type.YES_NO: _yes_no,
    Type.CHOICE: _choice,
    Type.UNIT: _unit,
    Type.DAY: _day,
    Type.MOMENT: _moment,
    Type.LINE: _line,
    Type.SHAPE: _shape,
}
