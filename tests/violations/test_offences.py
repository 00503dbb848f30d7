from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qyran.errors import ConfigError, InputError
from violations.offences import (
    WorkCalendar,
    candidates,
    find,
    kinds,
    last_appeal_day,
    last_half_price_day,
    last_payment_day,
    legal_terms,
    limitation_ends,
    offence,
    resolved_day,
    work_calendar,
)

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("kind", "article", "part", "mci", "kzt", "half"),
    [
        ("red_light", "599", "1", 10, 43_250, "21625"),
        ("stop_line", "601", "1", 3, 12_975, "6487.5"),
        ("bus_lane", "601", "1", 3, 12_975, "6487.5"),
        ("pedestrian_priority", "600", "1", 10, 43_250, "21625"),
        ("junction_block", "594", "1", 3, 12_975, "6487.5"),
        ("pavement", "596", "1", 15, 64_875, "32437.5"),
        ("no_parking", "597", None, 5, 21_625, "10812.5"),
        ("phone", "591", "1", 5, 21_625, "10812.5"),
    ],
)
def test_the_likeliest_article_and_its_fine_in_2026(kind, article, part, mci, kzt, half):
    found = offence(kind, TODAY)
    assert (found.article, found.part, found.fine_mci, found.fine_kzt) == (article, part, mci, kzt)
    assert found.half_kzt == Decimal(half)
    assert found.penalty_kind == "fine"


@pytest.mark.parametrize(
    ("over", "part", "kzt"),
    [(10, "1", 21_625), (19, "1", 21_625), (20, "2", 43_250), (40, "3", 86_500), (60, "3-1", 173_000)],
)
def test_speed_bands_follow_one_another_and_need_a_certified_device(over, part, kzt):
    found = [one for one in candidates("speeding", TODAY) if one.over_kmh[0] <= over < one.over_kmh[1]]
    assert [(one.part, one.fine_kzt, one.certified) for one in found] == [(part, kzt, True)]


@pytest.mark.parametrize("kind", ["wrong_way", "oncoming_lane"])
def test_the_oncoming_side_has_no_fine(kind):
    found = offence(kind, TODAY)
    assert (found.id, found.penalty_kind) == ("596-3", "non_payable")
    assert (found.fine_mci, found.fine_kzt, found.half_kzt) == (None, None, None)


@pytest.mark.parametrize(("year", "kzt"), [(2025, 39_320), (2026, 43_250)])
def test_the_fine_follows_the_index_of_the_year(year, kzt):
    assert offence("red_light", date(year, 6, 1)).fine_kzt == kzt


def test_the_fine_follows_the_year_in_which_it_is_imposed():
    found = find("599-1", "red_light", date(2025, 12, 31), imposed=date(2026, 1, 5))
    assert (found.mci_year, found.fine_kzt) == (2026, 43_250)


def test_an_index_that_is_not_known_is_named_and_never_guessed():
    late = date(2031, 1, 1)
    assert [one.fine_kzt for one in candidates("red_light", late)] == [None, None, None]
    with pytest.raises(ConfigError, match="2031"):
        find("599-1", "red_light", late)


def test_before_what_the_sources_vouch_for_the_catalogue_is_silent():
    assert candidates("phone", date(2026, 3, 11)) == ()
    assert candidates("phone", date(2026, 3, 12)) != ()
    with pytest.raises(InputError, match="phone"):
        offence("phone", date(2026, 3, 11))


def test_an_article_that_is_no_candidate_cannot_be_chosen():
    with pytest.raises(InputError, match="592-1"):
        find("592-1", "red_light", TODAY)
    assert candidates("no_such_rule", TODAY) == ()


@pytest.mark.parametrize("kind", kinds())
def test_every_entry_has_its_source_names_and_certainty(kind):
    for one in candidates(kind, TODAY):
        assert one.source
        assert one.certainty in "VPR"
        assert all((one.name.kk, one.name.ru, one.name.en))
        assert any(letter in one.name.kk for letter in "әғқңөұүһі")


def test_the_example_of_the_state_for_half_price():
    # A notice delivered on Monday 1 August has 10 August as its last day.
    plain = WorkCalendar(years=frozenset({2022}), days_off=frozenset())
    assert last_half_price_day(date(2022, 8, 1), plain) == date(2022, 8, 10)


@pytest.mark.parametrize(
    ("delivered", "last"),
    [
        (date(2026, 3, 4), date(2026, 3, 16)),  # over Women's Day, moved to Monday 9 March
        (date(2026, 3, 18), date(2026, 4, 1)),  # over Nauryz
        (date(2026, 12, 25), date(2027, 1, 8)),  # over New Year and Christmas
        (date(2026, 11, 21), date(2026, 12, 1)),  # delivered on a Saturday
    ],
)
def test_holidays_and_weekends_do_not_count(delivered, last):
    assert last_half_price_day(delivered, work_calendar()) == last


@given(st.dates(date(2026, 1, 1), date(2027, 11, 30)))
def test_the_last_half_price_day_is_a_working_day_with_seven_of_them_since_delivery(delivered):
    calendar = work_calendar()
    last = last_half_price_day(delivered, calendar)
    between = [delivered + timedelta(days=n) for n in range(1, (last - delivered).days + 1)]
    assert calendar.is_working(last)
    assert sum(map(calendar.is_working, between)) == 7


def test_a_year_without_holidays_in_the_catalogue_is_named():
    with pytest.raises(ConfigError, match="2028"):
        last_half_price_day(date(2027, 12, 30), work_calendar())


def test_calendar_terms_count_from_delivery():
    delivered = date(2026, 11, 22)
    assert last_payment_day(delivered) == date(2026, 12, 22)
    assert last_appeal_day(delivered) == date(2026, 12, 2)
    assert resolved_day(delivered) == date(2026, 12, 7)


@pytest.mark.parametrize(
    ("act", "end"),
    [
        (datetime(2026, 1, 15, 8, tzinfo=UTC), datetime(2026, 3, 15, 8, tzinfo=UTC)),
        (datetime(2026, 12, 31, 8, tzinfo=UTC), datetime(2027, 2, 28, 8, tzinfo=UTC)),
        (datetime(2026, 11, 22, 8, tzinfo=UTC), datetime(2027, 1, 22, 8, tzinfo=UTC)),
    ],
)
def test_the_limitation_ends_two_months_after_the_act(act, end):
    assert limitation_ends(act) == end


def test_every_term_has_its_source_and_certainty():
    terms = legal_terms(TODAY)
    for name in ("half_price_working_days", "full_days", "appeal_days", "resolved_days", "limitation_months"):
        assert getattr(terms, name).source
    with pytest.raises(ConfigError, match="2014"):
        legal_terms(date(2014, 12, 31))
