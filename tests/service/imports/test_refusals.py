from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from service.i18n import LANGUAGES
from service.imports.kinds import KINDS
from tests.service.imports.bring import CONTEXT, FORMS, GOOD, as_file, codes, judged

REFUSED = {
    # a wrong unit
    "unit": ("kpi_values", {"unit": "мин"}, "unit", "unit_wrong"),
    "unit unknown": ("kpi_values", {"unit": "аршин"}, "unit", "unit_unknown"),
    "unit absent": ("kpi_values", {"unit": None}, "unit", "absent"),
    "unit in the cell": ("roads", {"length_km": "8400 м"}, "length_km", "unit_in_cell"),
    "unit of a register": ("roads", {"unit": "мин"}, "unit", "unit_wrong"),
    "unit of the norm": ("fire_norm", {"unit": "сек"}, "unit", "unit_wrong"),
    # per cent, impossible numbers
    "percent over 100": ("kpi_values", {"value": "100,5"}, "value", "percent_over_100"),
    "numerator over denominator": (
        "kpi_values", {"value": None, "numerator": "12", "denominator": "10"}, "value", "percent_over_100",
    ),
    "negative": ("kpi_values", {"value": "-1"}, "value", "negative"),
    "no denominator": ("kpi_values", {"value": None, "numerator": "12"}, "denominator", "part_absent"),
    "denominator 0": ("kpi_values", {"value": None, "numerator": "0", "denominator": "0"}, "denominator", "not_above"),
    "ratio differs": ("kpi_values", {"numerator": "1", "denominator": "2"}, "value", "parts_disagree"),
    "no value": ("kpi_values", {"value": None}, "value", "absent"),
    "two forms": ("kpi_values", {"base": "1", "fact": "2"}, "base", "forms_two"),
    "base of a share": ("kpi_values", {"value": None, "base": "1", "fact": "2"}, "base", "base_not_here"),
    "vehicles 0": ("registered_vehicles", {"vehicles": "0"}, "vehicles", "not_above"),
    "vehicles beyond all": ("registered_vehicles", {"vehicles": "612 345 000"}, "vehicles", "too_large"),
    "half a vehicle": ("registered_vehicles", {"vehicles": "612345,5"}, "vehicles", "decimal_in_count"),
    "road without length": ("roads", {"length_km": None}, "length_km", "length_or_line"),
    "road and line differ": (
        "roads", {"geometry": "LINESTRING (76.90 43.24, 76.91 43.24)"}, "length_km", "length_disagrees",
    ),
    "norm of hours": ("fire_norm", {"minutes": "600"}, "minutes", "too_large"),
    "score beyond": ("kpi_values", {"kpi_id": "2.3", "unit": "балл", "value": "11"}, "value", "too_large"),
    "words": ("registered_vehicles", {"vehicles": "н/д"}, "vehicles", "no_number"),
    # decimal commas
    "comma and point": ("roads", {"length_km": "1.234,5"}, "length_km", "decimal_mixed"),
    "two commas": ("roads", {"length_km": "1,234,5"}, "length_km", "decimal_twice"),
    "comma for thousands": ("registered_vehicles", {"vehicles": "612,345"}, "vehicles", "decimal_in_count"),
    "spaces anywhere": ("roads", {"length_km": "1 2,5"}, "length_km", "bad_grouping"),
    # time
    "date ahead": ("fire_calls", {"received": "2026-11-23 14:05", "departed": None}, "received", "ahead"),
    "period ahead": ("kpi_values", {"period": "2027-01"}, "period", "period_ahead"),
    "period runs": ("kpi_values", {"period": "2026-11"}, "period", "period_runs"),
    "no period": ("kpi_values", {"period": "ноябрь"}, "period", "no_period"),
    "after the day of the file": (
        "fire_calls", {"received": "2026-11-21 14:05", "departed": None}, "received", "after_as_of",
    ),
    "before all": ("fire_calls", {"received": "1900-01-01 00:00"}, "received", "too_early"),
    "month first": ("payments", {"covers_from": "10/31/2026"}, "covers_from", "no_day"),
    "departed before received": ("fire_calls", {"departed": "2026-11-02 14:00"}, "departed", "time_order"),
    "arrived after days": ("ambulance_arrivals", {"arrived": "2026-11-04 10:09"}, "arrived", "time_long"),
    "span turned": ("payments", {"covers_until": "2026-09-30"}, "covers_until", "time_order"),
    # what does not exist
    "kpi unknown": ("kpi_values", {"kpi_id": "9.99"}, "kpi_id", "kpi_unknown"),
    "kpi computed here": ("kpi_values", {"kpi_id": "9.1"}, "kpi_id", "kpi_computed"),
    "category unknown": ("kpi_values", {"category": "village"}, "category", "no_choice"),
    "category of another city": ("kpi_values", {"category": "republican"}, "category", "category_other"),
    "road class unknown": ("roads", {"road_class": "канал"}, "road_class", "no_choice"),
    "closing code unknown": ("fire_calls", {"closing_code": "пир"}, "closing_code", "no_choice"),
    "object unknown": ("fire_calls", {"object_id": "UTO-99"}, "object_id", "object_unknown"),
    "object of a sensor unknown": ("sensors", {"object_id": "UTO-99"}, "object_id", "object_unknown"),
    "camera unknown": ("camera_coverage", {"camera_id": "dostyk-5"}, "camera_id", "camera_unknown"),
    "neither yes nor no": ("public_transport_stops", {"video": "может быть"}, "video", "no_yes_no"),
    # geometry
    "latitude first": (
        "camera_coverage", {"geometry": "LINESTRING (43.24 76.90, 43.24 76.91)"}, "geometry", "coordinates_swapped",
    ),
    "elsewhere": ("camera_coverage", {"geometry": "LINESTRING (10 50, 10 51)"}, "geometry", "coordinates_outside"),
    "no geometry": ("camera_coverage", {"geometry": "улица Абая"}, "geometry", "no_geometry"),
    "a point": ("camera_coverage", {"geometry": "POINT (76.9 43.2)"}, "geometry", "geometry_kind"),
    "a leap": ("camera_coverage", {"geometry": "LINESTRING (76.9 43.2, 78.9 43.2)"}, "geometry", "geometry_jump"),
    "half a place": ("parking_places", {"longitude": "76,9"}, "latitude", "part_absent"),
    "stop abroad": (
        "public_transport_stops", {"longitude": "10", "latitude": "50"}, "longitude", "coordinates_outside",
    ),
    # surveys
    "answers differ": ("surveys", {"n": "12"}, "n", "sum_disagrees"),
    "nobody answered": ("surveys", {"score_9": "0"}, "n", "no_answers"),
    # form
    "space in a number": ("fire_calls", {"call_id": "1 2"}, "call_id", "no_code"),
    "example": ("fire_norm", {"note": "Үлгі"}, "note", "example"),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("kind", "change", "column", "code"), REFUSED.values(), ids=REFUSED)
def test_a_row_is_refused_with_its_number_column_value_and_reason(kind, change, column, code, form):
    row = GOOD[kind] | change
    found = judged(kind, as_file(kind, [row], form))
    one = found.refusals[0]
    number = {"csv": len(KINDS[kind].columns) + 3, "xlsx": 2, "json": 1}[form]
    assert (one.row, one.column, one.code) == (number, column, code)
    assert found.rows == ()
    given = row.get(column)
    if given is not None and code not in {"part_absent", "not_above", "percent_over_100", "no_answers"}:
        assert one.value
    said = {one.words(lang) for lang in LANGUAGES}
    assert len(said) == len(LANGUAGES)
    assert not any("{" in words or "imports." in words for words in said)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_good_row_is_taken_in_every_form(kind, form):
    found = judged(kind, as_file(kind, [GOOD[kind]], form))
    assert codes(found) == []
    assert len(found.rows) == 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_row_twice_names_the_first(kind, form):
    found = judged(kind, as_file(kind, [GOOD[kind], GOOD[kind]], form))
    assert [(one.code, one.values["row"]) for one in found.refusals] == [("duplicate_in_file", found.rows[0].number)]


@pytest.mark.parametrize("kind", [name for name, one in KINDS.items() if one.journal])
def test_a_record_that_is_stored_already_is_refused(kind):
    data = as_file(kind, [GOOD[kind]], "csv")
    key = judged(kind, data).rows[0].key
    found = judged(kind, data, stored={key: "2026-11-01 10:00"})
    assert [one.code for one in found.refusals] == ["duplicate_stored"]
    assert found.rows == ()


def test_only_what_is_wrong_is_refused():
    rows = [GOOD["roads"] | {"id": f"R-{n}", "length_km": length} for n, length in enumerate(("1,5", "x", "2", "-3"))]
    found = judged("roads", as_file("roads", rows, "json"))
    assert codes(found) == [(2, "length_km", "no_number"), (4, "length_km", "not_above")]
    assert [row.number for row in found.rows] == [1, 3]
    assert (found.count, found.refused_rows) == (2, 2)


def test_a_file_of_one_figure_has_one_row():
    rows = [GOOD["registered_vehicles"], GOOD["registered_vehicles"] | {"vehicles": "5"}]
    assert [one.code for one in judged("registered_vehicles", as_file("registered_vehicles", rows, "csv")).refusals]


def test_a_sensor_stands_at_one_object():
    rows = [GOOD["sensors"], GOOD["sensors"] | {"object_id": "UTO-18", "working_from": "2026-02-01 00:00"}]
    context = replace(CONTEXT, objects=frozenset({"UTO-17", "UTO-18"}))
    found = judged("sensors", as_file("sensors", rows, "csv"), context)
    assert codes(found) == [(None, "object_id", "sensor_two_objects")]


def test_a_journal_has_nothing_before_its_first_day():
    context = replace(CONTEXT, since=date(2026, 11, 3))
    assert codes(judged("fire_calls", as_file("fire_calls", [GOOD["fire_calls"]], "json"), context)) == [
        (1, "received", "before_since")
    ]


def test_objects_are_not_asked_for_where_no_register_was_entered():
    context = replace(CONTEXT, objects=None)
    row = GOOD["fire_calls"] | {"object_id": "UTO-99"}
    assert codes(judged("fire_calls", as_file("fire_calls", [row], "json"), context)) == []


NUMBERS = {
    "87,5": 87.5, "87.5": 87.5, "1 234,5": 1234.5, "1\u00a0234,5": 1234.5, "1\u2009234.5": 1234.5, "1\u202f234": 1234.0,
    " 12 ": 12.0, "+3": 3.0, "0,1": 0.1,
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("text", "value"), NUMBERS.items())
def test_numbers_are_read_as_people_write_them(text, value, form):
    row = {"id": "R-1", "name": "Абай", "length_km": text}
    found = judged("roads", as_file("roads", [row], form))
    wanted = [value] if value <= 500 else []
    assert [one.values["length_km"] for one in found.rows] == wanted
    assert [one.code for one in found.refusals] == ([] if wanted else ["too_large"])


MOMENTS = (
    "2026-11-02 14:05",
    "2026-11-02T14:05:00",
    "02.11.2026 14:05",
    "2026-11-02T09:05:00Z",
    "2026-11-02T14:05+05:00",
)


@pytest.mark.parametrize("text", MOMENTS)
def test_times_are_the_citys_unless_they_say_so(text):
    row = GOOD["fire_calls"] | {"received": text, "departed": None}
    (taken,) = judged("fire_calls", as_file("fire_calls", [row], "csv")).rows
    assert taken.record["t_call_received"] == "2026-11-02T09:05:00+00:00"


VALUES = {
    "value": ({"value": "87,5"}, 87.5),
    "ratio": ({"value": None, "numerator": "7", "denominator": "8"}, 87.5),
    "value and ratio": ({"numerator": "7", "denominator": "8"}, 87.5),
    "base and fact": ({"kpi_id": "1.12", "value": None, "base": "118", "fact": "109"}, {"base": 118.0, "fact": 109.0}),
    "parts": (
        {"kpi_id": "1.4", "unit": "ч", "value": None, "security": "0,5", "housing_utilities": "12", "ecology": "1",
         "education": "20"},
        {"security": 0.5, "housing_utilities": 12.0, "ecology": 1.0, "education": 20.0},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "value"), VALUES.values(), ids=VALUES)
def test_a_value_can_be_told_in_each_way_that_fits_its_kpi(change, value):
    (row,) = judged("kpi_values", as_file("kpi_values", [GOOD["kpi_values"] | change], "csv")).rows
    assert row.record["value"] == value


def test_a_share_that_looks_like_a_fraction_is_pointed_out_and_taken():
    found = judged("kpi_values", as_file("kpi_values", [GOOD["kpi_values"] | {"value": "0,875"}], "csv"))
    assert [one.code for one in found.notes] == ["fraction_perhaps"]
    assert len(found.rows) == 1
