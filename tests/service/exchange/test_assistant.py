"""The assistant's questions: answers equal a direct reckoning, say what is missing, and are asked by who may."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest

from kpi_catalog.period import Period
from qyran.errors import AccessError, InputError, NotFound
from qyran.roles import PERSON_ROLES, SYSTEM, Actor, Role
from service.exchange import delays
from service.exchange.publisher import publish
from service.exchange.questions.register import QUESTIONS, ask, open_to
from service.i18n import LANGUAGES, has, number
from service.kpi import security_report
from service.settings import load_settings
from service.store.tables import AccessLog, Camera, CameraLog, Passage
from tests.service.exchange.facts import a_case, an_alert
from tests.service.world import NOON, World

CENTRE = Actor("centre", frozenset({Role.CENTRE}))
MONTH = {"period": "2026-11"}


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """A small city with something of everything; tests only ask."""
    with World(load_settings(home=tmp_path_factory.mktemp("city"))) as world:
        world.register(id="down-1", name="Сейфуллин 1")
        with world.store.write() as work:
            now = work.now
            for number_, (kind, verdict) in enumerate([("crash", "true"), ("crash", "false"), ("debris", None)]):
                an_alert(
                    work, kind=kind, verdict=verdict, t_notify_sent=now + timedelta(seconds=6), state="closed",
                    t_ack=now + timedelta(minutes=1 + number_), t_verdict=now + timedelta(minutes=9), box=None,
                )  # fmt: skip
            an_alert(work, kind="fire", type="fire_alert", state="notified")
            an_alert(work, kind="fire", type="fire_alert", state="acknowledged", t_ack=now)
            an_alert(work, kind="smoke", type="fire_alert", state="notified", is_drill=True, t_notify_sent=now)
            for verdict in ("true", "false", "false", None):
                a_case(work, verdict=verdict, t_screened=now, t_officer_decision=now if verdict else None)
            for minutes in (0, 1, 2, 70):
                given = {"kind": "passage", "video_s": 1.0, "line": "in" if minutes else "out"}
                time = now + timedelta(minutes=minutes)
                work.session.add(Passage(id=str(uuid4()), camera_id="abay-12", time=time, **given))
            work.session.add(CameraLog(event_id=str(uuid4()), camera_id="abay-12", kind="analysed", source="worker",
                                       start=now - timedelta(hours=1), end=now + timedelta(hours=2)))  # fmt: skip
            down = work.session.get_one(Camera, "down-1")
            down.status, down.status_at = "down", now - timedelta(hours=5)
            work.session.get_one(Camera, "abay-12").status = "up"
        publish(world.store, counts=True)
        world.clock.forward(hours=1)
        publish(world.store)
        yield world


def asked(city, question: str, **params):
    return ask(city.store, CENTRE, question, params)


def test_false_alarms_are_those_of_cases_and_alerts(city):
    answer = asked(city, "false_alarms", **MONTH, by="rule")
    rows = {row["rule"]: (row["false"], row["judged"], row["unjudged"]) for row in answer["data"]}
    assert rows["red_light"] == (2, 3, 1)
    assert rows["crash"] == (1, 2, 0)
    assert answer["totals"]["false"] == sum(false for false, _, _ in rows.values())
    assert answer["rows"] == answer["totals"]["judged"] == sum(judged for _, judged, _ in rows.values())
    assert answer["totals"]["share"] == pytest.approx(100 * answer["totals"]["false"] / answer["totals"]["judged"])
    assert number("ru", answer["totals"]["share"], 1) in answer["sentence"]["ru"]


@pytest.mark.parametrize("kpi", ["9.3", "9.6", "9.9", "9.1", "10.5"])
def test_the_value_of_a_kpi_is_that_of_the_report(city, kpi):
    report = security_report(city.store, None, "2026-11", actor=SYSTEM)
    one = next(each for each in report.kpis if each.kpi.id == kpi)
    answer = asked(city, "kpi_value", **MONTH, kpi=kpi)
    row = answer["data"][0]
    assert (row["value"], row["numerator"], row["denominator"]) == (
        one.value.value, one.value.numerator, one.value.denominator,
    )  # fmt: skip
    assert answer["definition_version"] == one.value.definition_version
    assert answer["missing"] == [code.value for code in one.value.missing]
    assert answer["status"] == ("answered" if one.value.value is not None else "no_data")


def test_an_explanation_names_formula_inputs_and_target(city):
    row = asked(city, "kpi_explanation", **MONTH, kpi="9.9")["data"][0]
    assert set(row["formula"]) == set(LANGUAGES)
    assert row["numerator"] / row["denominator"] * 100 == pytest.approx(row["value"])
    assert row["target_rule"] == "le"


def test_a_trend_ends_with_the_period_asked_for(city):
    answer = asked(city, "kpi_trend", **MONTH, kpi="9.9", periods=3)
    assert [row["period"] for row in answer["data"]] == ["2026-09", "2026-10", "2026-11"]
    assert [row["value"] is None for row in answer["data"]] == [True, True, False]
    assert answer["totals"]["known"] == 1


def test_two_periods_are_compared_where_both_are_known(city):
    day = {"kpi": "9.9", "period": "2026-11-22"}
    same = asked(city, "compare_periods", **day, with_period="2026-11")
    assert same["totals"] == {"difference": 0.0, "ratio": 1.0}
    unknown = asked(city, "compare_periods", **day, with_period="2026-10")
    assert (unknown["status"], unknown["missing"]) == ("no_data", ["verdicts"])


def test_missing_inputs_are_those_of_the_report(city):
    report = security_report(city.store, None, "2026-11", actor=SYSTEM)
    wanted = Counter(code.value for one in report.kpis for code in one.value.missing)
    answer = asked(city, "missing_inputs", **MONTH)
    assert {row["input"]: len(row["kpis"]) for row in answer["data"]} == wanted


def test_open_alerts_are_counted_by_kind(city):
    answer = asked(city, "open_alerts")
    assert {row["kind"]: (row["open"], row["unacknowledged"]) for row in answer["data"]} == {
        "fire": (2, 1), "smoke": (1, 1),
    }  # fmt: skip
    assert asked(city, "open_alerts", kind="crowd")["data"] == []
    assert answer["sentence"]["en"] == "Open alerts: 3 (fire 2, smoke 1)."


def test_the_slowest_stage_is_found_without_drills(city):
    answer = asked(city, "slowest_stage", **MONTH, of="alerts")
    rows = {row["stage"]: row for row in answer["data"]}
    assert answer["totals"]["slowest"] == "verdict"
    assert rows["notification"]["count"] == 3
    assert rows["notification"]["mean_minutes"] == pytest.approx(0.1, abs=0.001)
    assert rows["verdict"]["mean_minutes"] == pytest.approx((8 + 7 + 6) / 3, abs=0.001)
    assert rows["verdict"]["longest_minutes"] == pytest.approx(8, abs=0.001)


def test_cameras_that_are_down_and_for_how_long(city):
    answer = asked(city, "cameras_down")
    assert [row["camera"] for row in answer["data"]] == ["down-1"]
    assert answer["data"][0]["hours"] == pytest.approx(6.0, abs=0.001)
    assert answer["totals"] | {"hours": 6.0} == {"down": 1, "unknown": 0, "cameras": 2, "hours": 6.0}


def test_passages_are_counted_by_hour_of_the_city(city):
    answer = asked(city, "passages_by_hour", **MONTH, camera="abay-12")
    assert {row["hour"]: row["passages"] for row in answer["data"]} == {
        "2026-11-22T12:00:00+05:00": 3, "2026-11-22T13:00:00+05:00": 1,
    }  # fmt: skip
    assert asked(city, "passages_by_hour", **MONTH, camera="abay-12", line="in")["rows"] == 3
    quiet = asked(city, "passages_by_hour", period="2026-11-22", camera="abay-12", line="none")
    assert (quiet["status"], quiet["rows"]) == ("answered", 0)
    blind = asked(city, "passages_by_hour", period="2026-11-20", camera="abay-12")
    assert (blind["status"], blind["missing"]) == ("no_data", ["video"])


def test_the_state_of_the_exchange_is_what_was_measured(city):
    row = asked(city, "exchange_state", **MONTH)["data"][0]
    assert row["mean_gap_hours"] == pytest.approx(1.0, abs=0.001)
    assert row["facts"] > 0


def test_kpis_of_other_spheres_come_from_the_citys_report(city):
    late = delays(city.store, Period.parse("2026-11"))
    answer = asked(city, "kpi_value", **MONTH, kpi="1.1")
    assert (answer["data"][0]["value"], answer["rows"] > 0) == (late.mean_minutes, True)
    unknown = asked(city, "kpi_explanation", **MONTH, kpi="2.3")
    assert (unknown["status"], unknown["data"][0]["value"]) == ("no_data", None)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_answer_has_its_source_its_moment_and_a_sentence_in_each_language(city, question):
    params = {"kpi": "9.9", "period": "2026-11", "with_period": "2026-10", "camera": "abay-12"}
    wanted = QUESTIONS[question].params.model_fields
    answer = asked(city, question, **{name: value for name, value in params.items() if name in wanted})
    assert set(answer["sentence"]) == set(LANGUAGES)
    assert all("{" not in said and said.endswith(".") for said in answer["sentence"].values())
    assert all(has(lang, f"exchange.source.{answer['source']}") for lang in LANGUAGES)
    assert answer["definition_version"]
    assert (answer["status"] == "no_data") == bool(answer["missing"])
    assert answer["as_of"] > NOON.isoformat()


def test_an_empty_city_says_which_input_is_missing(world):
    for question, params, missing in (
        ("false_alarms", MONTH, ["verdicts"]),
        ("slowest_stage", MONTH, ["stage_times"]),
        ("cameras_down", {}, ["camera_log"]),
        ("passages_by_hour", {**MONTH, "camera": "abay-12"}, ["video"]),
        ("exchange_state", MONTH, ["feed_log"]),
    ):
        answer = ask(world.store, CENTRE, question, params)
        assert (answer["status"], answer["missing"]) == ("no_data", missing)
        assert answer["sentence"]["ru"].find("нет данных") > 0


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("role", sorted(PERSON_ROLES))
def test_a_role_that_may_not_ask_is_refused(city, question, role):
    actor = Actor("a", frozenset({role}))
    if role in QUESTIONS[question].roles:
        assert QUESTIONS[question] in open_to(actor)
        return
    assert QUESTIONS[question] not in open_to(actor)
    with pytest.raises(AccessError, match="needs one of these roles"):
        ask(city.store, actor, question, {})


def test_nobody_who_works_on_cases_or_data_alone_asks_anything():
    assert open_to(Actor("a", frozenset({Role.POLICE_OFFICER, Role.DATA_PROTECTION_OFFICER}))) == ()


@pytest.mark.parametrize(
    ("question", "params", "error"),
    [
        ("anything", {}, NotFound), ("kpi_value", {"kpi": "9.9"}, InputError),
        ("kpi_value", {"kpi": "9.99", "period": "2026-11"}, NotFound),
        ("kpi_value", {"kpi": "9.9; DROP", "period": "2026-11"}, InputError),
        ("kpi_value", {"kpi": "9.9", "period": "2026-13"}, InputError),
        ("false_alarms", {"period": "2026-11", "by": "officer"}, InputError),
        ("false_alarms", {"period": "2026-11", "plate": "123ABC02"}, InputError),
        ("passages_by_hour", {"period": "2026", "camera": "abay-12"}, InputError),
        ("passages_by_hour", {"period": "2026-11", "camera": "nowhere"}, NotFound),
        ("kpi_trend", {"period": "2026-11", "kpi": "9.9", "periods": 1000}, InputError),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_answered_is_one_sentence(city, question, params, error):
    with pytest.raises(error) as caught:
        ask(city.store, CENTRE, question, params)
    assert "123ABC02" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_each_asking_is_logged(world):
    ask(world.store, CENTRE, "open_alerts", {})
    with world.store.read() as work:
        row = work.session.query(AccessLog).filter_by(action="assistant_asked").one()
    assert (row.actor, row.role, row.record, row.reason) == ("centre", "centre", "open_alerts", "exchange")


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_stages_and_hours_are_reckoned_alike_on_postgresql(both):
    with both.store.write() as work:
        now = work.now
        an_alert(work, t_notify_sent=now + timedelta(seconds=30), t_ack=now + timedelta(minutes=2))
        work.session.add(Passage(id=str(uuid4()), camera_id="abay-12", kind="passage", time=now, video_s=1.0))
    stages = ask(both.store, CENTRE, "slowest_stage", MONTH)["data"]
    assert [(row["stage"], row["mean_minutes"]) for row in stages] == [
        ("notification", pytest.approx(0.5, abs=0.001)), ("acknowledgement", pytest.approx(1.5, abs=0.001)),
    ]  # fmt: skip
    hours = ask(both.store, CENTRE, "passages_by_hour", {**MONTH, "camera": "abay-12"})["data"]
    assert hours == [{"hour": "2026-11-22T12:00:00+05:00", "passages": 1}]
