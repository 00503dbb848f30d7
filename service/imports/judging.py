"""Row by row: what can be taken, what is refused and why. Pure: the store is asked before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from service import i18n
from service.i18n import LANGUAGES, Language
from service.imports.cells import Reader, read_cell
from service.imports.columns import Cell, Fault, RawRow, Refused, Table
from service.imports.kinds.base import EXAMPLE_WORDS, NOTE, Context, Kind, Record, Values
from service.imports.kinds.kpi_values import KPI_VALUES, suspicious

LISTED: Final = 1_000
"""Refusals that are listed; beyond it they are only counted."""
EXTRAS: Final = frozenset({"geojson"})
"""Forms whose rows may carry more than is asked: a map's features do."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that is not taken, or worth knowing.

    Attributes:
        row: number in the file; None speaks of the file.
        column, value: where, and what stands there.
        code, values: the reason, a key under `imports.reason`.
    """

    row: int | None
    column: str | None
    value: str | None
    code: str
    values: Mapping[str, object]

    def words(self, lang: Language) -> str:
        """The reason in a reader's language."""
        told = {name: _told(lang, name, value) for name, value in self.values.items()}
        return i18n.translate(lang, f"imports.reason.{self.code}", **told)

    def as_dict(self) -> dict[str, Any]:
        """For the API: all three languages."""
        said = {lang: self.words(lang) for lang in LANGUAGES}
        return {"row": self.row, "column": self.column, "value": self.value, "code": self.code, "reason": said}


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be taken.

    Attributes:
        record: what is stored.
        restricted: what is kept sealed.
    """

    number: int
    key: str
    values: Values
    record: Record
    restricted: Record


@dataclass(frozen=True, slots=True)
class Judged:
    """A file that was looked at.

    Attributes:
        count: refusals in all; `refusals` lists the first.
        refused_rows: rows that have one or more.
        notes: what does not stop the import.
    """

    rows: tuple[Row, ...]
    refusals: tuple[Refusal, ...]
    count: int
    refused_rows: int
    notes: tuple[Refusal, ...]

    @property
    def of_file(self) -> bool:
        """Whether something is wrong that no row can be left out for."""
        return any(one.row is None for one in self.refusals)


def judge(table: Table, kind: Kind, context: Context, stored: Callable[[Sequence[str]], Mapping[str, str]]) -> Judged:
    """Judge a file.

    Args:
        table: the file as it was read.
        kind: what it is to be.
        context: what is known.
        stored: which of these keys stand in the store already, and since when.
    """
    renamed, refusals = _header(table, kind)
    if refusals:
        return Judged((), tuple(refusals), len(refusals), 0, ())
    if not table.rows:
        return refused_file(Refused("empty"))
    reader = Reader(context.zone, context.now, table.epoch, words_of_choices(kind))
    rows: list[Row] = []
    bad: set[int] = set()
    first: dict[str, int] = {}
    for raw in table.rows:
        values, faults = _values(raw, kind, renamed, reader)
        if not faults:
            faults = list(kind.check(values, context))
        if not faults:
            key = kind.key(values)
            if key in first:
                faults = [Fault("duplicate_in_file", {"row": first[key]}, None, key)]
            else:
                first[key] = raw.number
                rows.append(_row(raw.number, key, values, kind, context))
        refusals += [_refusal(raw.number, fault) for fault in faults]
        if faults:
            bad.add(raw.number)
    there = stored([row.key for row in rows]) if kind.journal else {}
    refusals += [
        _refusal(r.number, Fault("duplicate_stored", {"since": there[r.key]}, None, r.key))
        for r in rows
        if r.key in there
    ]
    bad |= {row.number for row in rows if row.key in there}
    kept = [row for row in rows if row.key not in there]
    refusals += [_refusal(fault.at, fault) for fault in kind.whole([row.values for row in kept], context)]
    notes = [_refusal(None, fault) for fault in table.notes]
    if kind is KPI_VALUES:
        doubted = (row for row in kept if suspicious(row.values))
        notes += [
            _refusal(row.number, Fault("fraction_perhaps", {}, "value", f"{row.values['value']:g}")) for row in doubted
        ]
    refusals.sort(key=lambda one: (one.row is not None, one.row or 0))
    return Judged(tuple(kept), tuple(refusals[:LISTED]), len(refusals), len(bad), tuple(notes))


def refused_file(error: Refused) -> Judged:
    """A file that cannot be read."""
    only = Refusal(error.row, None, None, error.code, error.values)
    return Judged((), (replace(only, row=None, values={**error.values, "line": error.row or 0}),), 1, 0, ())


def header_words(kind: Kind) -> Mapping[str, str]:
    """Names of columns by what they may be called, in lower case."""
    return _titles(kind.name, tuple(one.name for one in kind.columns))


@cache
def _titles(_: str, names: tuple[str, ...]) -> Mapping[str, str]:
    """Names of columns by what they are called in any language."""
    found = {name.casefold(): name for name in names}
    for lang in LANGUAGES:
        for name in names:
            found.setdefault(i18n.translate(lang, f"imports.column.{name}").casefold(), name)
    return found


def words_of_choices(kind: Kind) -> Mapping[str, str]:
    """Codes of choices by their words in any language, in lower case."""
    found: dict[str, str] = {}
    for column in kind.choice_columns:
        for code in column.choices:
            for lang in LANGUAGES:
                found.setdefault(i18n.translate(lang, f"imports.choice.{code}").casefold(), code)
    return found


def _header(table: Table, kind: Kind) -> tuple[Mapping[str, str], list[Refusal]]:
    """Columns by how the file names them, and what is wrong with its header."""
    titles = _titles(kind.name, tuple(one.name for one in kind.columns))
    known = ", ".join(one.name for one in kind.columns)
    renamed: dict[str, str] = {}
    faults = []
    for given in table.columns:
        name = titles.get(" ".join(given.split()).casefold())
        if name is None:
            if table.format not in EXTRAS:
                faults.append(Fault("column_unknown", {"columns": known}, None, given))
        elif name in renamed.values():
            faults.append(Fault("column_twice", {}, name, given))
        else:
            renamed[given] = name
    present = set(renamed.values())
    if table.columns or not table.rows:
        absent = [one.name for one in kind.columns if one.required and one.name not in present]
        faults += [Fault("column_absent", {}, name) for name in absent]
    return renamed, [_refusal(None, fault) for fault in faults]


def _values(raw: RawRow, kind: Kind, renamed: Mapping[str, str], reader: Reader) -> tuple[dict[str, Any], list[Fault]]:
    if raw.fault is not None:
        return {}, [raw.fault]
    cells: dict[str, Cell] = {there: raw.cells.get(here) for here, there in renamed.items()}
    note = cells.get(NOTE.name)
    if isinstance(note, str) and note.strip().casefold() in EXAMPLE_WORDS:
        return {}, [Fault("example", {}, NOTE.name, note)]
    values: dict[str, Any] = {}
    faults = []
    for column in kind.columns:
        values[column.name], fault = read_cell(cells.get(column.name), column, reader)
        if fault is not None:
            faults.append(fault)
    return values, faults


def _row(number: int, key: str, values: Values, kind: Kind, context: Context) -> Row:
    record = kind.record(values, context)
    restricted = {name: record.pop(name) for name in kind.restricted if name in record}
    return Row(number, key, values, record, restricted)


def _refusal(row: int | None, fault: Fault) -> Refusal:
    return Refusal(row, fault.column, fault.shown, fault.code, fault.values)


def _told(lang: Language, name: str, value: object) -> object:
    """A value of a reason in words: units and columns have titles, dates and numbers a form."""
    for values, prefix in (("unit", "imports.unit"), ("before", "imports.column")):
        if name == values and i18n.has(lang, f"{prefix}.{value}"):
            return i18n.translate(lang, f"{prefix}.{value}")
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if not isinstance(value, int) else value


def examples(kind: Kind, lang: Language) -> Iterable[Mapping[str, Cell]]:
    """The template's rows, marked so that they cannot be imported by mistake."""
    mark = i18n.translate(lang, "imports.example")
    for one in kind.examples:
        yield {**one, NOTE.name: mark}
