from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from incidents.alert import Verdict
from kpi_catalog.period import Period
from qyran.errors import AccessError, InputError
from qyran.roles import Role
from service import alerts, cases
from service.alerting.works import Works, announce_works
from service.kpi import security_report
from service.kpi_analysis import BY, false_alarms, false_records
from service.kpi_analysis.false_shares import spans
from service.kpi_analysis.held_back import HeldBack, held_back
from service.store.alert_tables import Alert
from tests.service.world import World

NOVEMBER = Period.parse("2026-11")


@pytest.fixture
def city(both):
    both.officer = both.person(Role.POLICE_OFFICER)
    both.operator = both.person(Role.SITUATIONAL_OPERATOR)
    both.evaluator = both.person(Role.EVALUATOR)
    both.register(id="dostyk-3", name="Достык 3")
    return both


def reject(world: World, **changes: object) -> str:
    case_id = world.case(**changes)
    world.do(world.officer, cases.claim, case_id)
    world.do(world.officer, cases.reject, case_id, "no_violation")
    return case_id


def judge(world: World, verdict: Verdict, **changes: object) -> str:
    alert_id = world.alert(**changes)
    world.do(world.operator, alerts.acknowledge, alert_id)
    world.do(world.operator, alerts.verdict, alert_id, verdict, reason="no_event" if verdict is Verdict.FALSE else None)
    return alert_id


def test_rows_add_up_to_the_kpi_and_a_linked_pair_is_one_item(city):
    false_case = reject(city)
    reject(city, plate="456DEF02", camera="dostyk-3")
    city.case(plate="789GHI02")
    paired = judge(city, Verdict.TRUE, kind="crash")
    judge(city, Verdict.FALSE, kind="stopped_vehicle", camera="dostyk-3", track=9)
    with city.store.write() as work:
        work.session.get_one(Alert, paired).case_id = false_case
    whole = next(one for one in security_report(city.store, None, NOVEMBER).kpis if one.kpi.id == "9.9").value
    assert (whole.numerator, whole.denominator) == (2, 3)
    for by in BY:
        rows = false_alarms(city.store, NOVEMBER, by, actor=city.evaluator)
        assert (sum(one.false for one in rows), sum(one.judged for one in rows)) == (2, 3), by
        assert sum(one.unjudged for one in rows) == 1
        assert all(one.low <= (one.share or 0) <= one.high for one in rows if one.judged)
    worst = false_alarms(city.store, NOVEMBER, "camera", actor=city.evaluator)[0]
    assert (worst.key, worst.false, worst.judged, worst.share) == ("dostyk-3", 2, 2, 100.0)
    hours = false_alarms(city.store, NOVEMBER, "hour", actor=city.evaluator)
    assert {one.key for one in hours} == {"12"}  # 07:00 UTC in Almaty


def test_the_records_of_a_camera_are_those_its_row_counts(city):
    kept = {reject(city, plate=f"{number}ABC02", camera="dostyk-3") for number in range(101, 104)}
    reject(city, plate="200ABC02")
    kept.add(judge(city, Verdict.FALSE, kind="crash", camera="dostyk-3"))
    rows = {one.key: one for one in false_alarms(city.store, NOVEMBER, "camera", actor=city.evaluator)}
    found = false_records(city.store, NOVEMBER, "dostyk-3", actor=city.evaluator)
    assert {one.id for one in found} == kept
    assert len(found) == rows["dostyk-3"].false
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    assert {one.reason for one in found} == {"no_violation", "no_event"}
    parts = [
        one.id
        for start in range(4)
        for one in false_records(city.store, NOVEMBER, "dostyk-3", actor=city.evaluator, start=start, limit=1)
    ]
    assert parts == [one.id for one in found]
    with pytest.raises(AccessError):
        false_records(city.store, NOVEMBER, "dostyk-3", actor=city.operator)


def test_only_readers_of_kpis_ask_and_only_by_what_is_known(city):
    with pytest.raises(AccessError):
        false_alarms(city.store, NOVEMBER, "camera", actor=city.operator)
    with pytest.raises(InputError, match="camera, rule, hour"):
        false_alarms(city.store, NOVEMBER, "colour", actor=city.evaluator)


def test_a_period_is_parted_where_the_clock_was_changed():
    month = Period.parse("2024-01", "Asia/Almaty")  # UTC+6 until 1 March 2024
    assert [offset for *_, offset in spans(month)] == [360]
    year = Period.parse("2024", "Asia/Almaty")
    first, second = spans(year)
    assert (first[2], second[2]) == (360, 300)
    assert first[1] == second[0] == datetime(2024, 2, 29, 18, tzinfo=UTC)
    assert second[1] - first[0] == year.end - year.start == timedelta(days=366) + timedelta(hours=1)


def test_what_was_held_back_is_counted_beside_the_shares_until_it_is_raised(city):
    for kind in ("crash", "congestion"):
        given = Works(
            "Жөндеу", "maintenance", (kind,), city.clock(), city.clock() + timedelta(hours=1), cameras=("abay-12",)
        )
        city.do(city.operator, announce_works, given)
    first, _ = city.alert("crash"), city.alert("congestion", track=9)
    city.take(city.event("smoke", type="held_back", plate=None))
    assert held_back(city.store, NOVEMBER, actor=city.evaluator) == HeldBack(works=2, second_look=1)
    assert not false_alarms(city.store, NOVEMBER, "rule", actor=city.evaluator)
    city.do(city.operator, alerts.let_through, first)
    assert held_back(city.store, NOVEMBER, actor=city.evaluator) == HeldBack(works=1, second_look=1)
    assert [one.key for one in false_alarms(city.store, NOVEMBER, "rule", actor=city.evaluator)] == ["crash"]
    assert held_back(city.store, Period.parse("2026-10"), actor=city.evaluator) == HeldBack(0, 0)
    with pytest.raises(AccessError):
        held_back(city.store, NOVEMBER, actor=city.person(Role.SERVICE_DISPATCHER))
