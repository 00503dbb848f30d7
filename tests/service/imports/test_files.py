from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime

import openpyxl
import pytest

from service.imports import csv_file, reading, xlsx_file
from service.imports.columns import Refused
from service.imports.csv_file import decoded
from service.imports.judging import header_words
from service.imports.kinds import KINDS
from service.imports.reading import read_table
from tests.service.imports.bring import GOOD, as_file, codes, judged

ROADS = "id;name;length_km\nR-1;Әуезов көшесі, Ұлы Дала;8,4\n"
RUSSIAN = "id;name;length_km\nR-1;Улица Гагарина;8,4\n"


def names_of(data: bytes) -> list[str]:
    return [row.values["name"] for row in judged("roads", data).rows]


ENCODINGS = {
    "utf-8": (ROADS.encode(), "UTF-8"),
    "utf-8 with its mark": (b"\xef\xbb\xbf" + ROADS.encode(), "UTF-8"),
    "windows-1251": (RUSSIAN.encode("cp1251"), "Windows-1251"),
    "kazakh windows-1251": (ROADS.encode("kz1048"), "Windows-1251"),
    "utf-16": (ROADS.encode("utf-16"), "UTF-16"),
}


@pytest.mark.parametrize(("data", "name"), ENCODINGS.values(), ids=ENCODINGS)
def test_the_encoding_is_found(data, name):
    assert decoded(data)[1] == name
    assert names_of(data) in (["Әуезов көшесі, Ұлы Дала"], ["Улица Гагарина"])


DELIMITED = {
    "semicolon": "id;name;length_km\nR-1;Абай, 1;8,4\n",
    "comma": 'id,name,length_km\nR-1,"Абай, 1","8,4"\n',
    "tab": "id\tname\tlength_km\nR-1\tАбай, 1\t8,4\n",
    "bar": "id|name|length_km\nR-1|Абай, 1|8,4\n",
    "named by Excel": "sep=;\r\nid;name;length_km\r\nR-1;Абай, 1;8,4\r\n",
    "titles in Russian": "Номер;Название;Длина, км\nR-1;Абай, 1;8,4\n",
    "titles in Kazakh": "Нөмірі;Атауы;Ұзындығы, км\n\nR-1;Абай, 1;8,4;;\n",
    "empty lines and notes": "# жолдар\n\nid;name;length_km\n\n;;\nR-1;Абай, 1;8,4\n# соңы\n",
}


@pytest.mark.parametrize("text", DELIMITED.values(), ids=DELIMITED)
def test_the_delimiter_is_found(text):
    (row,) = judged("roads", text.encode()).rows
    assert (row.values["name"], row.values["length_km"]) == ("Абай, 1", 8.4)
    assert text.splitlines()[row.number - 1].startswith("R-1")


UNREADABLE = {
    "nothing": ("", "empty"),
    "a header alone": ("id;name;length_km\n", "empty"),
    "unknown column": ("id;name;length_km;width\nR-1;a;1;2\n", "column_unknown"),
    "column twice": ("id;id;name;length_km\nR-1;R-1;a;1\n", "column_twice"),
    "column absent": ("id;length_km\nR-1;1\n", "column_absent"),
    "open quotation": ('id;name;length_km\nR-1;"Абай;1\n', "no_csv"),
    "a picture": (b"\x89PNG\r\n\x1a\n....", "no_format"),
    "bytes": (b"id;name\x00\x01\x02\n\xff\xfe\x98", "no_encoding"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "xls_old"),
    "a torn workbook": (b"PK\x03\x04" + bytes(50), "no_xlsx"),
    "torn json": ('[{"id": "R-1"', "no_json"),
    "json of one number": ("[1]", "no_row"),
    "json of no rows": ('{"rows": 3}', "no_rows"),
    "nested cell": ('[{"id": "R-1", "name": ["a"], "length_km": 1}]', "no_cell"),
    "name twice": ('[{"id": "R-1", "id": "R-2"}]', "name_twice"),
    "not a number": ('[{"id": "R-1", "name": "a", "length_km": NaN}]', "no_json_number"),
    "deep json": ("[" * 100_000, "too_deep"),
    "a line parted by a decimal comma": ("id,name,length_km\nR-1,Abay,8,4\n", "decimal_parted"),
    "too many cells": ("id;name;length_km\nR-1;Абай;8;4\n", "cells_many"),
}


@pytest.mark.parametrize(("data", "code"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_says_why(data, code):
    found = judged("roads", data.encode() if isinstance(data, str) else data)
    assert [one.code for one in found.refusals][:1] == [code]
    assert found.rows == ()


def test_a_cell_too_many_is_refused_with_its_row_and_the_others_are_read():
    found = judged("roads", b"id,name,length_km\nR-1,Abay,8,4\nR-2,Dostyk,3\n")
    assert codes(found) == [(2, None, "decimal_parted")]
    assert found.refusals[0].value == "8,4"
    assert [row.key for row in found.rows] == ["R-2"]


def test_json_lines_and_an_object_with_rows_are_read_too():
    rows = [GOOD["roads"], GOOD["roads"] | {"id": "R-2", "length_km": 3.5}]
    lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in rows)
    for text in (lines, json.dumps({"rows": rows})):
        assert [row.key for row in judged("roads", text.encode()).rows] == ["R-1", "R-2"]


def test_a_map_of_roads_is_read_with_what_else_it_says():
    line = {"type": "LineString", "coordinates": [[76.90, 43.24], [76.92, 43.24]]}
    feature = {"type": "Feature", "properties": {"id": "R-1", "name": "Абай", "surface": "asphalt"}, "geometry": line}
    (row,) = judged("roads", json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()).rows
    assert row.record["length_km"] == pytest.approx(1.624, abs=0.01)


def test_more_rows_or_bytes_than_may_be_are_refused(monkeypatch):
    monkeypatch.setattr(reading, "MOST_ROWS", 1)
    rows = [GOOD["roads"], GOOD["roads"] | {"id": "R-2"}]
    for form in ("csv", "xlsx", "json"):
        assert judged("roads", as_file("roads", rows, form)).refusals[0].code == "too_many_rows"
    monkeypatch.setattr(reading, "MOST_BYTES", 10)
    assert judged("roads", as_file("roads", rows, "csv")).refusals[0].code == "file_large"


def test_a_very_long_cell_ends_in_a_sentence():
    text = "id;name;length_km\nR-1;" + "a" * (csv_file.LONGEST_FIELD + 1) + ";1\n"
    assert judged("roads", text.encode()).refusals[0].code == "no_csv"


# workbooks


def workbook(change=None, kind: str = "roads", rows=None) -> bytes:
    """The good row as a workbook somebody worked on."""
    book = openpyxl.load_workbook(io.BytesIO(as_file(kind, rows or [GOOD[kind]], "xlsx")))
    if change is not None:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(data: bytes, name: str, content: bytes, *, replace: bool = False) -> bytes:
    """A workbook with one part more, or another one."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.namelist():
            if not (replace and one == name):
                new.writestr(one, old.read(one))
        new.writestr(name, content)
    return out.getvalue()


def set_cell(name: str, value: object, form: str | None = None):
    def change(book) -> None:
        cell = book["data"][name]
        cell.value = value
        if form is not None:
            cell.number_format = form

    return change


CELLS = {
    "formula": (set_cell("D2", "=1+1", "General"), (2, "length_km", "formula")),
    "error": (set_cell("D2", "#DIV/0!", "General"), (2, "length_km", "cell_error")),
    "date for a number": (set_cell("D2", datetime(2026, 4, 8), "dd.mm.yyyy"), (2, "length_km", "became_date")),  # noqa: DTZ001
    "per cent for kilometres": (set_cell("D2", 0.84, "0%"), (2, "length_km", "unit_in_cell")),
    "a cell beyond the header": (set_cell("M2", "?"), (2, None, "cells_many")),
}


@pytest.mark.parametrize(("change", "wanted"), CELLS.values(), ids=CELLS)
def test_a_cell_of_a_workbook_is_refused_as_it_stands(change, wanted):
    assert codes(judged("roads", workbook(change))) == [wanted]


def test_a_number_that_excel_made_of_a_kpi_is_refused_where_it_is_two_things():
    day = datetime(2026, 10, 1)  # noqa: DTZ001
    for value, form, code in (
        (1.1, "General", "kpi_became_number"), (day, "dd.mm.yyyy", "kpi_became_date"), (99.0, "General", "kpi_unknown"),
    ):  # fmt: skip
        found = judged("kpi_values", workbook(set_cell("A2", value, form), "kpi_values"))
        assert found.refusals[0].code == code
    (row,) = judged("kpi_values", workbook(set_cell("A2", 2.2, "General"), "kpi_values")).rows
    assert row.values["kpi_id"] == "2.2"


def test_days_that_lost_their_format_are_days_again():
    serial = (datetime(2026, 11, 2, 14, 5, 10) - datetime(1899, 12, 30)).total_seconds() / 86_400  # noqa: DTZ001
    data = workbook(set_cell("B2", serial, "General"), "fire_calls", [GOOD["fire_calls"] | {"departed": None}])
    (row,) = judged("fire_calls", data).rows
    assert row.record["t_call_received"] == "2026-11-02T09:05:10+00:00"
    small = workbook(set_cell("B2", 12.0, "General"), "fire_calls")
    assert codes(judged("fire_calls", small)) == [(2, "received", "no_day")]


def test_hidden_sheets_are_not_read_and_hidden_rows_are_pointed_out():
    def hide(book) -> None:
        book.create_sheet("secret").sheet_state = "veryHidden"
        book.create_sheet("more")
        book["data"].row_dimensions[2].hidden = True

    found = judged("roads", workbook(hide))
    assert [one.code for one in found.notes] == ["sheets_hidden", "sheets_unread", "rows_hidden"]
    assert len(found.rows) == 1


def bomb() -> bytes:
    return with_part(workbook(), "xl/media/more.bin", bytes(40 << 20))


PLAIN = b'<?xml version="1.0"?><worksheet/>'
ENTITIES = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "cc">]><worksheet>&b;</worksheet>'
DANGEROUS = {
    "a bomb": (bomb, "zip_bomb"),
    "macros": (lambda: with_part(workbook(), "xl/vbaProject.bin", b"x"), "macros"),
    "links to elsewhere": (lambda: with_part(workbook(), "xl/externalLinks/externalLink1.xml", PLAIN), "macros"),
    "entities": (lambda: with_part(workbook(), "xl/worksheets/sheet1.xml", ENTITIES, replace=True), "xml_entities"),
    "entities in UTF-16": (
        lambda: with_part(workbook(), "xl/sharedStrings.xml", ENTITIES.decode().encode("utf-16"), replace=True),
        "xml_entities",
    ),
    "no workbook at all": (lambda: with_part(b"PK\x05\x06" + bytes(18), "a.txt", b"x"), "no_xlsx"),
    "a broken sheet": (lambda: with_part(workbook(), "xl/worksheets/sheet1.xml", b"<a><b>", replace=True), "no_xlsx"),
}


@pytest.mark.parametrize(("make", "code"), DANGEROUS.values(), ids=DANGEROUS)
def test_a_dangerous_workbook_is_not_opened(make, code):
    with pytest.raises(Refused) as refused:
        read_table(make(), header_words(KINDS["roads"]))
    assert refused.value.code == code


def test_a_workbook_that_lies_about_its_size_is_counted_while_it_unpacks(monkeypatch):
    monkeypatch.setattr(xlsx_file, "MOST_UNPACKED", 2_000)
    assert judged("roads", workbook()).refusals[0].code == "zip_bomb"
