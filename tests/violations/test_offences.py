from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from qyran.errors import ConfigError, InputError
from violations.offence_file import Catalogue, load_catalogue, load_part
from violations.offences import (
    WorkCalendar,
    _HolidaysFile,
    about,
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
KINDS = {
    "red_light", "stop_line", "lane_direction", "solid_line", "oncoming_lane", "wrong_way", "bus_lane", "turn",
    "u_turn", "pedestrian_priority", "junction_block", "no_stopping", "no_parking", "pavement_parking",
    "paid_parking", "pavement_driving", "railway_crossing", "restricted_class", "speeding", "section_speeding",
    "no_insurance", "no_inspection", "seat_belt", "phone",
}  # fmt: skip
NEVER_PAYABLE = {"oncoming_lane", "paid_parking", "no_insurance", "no_inspection"}
ENTRY = {
    "id": "599-1", "article": "599", "part": "1", "penalty": "fine", "mci": 10, "certainty": "P", "source": "press",
    "name": {"kk": "ә", "ru": "а", "en": "a"},
}  # fmt: skip


def entry(first: date, last: date | None = None, **changes: object) -> dict[str, object]:
    return {**ENTRY, "valid_from": first, "valid_until": last, **changes}


def test_the_catalogue_knows_every_kind_of_the_rules():
    assert set(kinds()) == KINDS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_material_only_never_offers_a_fine(kind):
    payable = [one for one in candidates(kind, TODAY) if one.penalty != "non_payable"]
    assert about(kind).material == (payable == []) == (kind in NEVER_PAYABLE)


@pytest.mark.parametrize(
    ("kind", "ground"),
    [
        ("red_light", "camera"),
        ("speeding", "certified_device"),
        ("section_speeding", "certified_device"),
        ("seat_belt", "device"),
        ("phone", "device"),
        ("no_insurance", "register"),
        ("no_inspection", "register"),
    ],
)
def test_each_kind_says_what_it_rests_on(kind, ground):
    assert about(kind).ground == ground


@pytest.mark.parametrize("offence_id", ["595", "596-4", "597-unpaid", "230", "590-inspection"])
def test_where_the_sources_name_no_figure_nothing_is_payable(offence_id):
    (found,) = {one.id: one for kind in KINDS for one in candidates(kind, TODAY) if one.id == offence_id}.values()
    assert (found.undetermined, found.penalty, found.fine_kzt) == (True, "non_payable", None)


days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@given(st.lists(st.tuples(days, st.none() | days), min_size=1, max_size=5))
def test_a_file_is_taken_exactly_when_no_day_has_two_entries_of_one_article(spans):
    raw = {"version": "1", "offence": [entry(first, last) for first, last in spans]}
    backwards = any(last is not None and last < first for first, last in spans)
    last_day = date(2031, 1, 1)
    every = {day for first, last in spans for day in (first, last or last_day)}
    twice = any(sum(first <= day <= (last or last_day) for first, last in spans) > 1 for day in every)
    if backwards or twice:
        with pytest.raises(ValidationError, match="lies before valid_from" if backwards else "hold on"):
            Catalogue.model_validate(raw)
    else:
        assert len(Catalogue.model_validate(raw).offence) == len(spans)


def toml(*spans: tuple[str, str | None], kinds: str = "") -> str:
    lines = ['version = "city-1"', kinds]
    for first, last in spans:
        lines += ["[[offence]]", 'id = "599-1"', 'article = "599"', 'part = "1"', 'penalty = "fine"', "mci = 10"]
        lines += [f"valid_from = {first}", *([f"valid_until = {last}"] if last else []), 'certainty = "P"']
        lines += ['source = "press"', 'name = { kk = "ә", ru = "а", en = "a" }']
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (toml(("2025-01-01", None), ("2026-01-01", None)), "two entries of 599-1 hold on 2026-01-01"),
        (toml(("2025-01-01", "2026-01-01"), ("2026-01-01", None)), "end the first before the second"),
        (toml(("2025-06-01", "2025-05-31")), "valid_until 2025-05-31 lies before valid_from 2025-06-01"),
        (toml(("2025-01-01", None), kinds='kinds.red_light = {entries = ["1"], certainty = "P", source = "s"}'),
         "the kind red_light names the entry 1"),
        (toml(("2025-01-01", None),
              kinds='kinds.a = {entries = ["599-1"], material = true, certainty = "P", source = "s"}'),
         "material only and names an entry with a fine"),
        (toml(("2025-01-01", None)).replace('id = "599-1"', 'id = "600"'), "the id of this article and part is 599-1"),
        (toml(("2025-01-01", None)).replace("mci = 10", ""), "a fine has an amount"),
        ("version = ", "no TOML"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_in_one_sentence_with_its_name_and_the_reason(tmp_path, text, reason):
    path = tmp_path / "city.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=reason) as error:
        load_catalogue(path)
    assert str(path) in str(error.value)


def test_a_day_in_two_files_is_found_too_and_following_on_is_no_overlap(tmp_path):
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    one.write_text(toml(("2025-01-01", "2025-12-31")), encoding="utf-8")
    other.write_text(toml(("2026-01-01", None)), encoding="utf-8")
    assert len(load_catalogue(one, other).offence) == 2
    other.write_text(toml(("2025-12-31", None)), encoding="utf-8")
    with pytest.raises(ConfigError, match="hold on 2025-12-31"):
        load_catalogue(one, other)


@pytest.mark.parametrize(
    ("kind", "article", "part", "mci", "kzt", "half"),
    [
        ("red_light", "599", "1", 10, 43_250, "21625"),
        ("stop_line", "601", "1", 3, 12_975, "6487.5"),
        ("bus_lane", "601", "1", 3, 12_975, "6487.5"),
        ("pedestrian_priority", "600", "1", 10, 43_250, "21625"),
        ("junction_block", "594", "1", 3, 12_975, "6487.5"),
        ("pavement_driving", "596", "1", 15, 64_875, "32437.5"),
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
    for kind in ("speeding", "section_speeding"):
        found = [one for one in candidates(kind, TODAY, over_kmh=over) if not one.repeat]
        assert [(one.part, one.fine_kzt, one.certified) for one in found] == [(part, kzt, True)]


def test_below_ten_over_the_limit_there_is_no_band():
    assert [one.id for one in candidates("speeding", TODAY, over_kmh=9.99) if not one.repeat] == []
    with pytest.raises(InputError, match="592-1"):
        find("592-1", "speeding", TODAY, over_kmh=20.0)


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


def test_a_saturday_that_a_decree_made_a_working_day_counts():
    saturday, monday = date(2026, 11, 28), date(2026, 11, 30)
    plain = WorkCalendar(years=frozenset({2026}), days_off=frozenset())
    moved = WorkCalendar(years=frozenset({2026}), days_off=frozenset({monday}), moved_here=frozenset({saturday}))
    assert not plain.is_working(saturday)
    assert moved.is_working(saturday)
    assert not moved.is_working(monday)
    assert last_half_price_day(date(2026, 11, 23), moved) == last_half_price_day(date(2026, 11, 23), plain)


@pytest.mark.parametrize(
    "line", ["days = [2025-01-01]", "days = [2026-01-01, 2026-01-01]", "days = []\nworking = [2026-11-27]"]
)
def test_a_calendar_that_contradicts_itself_is_refused(tmp_path, line):
    path = tmp_path / "holidays.toml"
    lists = line if "working" in line else f"{line}\nworking = []"
    path.write_text(f'[[year]]\nyear = 2026\ncertainty = "R"\nsource = "?"\n{lists}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="2026"):
        load_part(path, _HolidaysFile)


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
