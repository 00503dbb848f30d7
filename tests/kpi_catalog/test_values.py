from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_catalog.catalogue import Category, catalogue
from kpi_catalog.values import score_values
from qyran.errors import InputError

NINE_MET = {
    "9.1": 80, "9.2": 50, "9.3": 90, "9.4": 10, "9.5": 90, "9.6": 1000, "9.7": 90, "9.8": 10, "9.9": 1,
}  # fmt: skip


def test_video_met_and_fire_missing_is_73_of_132():
    result = score_values({"city_category": "republican", "values": NINE_MET})
    assert result["spheres"]["security"] == {
        "score": 1.0,
        "score_missing_as_zero": 73 / 132,
        "coverage": 73 / 132,
    }
    assert result["city"]["score"] == 25
    assert result["city"]["score_missing_as_zero"] == pytest.approx(25 * 73 / 132)
    assert result["city"]["weight_scored"] == 25
    assert result["kpis"]["9.1"] == {"score": 1.0, "uncapped": 1.0, "status": "computed"}
    assert result["kpis"]["10.1"] == {"score": None, "uncapped": None, "status": "no_data"}


def test_all_118_are_listed_in_the_orders_sequence():
    result = score_values({"city_category": "district", "values": {}})
    assert list(result["kpis"]) == list(catalogue().kpis)
    assert list(result["spheres"]) == ["city_management", "security", "transport", "ecology", "housing_utilities"]
    assert result["city"]["score"] is None
    assert result["city"]["score_missing_as_zero"] == 0


@pytest.mark.parametrize("category", Category)
def test_every_target_met_is_100_where_every_target_is_a_number(category):
    values = {}
    for key, kpi in catalogue().kpis.items():
        target = kpi.targets[category]
        if target.numeric:
            values[key] = dict(target.parts) or target.value
    result = score_values({"city_category": category.value, "values": values})
    assert result["city"]["score"] == pytest.approx(100)
    assert result["city"]["band"] == "excellent"
    assert all(one["score"] == 1 for one in result["spheres"].values())


def test_words_instead_of_a_target_lower_the_coverage_and_not_the_score():
    values = {key: kpi.targets[Category.REPUBLICAN].value for key, kpi in catalogue().kpis.items()}
    values["1.4"] = 1
    result = score_values({"city_category": "republican", "values": values})
    assert result["kpis"]["1.17"]["status"] == "target_not_numeric"
    assert result["spheres"]["city_management"]["coverage"] == 225 / 235
    assert result["spheres"]["city_management"]["score"] == 1


def test_a_mixed_sphere_by_hand():
    values = {"9.1": 40, "9.4": 20, "9.9": 0, "10.1": 10}
    result = score_values({"city_category": "republican", "values": values})
    reached = 9 * 0.5 + 8 * 0.5 + 7 * 1 + 10 * 0.5
    security = result["spheres"]["security"]
    assert security["score"] == pytest.approx(reached / 34)
    assert security["score_missing_as_zero"] == pytest.approx(reached / 132)
    assert security["coverage"] == 34 / 132
    assert result["kpis"]["9.9"] == {"score": 1.0, "uncapped": None, "status": "computed"}


@pytest.mark.parametrize(
    ("category", "period", "kpi", "status", "coverage"),
    [
        ("republican", "2026-03", "10.1", "not_yet_due", 1.0),
        ("republican", "2027-01", "10.1", "no_data", 73 / 132),
        ("regional", "2027", "10.1", "no_data", 73 / 132),
        ("district", "2027-Q1", "10.1", "not_applicable", 1.0),
        ("district", "2026-12-31", "9.1", "not_yet_due", None),
    ],
)
def test_stages_count_when_a_period_is_given(category, period, kpi, status, coverage):
    result = score_values({"city_category": category, "values": NINE_MET, "period": period})
    assert result["kpis"][kpi]["status"] == status
    assert result["spheres"]["security"]["coverage"] == coverage


def test_null_is_a_missing_value():
    result = score_values({"city_category": "regional", "values": {"9.1": None}, "period": None})
    assert result["kpis"]["9.1"]["status"] == "no_data"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ([], "JSON object"),
        (None, "JSON object"),
        ({}, "city_category"),
        ({"city_category": "capital", "values": {}}, "capital"),
        ({"city_category": ["republican"], "values": {}}, "city_category"),
        ({"city_category": "republican"}, "values"),
        ({"city_category": "republican", "values": [1]}, "values"),
        ({"city_category": "republican", "values": {"9.10": 1}}, r"values\.9\.10"),
        ({"city_category": "republican", "values": {9: 1}}, r"values\.9"),
        ({"city_category": "republican", "values": {"9.1": "85"}}, r"values\.9\.1"),
        ({"city_category": "republican", "values": {"9.1": True}}, r"values\.9\.1"),
        ({"city_category": "republican", "values": {"9.1": [1]}}, r"values\.9\.1"),
        ({"city_category": "republican", "values": {"9.1": float("nan")}}, r"values\.9\.1"),
        ({"city_category": "republican", "values": {"9.1": float("-inf")}}, r"values\.9\.1"),
        ({"city_category": "republican", "values": {}, "period": 2026}, "period"),
        ({"city_category": "republican", "values": {}, "period": "2026-13"}, "period"),
        ({"city_category": "republican", "values": {}, "year": 2026}, "year"),
    ],
)
def test_a_wrong_payload_is_refused_in_one_sentence_that_names_the_key(payload, words):
    with pytest.raises(InputError, match=words) as caught:
        score_values(payload)
    assert "\n" not in str(caught.value)


numbers = st.one_of(st.none(), st.integers(0, 10**7), st.floats(0, 1e300, allow_nan=False))
keys = st.sampled_from(sorted(catalogue().kpis))


@given(st.sampled_from(list(Category)), st.dictionaries(keys, numbers, max_size=30))
def test_the_result_is_strict_json_within_its_bounds(category, values):
    result = score_values({"city_category": category.value, "values": values})
    json.dumps(result, allow_nan=False)
    for one in result["spheres"].values():
        assert one["score"] is None or 0 <= one["score"] <= 1
        assert 0 <= one["coverage"] <= 1
    city = result["city"]
    assert city["score"] is None or -1e-9 <= city["score"] <= 100 + 1e-9
    assert city["score_missing_as_zero"] <= (city["score"] or 0) + 1e-9
