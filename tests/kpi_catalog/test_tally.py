"""Tallies add up: spans that share no moment, merged, are their union, and what is kept is read back."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from statistics import fmean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_catalog.facts.durations import Durations
from kpi_catalog.happened import happened
from kpi_catalog.period import Period
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
    Payment,
    Recipient,
)
from kpi_catalog.security import security_kpis, security_of, tally_of
from kpi_catalog.tally import NOTHING, as_json, from_json, merged, spread_of, tally

MARCH = Period.parse("2027-03")
START = MARCH.start - timedelta(days=2)
AS_OF = datetime(2027, 4, 20, tzinfo=UTC)
WHOLE = Import(START - timedelta(days=90), AS_OF, "office")
UNTIL = START + timedelta(days=36)
moments = st.integers(0, 36 * 24 * 4).map(lambda quarter: START + timedelta(minutes=15 * quarter))


def a_city(seed):
    """A small city in which everything may be missing, doubled, tied or late."""
    dice = random.Random(seed)  # noqa: S311 - draws a test's city

    def at():
        return START + timedelta(minutes=15 * dice.randrange(36 * 24 * 4))

    def perhaps(value):
        return dice.choice((None, value))

    def rarely():
        return dice.random() < 0.1

    def case(number):
        return CaseFact(
            id=f"c{number}",
            t_detect=at(),
            t_officer_decision=perhaps(at()),
            decision=perhaps(dice.choice(list(Decision))),
            auto_filled=dice.choice((CASE_FIELDS, frozenset())),
            edited_fields=dice.choice((frozenset(), frozenset({"plate"}))),
            t_signed=perhaps(at()),
            t_first_notification_sent=perhaps(at()),
            payment=perhaps(dice.choice(list(Payment))),
            payment_term_end=perhaps(at()),
            cancelled=rarely(),
            merged=rarely(),
        )

    def alert(number):
        return AlertFact(
            id=f"a{number}",
            kind=dice.choice(("crash", "fire", "smoke")),
            t_detect=at(),
            incident_id=dice.choice((None, "i1", "i2")),
            t_ack=perhaps(at()),
            t_dispatch=perhaps(at()),
            t_notify_sent=perhaps(at()),
            verdict=dice.choice((None, True, False)),
            linked_case_id=dice.choice((None, "c0", "c1", "c9")),
            drill=rarely(),
        )

    def call(number):
        times = {"t_depart": perhaps(at()), "t_arrive": perhaps(at()), "object_id": dice.choice((None, "o1", "o2"))}
        return FireCall(id=f"f{number}", t_call_received=at(), drill=rarely(), **times)

    def sent(number):
        whom = {"initiator": dice.choice(list(Initiator)), "recipient": dice.choice(list(Recipient))}
        return NotificationFact(id=f"n{number}", t_sent=at(), object_id=perhaps("o1"), test=rarely(), **whom)

    def spans():
        return tuple((at(), perhaps(at())) for _ in range(dice.randrange(4)))

    def several(of, most):
        return tuple(of(number) for number in range(dice.randrange(most + 1)))

    camera = CameraFact(id="k", commissioned_at=at(), decommissioned_at=perhaps(at()), up=spans(), analysed=spans())
    return CityFacts(
        as_of=AS_OF,
        cases=several(case, 8),
        alerts=several(alert, 8),
        cameras=(camera,),
        fire_calls=FireCallLog(several(call, 8), WHOLE),
        notifications=several(sent, 5),
        inputs=CityInputs(
            registered_vehicles=Dated(1000, date(2027, 1, 1), "office"),
            payments=WHOLE,
            phone_notifications=WHOLE,
            fire_norm=FireNorm(30, "depart", date(2027, 1, 1), "office"),
        ),
    )


cities = st.integers(0, 2**32).map(a_city)


@given(cities, moments)
def test_two_spans_together_are_their_union(city, between):
    parts = [tally_of(happened(city, a, b)) for a, b in ((START, between), (between, UNTIL))]
    assert merged(parts) == tally_of(happened(city, START, UNTIL))


@given(cities)
def test_the_days_of_a_month_say_what_its_records_say(city):
    days = [Period.parse(day.isoformat()) for day in MARCH.days]
    total = merged(tally_of(happened(city, day.start, day.end)) for day in days)
    records = replace(city, cases=(), alerts=(), notifications=(), fire_calls=FireCallLog((), WHOLE))
    assert security_of(total, records, "republican", MARCH) == security_kpis(city, "republican", MARCH)


@given(cities)
def test_scores_stay_between_nothing_and_one(city):
    report = security_kpis(city, "republican", MARCH)
    scores = [one.score.score for one in report.kpis if one.score.score is not None]
    assert all(0 <= score <= 1 for score in (*scores, report.sphere.score or 0, report.sphere.coverage or 0))


@given(cities, st.integers(1, 30))
def test_more_false_alarms_never_raise_the_score_of_false_alarms(city, more):
    false = tuple(
        AlertFact(id=f"x{number}", kind="crash", t_detect=MARCH.start, verdict=False) for number in range(more)
    )

    def score(facts):
        return next(one.score.score for one in security_kpis(facts, "republican", MARCH).kpis if one.kpi.id == "9.9")

    before, after = score(city), score(replace(city, alerts=city.alerts + false))
    assert before is None or after <= before


tallies = st.builds(
    tally,
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 9)),
    st.dictionaries(st.sampled_from("xyz"), st.lists(st.integers(-(10**12), 10**12), max_size=5)),
)


@given(tallies, tallies, tallies)
def test_in_whatever_order_spans_are_merged(one, two, three):
    assert merged([merged([one, two]), three]) == merged([three, one, two])
    assert merged([one, NOTHING]) == one


@given(tallies)
def test_a_kept_tally_is_read_back(one):
    content, spreads = as_json(one)
    assert from_json(json.loads(json.dumps(content)), spreads) == one


@given(st.lists(st.integers(-(10**9), 10**13), min_size=1, max_size=40))
def test_a_spread_tells_what_its_intervals_tell(values):
    found, known = Durations(spread_of(values)), sorted(one for one in values if one >= 0)
    assert (found.number, found.reversed) == (len(known), len(values) - len(known))
    if known:
        minute = 60_000_000
        assert found.mean == pytest.approx(fmean(known) / minute)
        assert found.median == pytest.approx(median(known) / minute)
        assert found.p90 * minute == pytest.approx(
            next(one for one in known if 10 * sum(k <= one for k in known) >= 9 * len(known))
        )


def test_a_sum_beyond_64_bits_is_exact():
    assert spread_of([2**62, 2**62, 2**62]).total == 3 * 2**62
