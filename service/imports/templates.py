"""A file of each kind to begin from: header, filled example, what each column holds in the reader's language."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from service import i18n
from service.i18n import LANGUAGES, Language
from service.imports.columns import NUMBERS, Cell, Column, Type
from service.imports.csv_file import COMMENT
from service.imports.judging import examples
from service.imports.kinds import Kind
from service.imports.xlsx_file import DATA_SHEET

NOTES_SHEET: Final = "notes"
WIDTH: Final = 22
HEAD: Final = PatternFill("solid", fgColor="FFE8EDF4")
TEXT_FORMAT: Final = "@"
"""Excel leaves what is typed into such a cell as it is: 1.10 stays 1.10."""


def column_note(lang: Language, column: Column) -> str:
    """What a column holds, in words."""
    choices = ", ".join(column.choices)
    words = i18n.translate(lang, f"imports.type.{column.type}", choices=choices)
    if column.unit is not None:
        words += f", {i18n.translate(lang, f'imports.unit.{column.unit}')}"
    elif column.type is Type.UNIT and column.choices:
        words += f" ({i18n.translate(lang, f'imports.unit.{column.choices[0]}')})"
    need = "required" if column.required else "optional"
    return f"{words}; {i18n.translate(lang, f'imports.{need}')}"


def write_csv(kind: Kind, lang: Language, rows: Iterable[Mapping[str, Cell]] | None = None) -> bytes:
    """A CSV as Excel opens it here: semicolons, UTF-8 with its mark; lines with # explain the columns.

    Args:
        kind: of import.
        lang: of the notes.
        rows: what it holds; None takes the example.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([f"{COMMENT} {i18n.translate(lang, f'imports.kind.{kind.name}')}"])
    for column in kind.columns:
        title = i18n.translate(lang, f"imports.column.{column.name}")
        writer.writerow([f"{COMMENT} {column.name}: {title}; {column_note(lang, column)}"])
    writer.writerow([column.name for column in kind.columns])
    for row in examples(kind, lang) if rows is None else rows:
        writer.writerow(["" if row.get(one.name) is None else _written(row[one.name]) for one in kind.columns])
    return "\ufeff".encode() + out.getvalue().encode()


def write_xlsx(kind: Kind, lang: Language, rows: Iterable[Mapping[str, Cell]] | None = None) -> bytes:
    """A workbook with the rows on its first sheet and what the columns hold on its second.

    Args:
        kind: of import.
        lang: of the notes.
        rows: what it holds; None takes the example.
    """
    book = Workbook()
    sheet: Any = book.active
    sheet.title = DATA_SHEET
    sheet.append([column.name for column in kind.columns])
    for number, column in enumerate(kind.columns, start=1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = WIDTH
        head = sheet.cell(1, number)
        head.font, head.fill = Font(bold=column.required), HEAD
        if column.type not in NUMBERS:
            sheet.column_dimensions[letter].number_format = TEXT_FORMAT
    sheet.freeze_panes = "A2"
    for at, row in enumerate(examples(kind, lang) if rows is None else rows, start=2):
        for number, column in enumerate(kind.columns, start=1):
            value = row.get(column.name)
            if value is not None:
                cell = sheet.cell(at, number)
                cell.value = (
                    value if isinstance(value, int | float) and not isinstance(value, bool) else _written(value)
                )
                if isinstance(cell.value, str):
                    cell.data_type, cell.number_format = "s", TEXT_FORMAT  # never a formula
    _notes(book.create_sheet(NOTES_SHEET), kind, lang)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def json_schema(kind: Kind) -> dict[str, Any]:
    """JSON Schema of a file of rows; cells may be texts, as in a CSV, or what JSON has for them."""
    properties = {column.name: _schema(column) for column in kind.columns}
    titles = {lang: i18n.translate(lang, f"imports.kind.{kind.name}") for lang in LANGUAGES}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"/api/v1/imports/kinds/{kind.name}/schema",
        "title": titles["en"],
        "x-title": titles,
        "description": i18n.translate("en", f"imports.about.{kind.name}"),
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "properties": properties,
            "required": [column.name for column in kind.columns if column.required],
            "additionalProperties": False,
        },
    }


def _notes(sheet: Any, kind: Kind, lang: Language) -> None:
    sheet.append([i18n.translate(lang, f"imports.kind.{kind.name}")])
    sheet.append([i18n.translate(lang, f"imports.about.{kind.name}")])
    sheet.append([])
    for column in kind.columns:
        title = i18n.translate(lang, f"imports.column.{column.name}")
        sheet.append([column.name, title, column_note(lang, column)])
    for letter, width in (("A", WIDTH), ("B", 1.5 * WIDTH), ("C", 4 * WIDTH)):
        sheet.column_dimensions[letter].width = width
    sheet["A1"].font = Font(bold=True)
    for row in sheet.iter_rows(min_row=4, min_col=3, max_col=3):
        row[0].alignment = Alignment(wrap_text=True, vertical="top")


def _written(value: Cell) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else str(value)


def _schema(column: Column) -> dict[str, Any]:
    said: dict[str, Any] = {
        "title": i18n.translate("en", f"imports.column.{column.name}"),
        "description": column_note("en", column),
        "type": _types(column),
    }
    if column.type is Type.CHOICE:
        said["examples"] = list(column.choices)
    if column.type in NUMBERS:
        bounds = (("minimum", column.least), ("maximum", column.most), ("exclusiveMinimum", column.above))
        said |= {name: value for name, value in bounds if value is not None}
    if column.type in {Type.TEXT, Type.CODE}:
        said["maxLength"] = column.longest
    return said


def _types(column: Column) -> Sequence[str]:
    own = {
        Type.NUMBER: ("number",),
        Type.INTEGER: ("integer",),
        Type.YES_NO: ("boolean",),
        Type.CODE: ("integer",),
        Type.LINE: ("object",),
        Type.SHAPE: ("object",),
    }
    return ["string", *own.get(column.type, ()), *(() if column.required else ("null",))]
