from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest

from qyran.errors import AccessError, NotFound
from qyran.roles import SYSTEM, Role
from service import alerts, appeals, cases, city_inputs, fine_payments
from service.publication import State, publish, published
from service.publication.proof import verify
from service.publication.recompute import recompute
from service.publication.revise import revise
from service.store.ledger import check_store, sign_heads
from service.store.tables import ViolationCase
from tests.service.publication.happenings import alarm, decide, decided, judge, next_month
from tests.service.signed import a_fine, delivered
from tests.service.test_appeals import answer, new
from tests.service.test_fine_payments import line

NOVEMBER = "2026-11"


def frozen_november(city):
    next_month(city)
    return publish(city.store, NOVEMBER)


def by_kpi(found):
    return {one.kpi_id: one for one in found}


def test_a_period_that_is_not_published_has_nothing_to_revise(city):
    with pytest.raises(NotFound, match="not published"):
        revise(city.store, NOVEMBER)


def test_nothing_new_is_no_revision(city):
    decided(city)
    frozen_november(city)
    assert revise(city.store, NOVEMBER) == ()
    assert published(city.store, NOVEMBER).state is State.PUBLISHED


def test_a_late_verdict_is_a_revision_with_the_case_and_the_moment_and_the_frozen_value_stays(either):
    decided(either)
    waiting = either.case(plate="456DEF02")
    before = frozen_november(either)
    decide(either, waiting, true=False)
    found = by_kpi(revise(either.store, NOVEMBER, job="revise_periods"))
    one = found["9.9"]
    assert (one.old["value"], one.new["value"]) == (0.0, 50.0)
    assert one.admitted
    assert one.content["job"] == "revise_periods"
    (change,) = one.content["changes"]
    assert (change["id"], change["cause"], change["role"]) == (waiting, "late_verdict", "police_officer")
    assert (change["before"]["counted"], change["after"]["counted"]) == ("excluded", "both")
    after = published(either.store, NOVEMBER)
    assert after.state is State.REVISED
    assert after.kpis == before.kpis
    assert (after.kpi("9.9").value, after.revised("9.9")["value"]) == (0.0, 50.0)
    assert revise(either.store, NOVEMBER) == ()


@pytest.mark.parametrize("true", [True, False])
def test_an_alarm_judged_late_revises_false_alarms_and_incidents(city, true):
    judge(city, alarm(city))
    waiting = alarm(city)
    city.clock.forward(minutes=5)
    waiting = alarm(city)
    frozen_november(city)
    judge(city, waiting, true=true)
    found = by_kpi(revise(city.store, NOVEMBER))
    assert found["9.9"].causes == {"late_verdict": 1}
    assert ("9.6" in found) is true


def test_a_verdict_turned_over_says_so(city):
    one = decided(city)
    decided(city, plate="456DEF02")
    frozen_november(city)
    city.do(city.officer, cases.withdraw, one, "mistake_noticed")
    decide(city, one, true=False)
    found = by_kpi(revise(city.store, NOVEMBER))["9.9"]
    assert (found.old["value"], found.new["value"], found.causes) == (0.0, 50.0, {"changed_verdict": 1})


def test_a_dispatch_entered_late_revises_the_time_of_reaction(city):
    one = alarm(city)
    judge(city, one)
    frozen_november(city)
    city.do(city.operator, alerts.dispatch, one, "103")
    assert by_kpi(revise(city.store, NOVEMBER))["9.8"].causes == {"late_reaction": 1}


def test_an_event_that_a_camera_kept_back_revises_the_day_it_happened_on(city):
    decided(city)
    then = city.clock()
    frozen_november(city)
    late = city.event(time=then, plate="456DEF02", track=None)
    city.take(late)
    decide(city, str(late.id), true=False)
    one = by_kpi(revise(city.store, NOVEMBER))["9.9"]
    assert one.causes == {"late_event": 1}
    assert list(one.content["days"]) == ["2026-11-22"]


def test_a_case_of_another_month_revises_nothing(city):
    decided(city)
    frozen_november(city)
    decided(city, true=False, plate="456DEF02")
    assert revise(city.store, NOVEMBER) == ()


def _due(city):
    fine = a_fine(city, officer=city.officer)
    delivered(city, fine)
    covers = {"covers_from": "2026-01-01T00:00:00Z", "covers_until": "2028-01-01T00:00:00Z"}
    city.do(city.evaluator, city_inputs.enter, "payments", covers, source="treasury", as_of=date(2026, 11, 30))
    with city.store.read() as work:
        ends = work.session.get_one(ViolationCase, fine.case).payment_term_ends
    city.clock.now = ends + timedelta(days=40)
    return fine, f"{ends.astimezone(city.settings.zone):%Y-%m}"


def test_a_late_payment_revises_the_share_of_fines_paid(city):
    fine, month = _due(city)
    assert publish(city.store, month).kpi("9.5").value == 0.0
    day = city.clock().date() - timedelta(days=30)
    city.do(SYSTEM, fine_payments.take, [line(fine.number, fine.kzt, "P-1", day)], source="treasury")
    found = by_kpi(revise(city.store, month))
    if "9.5" in found:
        assert found["9.5"].causes == {"late_payment": 1}
    assert published(city.store, month).kpi("9.5").value == 0.0


def test_a_decision_cancelled_on_appeal_leaves_the_share_of_fines_paid(city):
    fine, month = _due(city)
    assert publish(city.store, month).kpi("9.5").content["denominator"] == 1
    day = city.clock().date()
    made = city.do(city.senior, appeals.file, fine.case, new(filed_on=day, restored="illness"))
    city.do(city.senior, appeals.answer, made.id, answer("cancelled", "wrong_vehicle", day))
    one = by_kpi(revise(city.store, month))["9.5"]
    assert (one.causes, one.admitted) == ({"cancelled_on_appeal": 1}, True)
    assert one.new["denominator"] is None


def test_an_outside_figure_corrected_later_is_a_revision_and_the_old_value_still_comes_out(city):
    decided(city)
    enter = ("registered_vehicles", {"value": 1000})
    city.do(city.evaluator, city_inputs.enter, *enter, source="ПДД", as_of=date(2026, 11, 1))
    before = frozen_november(city)
    city.do(city.evaluator, city_inputs.enter, enter[0], {"value": 2000}, source="ПДД", as_of=date(2026, 11, 1))
    one = by_kpi(revise(city.store, NOVEMBER))["9.2"]
    assert (one.old["value"], one.new["value"], one.causes) == (1.0, 0.5, {"corrected_import": 1})
    again = recompute(city.store, before)
    assert again.same
    assert again.values["9.2"]["value"] == 1.0


def test_after_the_term_a_difference_is_recorded_and_revises_nothing(city):
    waiting = city.case(plate="456DEF02")
    decided(city)
    frozen_november(city)
    city.clock.forward(days=5)
    decide(city, waiting, true=False)
    city.clock.forward(days=100)
    one = by_kpi(revise(city.store, NOVEMBER))["9.9"]
    assert (one.admitted, one.content["refused"]) == (False, ["late_verdict"])
    after = published(city.store, NOVEMBER)
    assert after.revised("9.9") == after.kpi("9.9").cells
    assert after.known("9.9") == one.new


def test_every_revision_stands_in_the_ledger(either):
    waiting = either.case(plate="456DEF02")
    decided(either)
    frozen_november(either)
    decide(either, waiting)
    revise(either.store, NOVEMBER)
    sign_heads(either.store)
    assert check_store(either.store) == []
    assert verify(either.store).intact


def test_two_who_look_at_once_record_a_difference_once(either):
    waiting = either.case(plate="456DEF02")
    decided(either)
    frozen_november(either)
    decide(either, waiting)
    threads = [threading.Thread(target=revise, args=(either.store, NOVEMBER)) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    revisions = published(either.store, NOVEMBER).revisions
    assert len(revisions) == len({one.kpi_id for one in revisions})
    assert [one.number for one in revisions] == list(range(1, len(revisions) + 1))


def test_who_publishes_nothing_revises_nothing(city):
    frozen_november(city)
    with pytest.raises(AccessError):
        revise(city.store, NOVEMBER, actor=city.person(Role.AUDITOR))
