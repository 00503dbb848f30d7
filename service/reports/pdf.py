"""The report as PDF/A: set by typst with the fonts it carries, the same bytes for the same report."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC
from pathlib import Path
from typing import Any, Final

import typst

from service import i18n
from service.reports.content import Line, Report

TEMPLATE: Final = Path(__file__).with_name("report.typ")


def pdf_bytes(report: Report) -> bytes:
    """The report."""
    with tempfile.TemporaryDirectory(prefix="qyran-report-") as name:
        folder = Path(name)
        (folder / "report.typ").write_bytes(TEMPLATE.read_bytes())
        (folder / "data.json").write_text(json.dumps(_data(report), ensure_ascii=False), encoding="utf-8")
        pdf: bytes = typst.compile(
            folder / "report.typ",
            root=folder,
            ignore_system_fonts=True,
            pdf_standards="a-2b",
            timestamp=int(report.as_of.timestamp()),
        )
    return pdf


def _data(report: Report) -> dict[str, Any]:
    """Everything the template shows, as finished text."""
    at = report.as_of.astimezone(UTC)

    def t(key: str) -> str:
        return i18n.translate(report.lang, key).rstrip(":")

    groups: dict[str, list[dict[str, Any]]] = {}
    for one in report.lines:
        groups.setdefault(one.initiative if report.scope == "sphere" else one.sphere, []).append(_line(report, one))
    return {
        "lang": report.lang,
        "title": report.title,
        "subtitle": f"{report.city} · {report.period_name} · {report.category}",
        "file": report.name,
        "at": [at.year, at.month, at.day, at.hour, at.minute, at.second],
        "standing": report.standing,
        "as_of": report.as_of_words,
        "running": report.running,
        "notes": list(report.notes),
        "headlines": [{"label": one.label, "said": one.said, "note": one.note} for one in report.headlines],
        "charts": [{"title": title, "svg": svg} for title, svg in report.charts],
        "head": [
            t(key) for key in ("kpi_report.number", "kpi.name", "kpi.value", "kpi.target", "kpi.score", "kpi.status")
        ],
        "trend": t("kpi_console.trend") if any(one.spark for one in report.lines) else None,
        "missing": t("kpi.missing"),
        "groups": [{"title": title, "rows": rows} for title, rows in groups.items()],
        "tables": [
            {"title": title, "head": list(columns), "rows": [list(row) for row in rows]}
            for title, columns, rows in report.tables
        ],
        "inputs": {
            "title": t("kpi_report.sheet_inputs"),
            "head": [
                t(key)
                for key in ("kpi_report.number", "kpi_report.input", "kpi.value", "kpi_report.on", "kpi_report.source")
            ],
            "none": t("kpi_report.no_inputs"),
            "rows": [
                [
                    one.kpi,
                    one.name,
                    i18n.number(report.lang, one.value) if isinstance(one.value, int | float) else one.value or "",
                    i18n.day(report.lang, one.on) if one.on else "",
                    one.source,
                ]
                for line in report.lines
                for one in line.inputs
            ],
        },
        "definitions": {
            "title": t("kpi_report.sheet_definitions"),
            "rows": [
                {"id": one.id, "name": one.name, "text": one.definition, "version": one.version} for one in report.lines
            ]
            if report.scope == "sphere"
            else [],
        },
    }


def _line(report: Report, one: Line) -> dict[str, Any]:
    parts = ""
    if one.numerator is not None and one.denominator is not None:
        numbers = {
            "numerator": i18n.number(report.lang, one.numerator),
            "denominator": i18n.number(report.lang, one.denominator),
        }
        parts = i18n.translate(report.lang, "kpi.ratio", **numbers)
    frozen = ""
    if one.frozen is not None and one.frozen != one.value:
        frozen = i18n.translate(report.lang, "kpi_console.published_value", value=i18n.number(report.lang, one.frozen))
    return {
        "id": one.id,
        "name": one.name,
        "value": one.shown,
        "parts": parts,
        "frozen": frozen,
        "target": one.target,
        "score": "" if one.score is None else i18n.number(report.lang, one.score, 2),
        "share": one.score or 0.0,
        "scored": one.score is not None,
        "status": one.status,
        "missing": one.missing,
        "perverse": i18n.translate(report.lang, "kpi_console.perverse") if one.perverse else "",
        "spark": one.spark,
    }
