from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date

import jsonschema
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.i18n import LANGUAGES
from service.imports.judging import examples, header_words
from service.imports.kinds import KINDS
from service.imports.kinds.base import NOTE
from service.imports.reading import read_table
from service.imports.templates import json_schema, write_csv, write_xlsx
from tests.service.imports.bring import CONTEXT, GOOD, as_file, codes, judged

WRITERS = {"csv": write_csv, "xlsx": write_xlsx}
EVERYTHING = replace(
    CONTEXT,
    as_of=date(2026, 11, 22),
    cameras=frozenset({"abay-12", "dostyk-5"}),
    objects=frozenset({"UTO-17", "UTO-18"}),
)


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_an_untouched_template_is_never_imported(kind, lang, form):
    found = judged(kind, WRITERS[form](KINDS[kind], lang), EVERYTHING)
    assert {one.code for one in found.refusals} == {"example"}
    assert found.rows == ()


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_example_would_be_taken_without_its_mark(kind, form):
    rows = [{name: value for name, value in one.items() if name != NOTE.name} for one in examples(KINDS[kind], "kk")]
    found = judged(kind, WRITERS[form](KINDS[kind], "kk", rows), EVERYTHING)
    assert codes(found) == []
    assert len(found.rows) == len(rows)


@pytest.mark.parametrize("kind", KINDS)
def test_the_workbook_explains_every_column_in_the_readers_language(kind):
    told = {}
    for lang in LANGUAGES:
        sheet = openpyxl.load_workbook(io.BytesIO(write_xlsx(KINDS[kind], lang)))["notes"]
        lines = list(sheet.iter_rows(min_row=4, values_only=True))
        assert [line[0] for line in lines] == [column.name for column in KINDS[kind].columns]
        assert all(line[1] and line[2] for line in lines)
        told[lang] = sheet["A1"].value
    assert len(set(told.values())) == len(LANGUAGES)


@pytest.mark.parametrize("kind", KINDS)
def test_titles_of_columns_are_unmistakable_in_every_language(kind):
    words = header_words(KINDS[kind])
    assert set(words.values()) == {column.name for column in KINDS[kind].columns}


WORDS = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S"], exclude_characters="\ufeff"), min_size=1, max_size=20
).map(lambda text: f"я{text}")
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.from_regex(r"[A-Za-z0-9А-Яа-яҒғҚқ]{1,12}", fullmatch=True),
            "name": WORDS,
            "length_km": st.decimals("0.001", "499.999", places=3).map(lambda one: str(one).replace(".", ",")),
        }
    ),
    min_size=1, max_size=6, unique_by=lambda row: row["id"],
)  # fmt: skip


@given(rows=ROWS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_a_template_was_filled_with_is_read_again(rows):
    read = []
    for form in ("csv", "xlsx", "json"):
        table = read_table(as_file("roads", rows, form), header_words(KINDS["roads"]))
        read.append([{name: row.cells[name] for name in ("id", "name", "length_km")} for row in table.rows])
    assert read == [rows, rows, rows]


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_holds_good_rows_and_refuses_others(kind):
    schema = json_schema(KINDS[kind])
    jsonschema.Draft202012Validator.check_schema(schema)
    row = json.loads(as_file(kind, [GOOD[kind]], "json"))
    jsonschema.validate(row, schema)
    required = next(column.name for column in KINDS[kind].columns if column.required)
    for wrong in (
        [],
        [{**GOOD[kind], "colour": "red"}],
        [{name: v for name, v in GOOD[kind].items() if name != required}],
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)
