"""The report as CSV: UTF-8 with a byte order mark, RFC 4180, numbers as numbers, no cell that runs as a formula."""

from __future__ import annotations

import csv
import io
from typing import Final

from service import i18n
from service.reports.content import Report
from service.reports.guard import guarded

MARK: Final = "\N{BYTE ORDER MARK}"
COLUMNS: Final = (
    "kpi_report.number", "kpi.name", "kpi_report.sphere", "kpi_report.initiative", "kpi.value", "kpi_report.unit",
    "kpi.numerator", "kpi.denominator", "kpi.records", "kpi.target", "kpi.score", "kpi_report.uncapped",
    "kpi_report.points", "kpi.status", "kpi.missing", "kpi_city.origin", "kpi.version", "kpi_report.published_value",
)  # fmt: skip


def csv_bytes(report: Report) -> bytes:
    """One line a KPI. Kazakh and Russian readers get a decimal comma and semicolons, as their spreadsheets expect."""
    comma = report.lang != "en"
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if comma else ",", lineterminator="\r\n")
    writer.writerow([guarded(i18n.translate(report.lang, key).rstrip(":")) for key in COLUMNS])
    for one in report.lines:
        cells: tuple[str | float | None, ...] = (
            one.id, one.name, one.sphere, one.initiative, one.value, one.unit, one.numerator, one.denominator, one.n,
            one.target, one.score, one.uncapped, one.points, one.status, one.missing, one.origin, one.version,
            one.frozen,
        )  # fmt: skip
        writer.writerow([_cell(cell, comma=comma) for cell in cells])
    return (MARK + out.getvalue()).encode()


def _cell(value: str | float | None, *, comma: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(value)
    text = repr(value)
    return text.replace(".", ",") if comma else text
