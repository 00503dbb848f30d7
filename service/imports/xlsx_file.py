"""Workbooks of Excel: opened only when nothing in them can do harm, values read, formulas never believed."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from warnings import catch_warnings, simplefilter

import openpyxl
from openpyxl.cell.read_only import EmptyCell

from service.imports.columns import Cell, Fault, Odd, RawRow, Refused, Share, Table

MOST_PARTS: Final = 1_000
MOST_UNPACKED: Final = 128 << 20
"""Bytes of all parts together; a workbook of 200,000 rows has some 60 MiB."""
MOST_RATIO: Final = 150
"""Unpacked to packed of one part of a MiB or more; sheets of real figures pack some ten to thirty times."""
RATIO_FROM: Final = 1 << 20
MOST_COLUMNS: Final = 100
CHUNK: Final = 1 << 16
OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
DATA_SHEET: Final = "data"
FORBIDDEN: Final = ("vbaProject", "macrosheets/", "externalLinks/", "activeX/", "embeddings/", "ctrlProps/")
"""Parts that carry programs, or fetch what stands elsewhere."""
HIDDEN: Final = re.compile(rb'<(?:\w+:)?(row|col)\b[^>]*\bhidden="(?:1|true)"')


def read_xlsx(data: bytes, most_rows: int) -> Table:
    """The rows of the first visible sheet, or of the one called data.

    Raises:
        Refused: it is no workbook, is a dangerous one, or too long.
    """
    if data.startswith(OLD_EXCEL):
        raise Refused("xls_old")
    with _opened(data) as archive:
        _check(archive)
        book = _book(data)
        try:
            visible = [one for one in book.worksheets if one.sheet_state == "visible"]
            if not visible:
                raise Refused("no_sheet")
            sheet = next((one for one in visible if one.title.casefold() == DATA_SHEET), visible[0])
            notes = _notes(archive, book, visible, sheet)
            return _table(sheet, notes, book.epoch, most_rows)
        finally:
            book.close()


def _opened(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError):
        raise Refused("no_xlsx") from None


def _check(archive: zipfile.ZipFile) -> None:
    """Nothing that unpacks without end, runs, or fetches; no entities in its XML."""
    parts = archive.infolist()
    names = {one.filename for one in parts}
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names or len(names) != len(parts):
        raise Refused("no_xlsx")
    if any(mark in name for name in names for mark in FORBIDDEN):
        raise Refused("macros")
    if len(parts) > MOST_PARTS:
        raise Refused("zip_bomb")
    total = 0
    for one in parts:
        if one.flag_bits & 1:
            raise Refused("encrypted")
        size = _unpacked(archive, one, MOST_UNPACKED - total)
        total += size
        if size > RATIO_FROM and size > MOST_RATIO * max(one.compress_size, 1):
            raise Refused("zip_bomb")
    if b"macroEnabled" in archive.read("[Content_Types].xml"):
        raise Refused("macros")


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> int:
    """Bytes of a part, counted while they come and not believed from its head."""
    size, tail = 0, b""
    try:
        with archive.open(part) as stream:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > most:
                    raise Refused("zip_bomb")
                if part.filename.endswith((".xml", ".rels", ".vml")):
                    seen = (tail + chunk).replace(b"\x00", b"")  # UTF-16 too
                    if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
                        raise Refused("xml_entities")
                    tail = chunk[-16:]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError):
        raise Refused("no_xlsx") from None
    except RuntimeError:  # it wants a password
        raise Refused("encrypted") from None
    return size


def _book(data: bytes) -> Any:
    try:
        with catch_warnings():
            simplefilter("ignore")  # styles and extensions that openpyxl does not know
            return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except Exception as error:  # openpyxl raises whatever its XML parser, zip or types do
        raise Refused("no_xlsx") from error


def _notes(archive: zipfile.ZipFile, book: Any, visible: list[Any], sheet: Any) -> tuple[Fault, ...]:
    """What is in the workbook and not seen in it, or seen in it and not read."""
    found = []
    hidden = [one.title for one in book.worksheets if one.sheet_state != "visible"]
    if hidden:
        found.append(Fault("sheets_hidden", {"names": ", ".join(hidden)[:120]}))
    unread = [one.title for one in visible if one is not sheet and one.title.casefold() != "notes"]
    if unread:
        found.append(Fault("sheets_unread", {"names": ", ".join(unread)[:120], "sheet": sheet.title}))
    kinds = {one[1] for one in HIDDEN.finditer(archive.read(sheet._worksheet_path))}  # noqa: SLF001 - no public way
    if kinds:
        found.append(Fault("rows_hidden"))
    return tuple(found)


def _table(sheet: Any, notes: tuple[Fault, ...], epoch: datetime, most_rows: int) -> Table:
    sheet.reset_dimensions()  # what a workbook says of its size may be wrong
    names: list[str] = []
    rows: list[RawRow] = []
    for number, values in _lines(sheet):
        if all(one is None for one in values) or str(values[0]).startswith("#"):
            continue
        if not names:
            names = ["" if one is None else " ".join(str(one).split()) for one in values]
            while names and not names[-1]:
                names.pop()
            continue
        if len(rows) >= most_rows:
            raise Refused("too_many_rows", most=most_rows)
        rows.append(_row(number, names, values))
    return Table("xlsx", tuple(names), tuple(rows), None, notes, epoch)


def _lines(sheet: Any) -> Iterator[tuple[int, list[Cell]]]:
    lines = enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1)
    while True:
        try:
            number, cells = next(lines)
        except StopIteration:
            return
        except Exception as error:  # see `_book`
            raise Refused("no_xlsx") from error
        yield number, [_cell(one) for one in cells]


def _row(number: int, names: list[str], values: list[Cell]) -> RawRow:
    while values and values[-1] is None:
        values.pop()
    if len(values) > len(names):
        return RawRow(number, {}, Fault("cells_many", {"cells": len(values), "columns": len(names)}))
    padded = [*values, *[None] * (len(names) - len(values))]
    return RawRow(number, dict(zip(names, padded, strict=True)))


def _cell(cell: Any) -> Cell:
    """What a cell holds, as it was typed."""
    value = None if isinstance(cell, EmptyCell) else cell.value
    match value:
        case None:
            return None
        case _ if cell.data_type == "f":
            value = Odd("formula", str(getattr(value, "text", value)) or "=")
        case _ if cell.data_type == "e":
            value = Odd("cell_error", str(value))
        case timedelta() | time():
            value = Odd("no_plain_time", str(value))
        case str():
            value = value if value.strip() else None
        case int() | float() if not isinstance(value, bool):
            shares = str(cell.number_format or "").rstrip().endswith("%")
            value = Share(float(value)) if shares else float(value)
    return value if isinstance(value, str | bool | float | datetime | date | Odd | Share | None) else str(value)
