from __future__ import annotations

import json
import pickle
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from kpi_catalog.catalogue import Category, catalogue
from kpi_catalog.period import Period
from kpi_catalog.readings import Readings
from kpi_catalog.records import (
    CASE_FIELDS,
    AlertFact,
    CameraFact,
    CaseFact,
    CityFacts,
    CityInputs,
    Dated,
    Decision,
    FireCall,
    FireCallLog,
    FireNorm,
    Import,
    Initiator,
    NotificationFact,
    ObjectRegister,
    Payment,
    ProtectedObject,
    Recipient,
    RoadRegister,
    SensorFact,
    Survey,
)
from kpi_catalog.security import DEFINITIONS, SPHERE, security_kpis
from kpi_catalog.status import Status

MARCH = Period.parse("2027-03")
MID = datetime(2027, 3, 15, 6, tzinfo=UTC)
LATER = datetime(2027, 5, 1, tzinfo=UTC)
DAY = date(2027, 1, 1)
WHOLE = Import(datetime(2026, 1, 1, tzinfo=UTC), LATER, "office")


def after(minutes):
    return MID + timedelta(minutes=minutes)


def model_city():
    """Exactly the republican targets of initiative 9, and half of them or twice the limit for initiative 10."""
    cases = tuple(
        CaseFact(
            id=f"c{i}",
            t_detect=MID,
            t_officer_decision=MID,
            decision=Decision.CONFIRMED,
            auto_filled=CASE_FIELDS if i < 45 else frozenset(),
            t_first_notification_sent=after(10),
            payment=Payment.FULL if i < 45 else Payment.DUE,
            payment_term_end=MID,
        )
        for i in range(50)
    )
    rejected = tuple(
        CaseFact(id=f"r{i}", t_detect=MID, t_officer_decision=LATER, decision=Decision.REJECTED) for i in range(10)
    )
    alerts = tuple(
        AlertFact(id=f"a{i}", kind="crash", t_detect=MID, t_dispatch=after(10), verdict=True) for i in range(899)
    ) + tuple(
        AlertFact(id=f"s{i}", kind="smoke", t_detect=MID, t_dispatch=after(10), verdict=i < 98) for i in range(100)
    )
    extra = tuple(
        AlertFact(id=f"x{i}", kind="crowd", t_detect=MID, t_dispatch=after(10), verdict=True) for i in range(3)
    )
    camera = CameraFact(
        id="k",
        commissioned_at=MARCH.start,
        up=((MARCH.end - timedelta(hours=10), None),),
        analysed=((MARCH.end - timedelta(hours=9), None),),
        covered_road=(((0, 0), (800, 0)),),
    )
    calls = tuple(
        FireCall(
            id=f"f{i}",
            t_call_received=MID,
            t_depart=after(10),
            t_arrive=after(1 if i < 49 else 99),
            object_id=f"{i % 96}",
        )
        for i in range(100)
    )
    return CityFacts(
        as_of=LATER,
        cases=cases + rejected,
        alerts=alerts + extra,
        cameras=(camera,),
        fire_calls=FireCallLog(calls, WHOLE),
        notifications=tuple(
            NotificationFact(
                id=f"n{i}",
                t_sent=MID,
                initiator=Initiator.SYSTEM if i < 2 else Initiator.HUMAN,
                recipient=Recipient.FIRE_SERVICE,
                object_id="o",
            )
            for i in range(5)
        ),
        sensors=tuple(SensorFact(f"s{i}", f"{i}", ((MID, None),)) for i in range(9)),
        objects=ObjectRegister(tuple(ProtectedObject(f"{i}") for i in range(20)), DAY, "office"),
        surveys=(Survey("q", MID, "How content are you?", {4: 1, 5: 1}, "office"),),
        inputs=CityInputs(
            registered_vehicles=Dated(1000, DAY, "office"),
            roads=RoadRegister(DAY, "office", 1.0),
            payments=WHOLE,
            phone_notifications=WHOLE,
            fire_norm=FireNorm(5, "arrive", DAY, "office"),
        ),
    )


EXPECTED = {
    "9.1": (80, 1), "9.2": (50, 1), "9.3": (90, 1), "9.4": (10, 1), "9.5": (90, 1), "9.6": (1000, 1), "9.7": (90, 1),
    "9.8": (10, 1), "9.9": (100 * 12 / 1062, 1062 / 1200), "10.1": (10, 0.5), "10.2": (49, 0.5), "10.3": (2, 0.5),
    "10.4": (40, 0.5), "10.5": (4, 0.5), "10.6": (45, 0.5), "10.7": (4.5, 0.5),
}  # fmt: skip


@pytest.mark.parametrize("kpi_id", EXPECTED)
def test_a_model_city_by_hand(kpi_id):
    report = security_kpis(model_city(), "republican", MARCH)
    got = next(one for one in report.kpis if one.kpi.id == kpi_id)
    value, score = EXPECTED[kpi_id]
    assert got.status is Status.COMPUTED
    assert got.value.value == pytest.approx(value)
    assert got.score.score == pytest.approx(score)
    assert got.value.missing == ()


def test_the_sphere_of_the_model_city():
    sphere = security_kpis(model_city(), "republican", MARCH).sphere
    assert sphere.score == pytest.approx((66 + 7 * 1062 / 1200 + 29.5) / 132)
    assert (sphere.points_scored, sphere.points_applicable, sphere.coverage) == (132, 132, 1)


def test_fire_missing_is_73_of_132():
    facts = replace(
        model_city(), fire_calls=None, notifications=(), sensors=None, objects=None, surveys=None, inputs=CityInputs(
            registered_vehicles=Dated(1000, DAY, "office"), roads=RoadRegister(DAY, "office", 1.0), payments=WHOLE
        ),
    )  # fmt: skip
    facts = replace(facts, alerts=tuple(replace(one, kind="crash", verdict=True) for one in facts.alerts))
    report = security_kpis(facts, Category.REPUBLICAN, MARCH)
    cases_only = next(one for one in report.kpis if one.kpi.id == "9.9")
    assert cases_only.score.score == pytest.approx(1)
    assert report.sphere.score == pytest.approx(1)
    assert report.sphere.score_missing_as_zero == pytest.approx(73 / 132)
    assert report.sphere.coverage == 73 / 132


def test_before_its_stage_a_kpi_shows_its_value_and_is_not_scored():
    period = Period.parse("2026-03")
    call = FireCall(id="f", t_call_received=period.start, t_depart=period.start + timedelta(minutes=4))
    facts = CityFacts(as_of=LATER, fire_calls=FireCallLog((call,), Import(period.start, LATER, "office")))
    report = security_kpis(facts, "republican", period)
    turnout = next(one for one in report.kpis if one.kpi.id == "10.1")
    assert (turnout.status, turnout.value.status) == (Status.NOT_YET_DUE, Status.COMPUTED)
    assert (turnout.value.value, turnout.score.score) == (4, None)
    assert report.sphere.points_applicable == 73
    anyway = security_kpis(facts, "republican", period, stages=False)
    assert anyway.sphere.points_applicable == 132
    assert anyway.sphere.score == 1


def test_for_a_district_centre_initiative_10_is_not_foreseen():
    report = security_kpis(CityFacts(as_of=LATER), "district", MARCH)
    assert {one.status for one in report.kpis if one.kpi.initiative == 10} == {Status.NOT_APPLICABLE}
    assert (report.sphere.score, report.sphere.score_missing_as_zero, report.sphere.coverage) == (None, 0, 0)


def test_a_partial_value_is_shown_and_not_scored():
    facts = replace(model_city(), inputs=replace(model_city().inputs, phone_notifications=None))
    report = security_kpis(facts, "republican", MARCH)
    got = next(one for one in report.kpis if one.kpi.id == "10.4")
    assert (got.status, got.value.value, got.score.score) == (Status.PARTIAL, 40, None)
    assert report.sphere.points_scored == 124


def test_a_preliminary_value_is_scored_and_says_so():
    facts = replace(model_city(), as_of=MARCH.end - timedelta(hours=1))
    report = security_kpis(facts, "republican", MARCH)
    got = next(one for one in report.kpis if one.kpi.id == "9.6")
    assert (got.status, got.score.score) == (Status.PRELIMINARY, 1)
    assert not report.complete
    assert security_kpis(replace(facts, as_of=MARCH.end), "republican", MARCH).complete


def test_a_reading_reaches_the_score():
    report = security_kpis(model_city(), "republican", MARCH, readings=Readings(at_most="all_or_nothing"))
    assert next(one.score.score for one in report.kpis if one.kpi.id == "10.1") == 0


def test_every_security_kpi_has_a_definition_with_the_catalogues_unit():
    assert list(DEFINITIONS) == [kpi.id for kpi in catalogue().kpis_of(SPHERE)]
    for facts in (CityFacts(as_of=LATER), model_city()):
        for key, define in DEFINITIONS.items():
            value = define(facts, MARCH)
            assert (value.id, value.unit) == (key, catalogue().kpis[key].unit)
            assert value.definition_version.startswith(f"{key}/")


@pytest.mark.parametrize("facts", [CityFacts(as_of=LATER), model_city()], ids=["nothing known", "model city"])
def test_nothing_is_said_without_a_denominator_or_a_name_of_what_is_missing(facts):
    for define in DEFINITIONS.values():
        value = define(facts, MARCH)
        assert (value.value is None) == (value.status in {Status.NO_DATA, Status.NOT_CONFIGURED})
        assert bool(value.missing) == (value.value is None)


def test_the_report_is_strict_json():
    row = json.loads(json.dumps(security_kpis(model_city(), "republican", MARCH).as_dict(), allow_nan=False))
    assert row["period"] == "2027-03"
    first = row["kpis"][0]
    assert (first["id"], first["status"], first["measured"], first["points"]) == ("9.1", "computed", "computed", 9)
    assert first["target"]["order_text"] == dict.fromkeys(("kk", "ru", "en"), "≥80 / ≥50 / ≥20")
    assert first["target"]["value"] == 80
    assert first["inputs"] == [{"key": "roads", "value": 1.0, "on": "2027-01-01", "source": "office"}]


def test_facts_travel_between_processes():
    facts = model_city()
    assert pickle.loads(pickle.dumps(facts)) == facts  # noqa: S301
