from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from pypdf import PdfReader

from kpi_catalog.period import Period
from qyran.errors import AccessError, InputError
from qyran.roles import SYSTEM, Role
from service.i18n import LANGUAGES
from service.kpi import security_report
from service.reports.content import UsedInput, report_of
from service.reports.guard import guarded
from service.reports.making import FORMS, form_of
from service.reports.table import csv_bytes
from service.reports.words import earlier, following, period_name, period_short
from service.reports.workbook import xlsx_bytes

NB = "\N{NO-BREAK SPACE}"
NOVEMBER = Period.parse("2026-11")


@pytest.fixture
def report(world):
    world.case()
    return report_of(world.store, "sphere", NOVEMBER, "en", actor=SYSTEM)


def rows_of(data: bytes, delimiter: str) -> list[list[str]]:
    assert data.startswith("\N{BYTE ORDER MARK}".encode())
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=delimiter))


def test_csv_holds_each_kpi_with_the_reports_own_numbers(world, report):
    rows = rows_of(csv_bytes(report), ",")
    found = security_report(world.store, None, NOVEMBER)
    assert [row[0] for row in rows[1:]] == [one.kpi.id for one in found.kpis]
    values = {row[0]: row[4] for row in rows[1:]}
    for one in found.kpis:
        assert values[one.kpi.id] == ("" if one.value.value is None else repr(one.value.value))


def test_kazakh_and_russian_spreadsheets_get_a_comma_and_semicolons(report):
    line = replace(report.lines[0], value=12.5)
    (_, row) = rows_of(csv_bytes(replace(report, lang="ru", lines=(line,))), ";")
    assert row[4] == "12,5"


@pytest.mark.parametrize("text", ["=1+1", "+7", "-2", "@SUM(A1)", "\t=1", "  =cmd|' /C calc'!A0", "＝1"])
def test_what_would_run_as_a_formula_stays_text(report, text):
    assert guarded(text).startswith("'")
    used = UsedInput("9.1", text, text, None, text)
    evil = replace(report, lines=(replace(report.lines[0], name=text, inputs=(used,)),))
    (_, row) = rows_of(csv_bytes(evil), ",")
    assert row[1].startswith("'")
    book = load_workbook(io.BytesIO(xlsx_bytes(evil)))
    cells = [cell for sheet in book.worksheets for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    assert sum(cell.value == text.replace("\t", "\t") for cell in cells) >= 2


@given(st.text(max_size=40))
def test_no_guarded_text_begins_a_formula(text):
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_the_workbook_has_four_sheets_and_real_numbers(world, report):
    book = load_workbook(io.BytesIO(xlsx_bytes(replace(report, lines=(replace(report.lines[0], value=12.5),)))))
    assert book.sheetnames == ["Report", "Counts", "Inputs", "Definitions"]
    values = [cell for line in book["Report"].iter_rows() for cell in line if cell.value == 12.5]
    assert [one.number_format for one in values] == ["#,##0.00"]


@pytest.mark.parametrize("scope", ["sphere", "city"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_pdf_is_the_same_for_the_same_report_and_says_every_kpi(world, scope, lang):
    report = report_of(world.store, scope, NOVEMBER, lang, actor=SYSTEM)
    made = FORMS["pdf"].make(report)
    assert FORMS["pdf"].make(report) == made
    document = PdfReader(io.BytesIO(made))
    assert report.title in document.metadata.title
    text = " ".join(page.extract_text() for page in document.pages)
    assert len(report.lines) == (16 if scope == "sphere" else 118)
    assert all(one.id in text for one in report.lines)
    assert report.period_name in text


def test_who_reads_no_kpis_gets_no_report_and_nonsense_is_refused(world):
    with pytest.raises(AccessError):
        report_of(world.store, "sphere", NOVEMBER, "en", actor=world.person(Role.SITUATIONAL_OPERATOR))
    with pytest.raises(InputError, match="not of 'moon'"):
        report_of(world.store, "moon", NOVEMBER, "en", actor=SYSTEM)
    with pytest.raises(InputError, match="pdf, xlsx, csv"):
        form_of("docx")


@pytest.mark.parametrize(
    ("text", "english", "short"),
    [
        ("2026", "The year 2026", "2026"),
        ("2026-Q4", "Quarter 4 of 2026", "Q4 26"),
        ("2026-11", "November 2026", "Nov 26"),
        ("2026-W47", f"Week 47, 16{NB}Nov{NB}2026 – 22{NB}Nov{NB}2026", "W47"),
        ("2026-11-22", f"22{NB}Nov{NB}2026", "22 Nov"),
    ],
)  # fmt: skip
def test_a_period_has_its_name_and_its_neighbours(text, english, short):
    period = Period.parse(text)
    assert (period_name("en", period), period_short("en", period)) == (english, short)
    before = earlier(period, 3)
    assert before[-1] == period
    assert [following(one) for one in before[:-1]] == list(before[1:])
