"""The report as a workbook: report, counts, inputs, definitions. Numbers are numbers with formats; text stays text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from service import i18n
from service.reports.content import Report

Value = str | float | date | None
NUMBER: Final = "#,##0.00"
WHOLE: Final = "#,##0"
DAY: Final = "dd.mm.yyyy"
HEAD: Final = Font(bold=True)
TITLE: Final = Font(bold=True, size=14)
FILL: Final = PatternFill("solid", fgColor="E4E9EE")
WRAP: Final = Alignment(wrap_text=True, vertical="top")
TOP: Final = Alignment(vertical="top")
WIDEST: Final = 60


@dataclass(slots=True)
class Sheet:
    """A sheet that is written row by row."""

    page: Worksheet
    row: int = 0


def xlsx_bytes(report: Report) -> bytes:
    """The workbook."""
    book = Workbook()
    book.properties.title = f"{report.title}, {report.period_name}"
    book.properties.creator = "Qyran"
    book.properties.language = report.lang
    book.properties.created = report.as_of.replace(tzinfo=None)
    first = book.active
    if isinstance(first, Worksheet):
        book.remove(first)
    for name, write in (("report", _report), ("counts", _counts), ("inputs", _inputs), ("definitions", _definitions)):
        page = book.create_sheet(_t(report, f"kpi_report.sheet_{name}"))
        write(Sheet(page), report)
        page.page_setup.orientation = "landscape"
        page.page_setup.paperSize = "9"  # A4
        page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
        page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _report(sheet: Sheet, report: Report) -> None:
    for text in (report.title, f"{report.city} · {report.period_name} · {report.category}"):
        _put(sheet, [text])
    sheet.page.cell(1, 1).font = TITLE
    for text in (report.standing, report.as_of_words, report.running, *report.notes):
        if text:
            _put(sheet, [text])
    _put(sheet, [])
    for one in report.headlines:
        _put(sheet, [one.label, one.said, one.note])
    _put(sheet, [])
    head = [
        _t(report, key)
        for key in (
            "kpi_report.number", "kpi.name", "kpi_report.sphere", "kpi.value", "kpi_report.unit", "kpi.target",
            "kpi.score", "kpi_report.uncapped", "kpi_report.points", "kpi.status", "kpi.missing", "kpi_city.origin",
            "kpi_report.published_value",
        )
    ]  # fmt: skip
    _head(sheet, head)
    for line in report.lines:
        _put(
            sheet,
            [line.id, line.name, line.sphere, line.value, line.unit, line.target, line.score, line.uncapped,
             line.points, line.status, line.missing, line.origin, line.frozen],
        )  # fmt: skip
    for title, columns, rows in report.tables:
        _put(sheet, [])
        _put(sheet, [title])
        sheet.page.cell(sheet.row, 1).font = HEAD
        _head(sheet, columns, freeze=False)
        for row in rows:
            _put(sheet, row)
    _widths(sheet, (10, 48, 22, 14, 18, 16, 10, 12, 8, 24, 40, 14, 14))


def _counts(sheet: Sheet, report: Report) -> None:
    _head(sheet, [_t(report, key) for key in ("kpi_report.number", "kpi.name", "kpi_report.what", "kpi_report.count")])
    for line in report.lines:
        known: tuple[tuple[str, float | str | None], ...] = (
            (_t(report, "kpi.numerator"), line.numerator),
            (_t(report, "kpi.denominator"), line.denominator),
            (_t(report, "kpi.records"), line.n),
            *line.counts,
        )
        for what, count in known:
            if count is not None:
                _put(sheet, [line.id, line.name, what, count])
    _widths(sheet, (10, 48, 44, 16))


def _inputs(sheet: Sheet, report: Report) -> None:
    columns = ("kpi_report.number", "kpi_report.input", "kpi.value", "kpi_report.on", "kpi_report.source")
    _head(sheet, [_t(report, key) for key in columns])
    used = [one for line in report.lines for one in line.inputs]
    for one in used:
        _put(sheet, [one.kpi, one.name, one.value, one.on, one.source])
    if not used:
        _put(sheet, ["", _t(report, "kpi_report.no_inputs")])
    _widths(sheet, (10, 44, 16, 14, 50))


def _definitions(sheet: Sheet, report: Report) -> None:
    columns = (
        "kpi_report.number", "kpi.name", "kpi.version", "kpi_report.definition", "kpi_report.order_formula",
        "kpi_report.target_text",
    )  # fmt: skip
    _head(sheet, [_t(report, key) for key in columns])
    for line in report.lines:
        _put(sheet, [line.id, line.name, line.version, line.definition, line.order_formula, line.target_text])
    _widths(sheet, (10, 40, 14, 60, 50, 24))


def _head(sheet: Sheet, names: Sequence[str], *, freeze: bool = True) -> None:
    _put(sheet, [name.rstrip(":") for name in names])
    for column in range(1, len(names) + 1):
        cell = sheet.page.cell(sheet.row, column)
        cell.font, cell.fill = HEAD, FILL
    if freeze:
        sheet.page.freeze_panes = f"A{sheet.row + 1}"
        sheet.page.print_title_rows = f"{sheet.row}:{sheet.row}"


def _put(sheet: Sheet, values: Iterable[Value]) -> None:
    """A row at the end; a text is a text even where it looks like a formula or a number."""
    sheet.row += 1
    for column, value in enumerate(values, start=1):
        cell = sheet.page.cell(sheet.row, column)
        if isinstance(cell, Cell) and value is not None:
            _fill(cell, value)


def _fill(cell: Cell, value: str | float | date) -> None:
    cell.alignment = TOP
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type = "s"  # whatever it begins with
        cell.alignment = WRAP
        return
    cell.value = value
    if isinstance(value, date):
        cell.number_format = DAY
    else:
        cell.number_format = WHOLE if isinstance(value, int) else NUMBER


def _widths(sheet: Sheet, widths: Sequence[int]) -> None:
    for column, width in enumerate(widths, start=1):
        sheet.page.column_dimensions[get_column_letter(column)].width = min(WIDEST, width)


def _t(report: Report, key: str) -> str:
    return i18n.translate(report.lang, key)
