from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.violations.records import DAY, NOON, a_record
from violations.devices import Papers
from violations.offences import candidates
from violations.rules import phone, seat_belt, section_speeding, speeding
from violations.section import SectionEnd, section_speed


def band(over: float) -> list[str]:
    return [one.id for one in candidates("speeding", DAY, over_kmh=over) if not one.repeat]


@pytest.mark.parametrize(
    ("measured", "permitted", "margin", "over", "article"),
    [
        (72.0, 60.0, 2.0, 10.0, "592-1"),
        (71.9, 60.0, 2.0, 9.9, None),
        (72.0, 60.0, 2.5, 9.5, None),
        (81.9, 60.0, 2.0, 19.9, "592-1"),
        (82.0, 60.0, 2.0, 20.0, "592-2"),
        (102.0, 60.0, 2.0, 40.0, "592-3"),
        (121.9, 60.0, 2.0, 59.9, "592-3"),
        (122.0, 60.0, 2.0, 60.0, "592-3-1"),
        (250.0, 90.0, 3.0, 157.0, "592-3-1"),
        (70.3, 60.0, 0.3, 10.0, "592-1"),
        (60.0, 60.0, 0.0, 0.0, None),
        (45.0, 60.0, 2.0, -17.0, None),
    ],
)
def test_the_margin_is_subtracted_before_the_band_is_looked_for(measured, permitted, margin, over, article):
    found = speeding.RULE.judge(a_record(measured_kmh=measured, permitted_kmh=permitted, margin_kmh=margin), DAY)
    assert found.holds == (article is not None)
    if article is None:
        assert (found.over_kmh, found.trace[-1].code) == (None, "no_band")
    else:
        assert (found.over_kmh, band(found.over_kmh)) == (over, [article])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"certificate": None}, "papers_absent"),
        ({"verification": None}, "papers_absent"),
        ({"verified_until": None}, "papers_absent"),
        ({"verified_until": date(2026, 11, 21)}, "verification_expired"),
    ],
)
@pytest.mark.parametrize("kind", ["speeding", "section_speeding"])
def test_without_valid_papers_on_the_day_a_speed_grounds_nothing_and_the_reason_is_said(kind, changes, why):
    rule = {"speeding": speeding, "section_speeding": section_speeding}[kind].RULE
    found = rule.judge(a_record(kind, **changes), DAY)
    assert (found.holds, found.over_kmh, found.trace[-1].code) == (False, None, why)


def test_the_last_day_of_the_verification_counts():
    assert speeding.RULE.judge(a_record(verified_until=DAY), DAY).holds


def test_before_the_catalogue_speaks_there_is_no_band():
    assert not speeding.RULE.judge(a_record(), date(2024, 6, 1)).holds


speeds = st.floats(1, 400, allow_nan=False)


@given(measured=speeds, permitted=st.integers(5, 140), margin=st.floats(0, 30), more=st.floats(0, 20))
def test_a_larger_margin_never_makes_it_worse_for_the_driver(measured, permitted, margin, more):
    def over(subtracted: float) -> float:
        record = a_record(measured_kmh=measured, permitted_kmh=permitted, margin_kmh=min(30.0, subtracted))
        return speeding.RULE.judge(record, DAY).over_kmh or 0.0

    assert over(margin + more) <= over(margin)


@given(measured=speeds, permitted=st.integers(5, 140), margin=st.floats(0, 30))
def test_every_excess_that_holds_falls_into_exactly_one_band(measured, permitted, margin):
    found = speeding.RULE.judge(a_record(measured_kmh=measured, permitted_kmh=permitted, margin_kmh=margin), DAY)
    assert found.holds == (round(round(measured - margin, 2) - permitted, 2) >= 10)
    if found.over_kmh is not None:
        assert len(band(found.over_kmh)) == 1


def test_a_section_is_judged_by_length_and_times_and_disbelieved_where_they_differ():
    good = section_speeding.RULE.judge(a_record("section_speeding"), DAY)
    assert (good.holds, good.over_kmh) == (True, 33.0)
    bad = section_speeding.RULE.judge(a_record("section_speeding", measured_kmh=97.0), DAY)
    assert (bad.holds, bad.trace[-1].code) == (False, "section_differs")


@pytest.mark.parametrize("until", [date(2026, 11, 21), None])
def test_both_devices_of_a_section_need_valid_papers(until):
    end = {"exit_serial": "K-0043", "exit_certificate": "KZ.02.2", "exit_verification": "ВТ-18"}
    record = a_record("section_speeding", **end, exit_verified_until=until)
    assert not section_speeding.RULE.judge(record, DAY).holds
    assert section_speeding.RULE.judge(
        a_record("section_speeding", **end, exit_verified_until=date(2027, 1, 1)), DAY
    ).holds


VALID = Papers("K-1", "Radar", "C", "V", DAY)
EXPIRED = Papers("K-2", "Radar", "C", "V", DAY - timedelta(days=1))


@pytest.mark.parametrize(
    ("entry", "leave", "auxiliary"),
    [(VALID, VALID, False), (VALID, None, True), (None, None, True), (VALID, EXPIRED, True)],
)
def test_a_section_between_our_own_cameras_is_auxiliary_unless_both_carry_a_certified_device(entry, leave, auxiliary):
    found = section_speed(
        SectionEnd(NOON, 0.1, entry), SectionEnd(NOON + timedelta(seconds=60), 0.1, leave), 1000.0, 1.0, DAY
    )
    assert found is not None
    assert (found.kmh, found.auxiliary) == (pytest.approx(60.0), auxiliary)
    assert found.sigma_kmh == pytest.approx(60 * (0.001**2 + (0.1 * 2**0.5 / 60) ** 2) ** 0.5)


def test_ends_in_the_wrong_order_give_no_speed():
    assert section_speed(SectionEnd(NOON, 0.1), SectionEnd(NOON - timedelta(seconds=1), 0.1), 1000.0, 1.0, DAY) is None


@pytest.mark.parametrize("rule", [seat_belt.RULE, phone.RULE])
def test_belt_and_phone_come_from_a_device_with_its_picture(rule):
    assert rule.judge(a_record(rule.kind), DAY).holds
    bare = {"certificate": None, "verification": None, "verified_until": None}
    assert rule.judge(a_record(rule.kind, **bare), DAY).holds
    without = rule.judge(a_record(rule.kind, picture=None, picture_sha256=None), DAY)
    assert (without.holds, without.trace[-1].code) == (False, "device_picture_absent")
    assert not rule.judge(a_record(rule.kind, verified_until=DAY - timedelta(days=1)), DAY).holds


@pytest.mark.parametrize(
    ("kind", "changes", "why"),
    [
        ("speeding", {"measured_kmh": None}, "needs measured_kmh"),
        ("speeding", {"margin_kmh": None}, "needs measured_kmh"),
        ("speeding", {"measured_kmh": 401.0}, "less than or equal to 400"),
        ("speeding", {"measured_kmh": float("nan")}, "finite number"),
        ("speeding", {"margin_kmh": -1.0}, "greater than or equal to 0"),
        ("speeding", {"time": NOON.replace(tzinfo=None)}, "timezone"),
        ("speeding", {"plate": "12"}, "match pattern"),
        ("speeding", {"speed": 1}, "Extra inputs"),
        ("speeding", {"picture": "../x.jpg"}, "match pattern"),
        ("speeding", {"picture_sha256": None}, "go together"),
        ("speeding", {"length_m": 10.0}, "only a record of a section"),
        ("section_speeding", {"length_m": None}, "a section needs"),
        ("section_speeding", {"entry_time": NOON}, "before entry_time"),
        ("phone", {"measured_kmh": 50.0}, "only a record of a speed"),
    ],
)
def test_a_record_that_cannot_be_is_refused_at_the_border(kind, changes, why):
    with pytest.raises(ValidationError, match=why):
        a_record(kind, **changes)
