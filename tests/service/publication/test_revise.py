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
    sign_heads(either.store)
    assert check_store(either.store) == []
    assert verify(either.store).intact
    after = published(either.store, NOVEMBER)
    assert after.state is State.REVISED
    assert after.kpis == before.kpis
    assert (after.kpi("9.9").value, after.revised("9.9")["value"]) == (0.0, 50.0)
    assert revise(either.store, NOVEMBER) == ()


def test_late_news_of_every_kind_is_told_by_its_cause(city):
    """Each record of November changes in its own way after the publication; each change says how."""
    turned, sure = decided(city), decided(city, plate="456DEF02")
    waiting = city.case(plate="789GHI02")
    alarms = []
    for _ in range(3):
        city.clock.forward(minutes=5)
        alarms.append(alarm(city))
    judged, late_true, late_false = alarms
    judge(city, judged)
    then = city.clock()
    with pytest.raises(NotFound, match="not published"):
        revise(city.store, NOVEMBER)
    frozen_november(city)
    assert revise(city.store, NOVEMBER) == ()
    with pytest.raises(AccessError):
        revise(city.store, NOVEMBER, actor=city.person(Role.AUDITOR))

    city.do(city.officer, cases.withdraw, turned, "mistake_noticed")
    decide(city, turned, true=False)
    decide(city, waiting)
    judge(city, late_true)
    judge(city, late_false, true=False)
    city.do(city.operator, alerts.dispatch, judged, "103")
    kept_back = city.event(time=then, plate="111AAA02", track=None)
    city.take(kept_back)
    decide(city, str(kept_back.id))
    decided(city, plate="222BBB02")  # of December: revises nothing

    found = by_kpi(revise(city.store, NOVEMBER))
    told = {kpi: {one["id"]: one["cause"] for one in found[kpi].content["changes"]} for kpi in ("9.9", "9.8", "9.6")}
    assert told["9.9"] == {
        turned: "changed_verdict",
        waiting: "late_verdict",
        late_true: "late_verdict",
        late_false: "late_verdict",
        str(kept_back.id): "late_event",
    }
    assert told["9.8"] == {judged: "late_reaction"}
    assert told["9.6"] == {late_true: "late_verdict"}
    assert list(found["9.9"].content["days"]) == ["2026-11-22"]
    assert sure not in told["9.9"]
    assert all(one.admitted for one in found.values())


def _due(city):
    fine = a_fine(city, officer=city.officer)
    delivered(city, fine)
    covers = {"covers_from": "2026-01-01T00:00:00Z", "covers_until": "2028-01-01T00:00:00Z"}
    city.do(city.evaluator, city_inputs.enter, "payments", covers, source="treasury", as_of=date(2026, 11, 30))
    with city.store.read() as work:
        ends = work.session.get_one(ViolationCase, fine.case).payment_term_ends
    city.clock.now = ends + timedelta(days=40)
    return fine, f"{ends.astimezone(city.settings.zone):%Y-%m}"


def test_a_late_payment_and_a_decision_cancelled_on_appeal_revise_the_share_of_fines_paid(city):
    fine, month = _due(city)
    held = publish(city.store, month).kpi("9.5")
    assert (held.value, held.content["denominator"]) == (0.0, 1)
    paid_on = city.clock().date() - timedelta(days=45)
    city.do(SYSTEM, fine_payments.take, [line(fine.number, fine.kzt, "P-1", paid_on)], source="treasury")
    paid = by_kpi(revise(city.store, month))["9.5"]
    assert (paid.old["value"], paid.new["value"], paid.causes) == (0.0, 100.0, {"late_payment": 1})
    assert published(city.store, month).kpi("9.5") == held
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


def test_two_who_look_at_once_record_a_difference_once(city):
    waiting = city.case(plate="456DEF02")
    decided(city)
    frozen_november(city)
    decide(city, waiting)
    threads = [threading.Thread(target=revise, args=(city.store, NOVEMBER)) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    revisions = published(city.store, NOVEMBER).revisions
    assert len(revisions) == len({one.kpi_id for one in revisions})
    assert [one.number for one in revisions] == list(range(1, len(revisions) + 1))
