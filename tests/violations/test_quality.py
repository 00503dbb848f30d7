from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from qyran.errors import InputError
from violations.quality import Count, QualityTerms, Rates, alarms, binomial, fisher, interval, judge

TERMS = QualityTerms()
counts = st.integers(0, 60).flatmap(lambda n: st.builds(Count, st.just(n), st.integers(0, n)))


def rates(now: tuple[int, int], past: tuple[int, int], peers: tuple[int, int], camera: str = "abay-12") -> Rates:
    return Rates(camera, "red_light", Count(*now), Count(*past), Count(*peers))


@given(counts, counts)
def test_the_chance_is_fishers(one, other):
    table = [[one.rejected, one.decided - one.rejected], [other.rejected, other.decided - other.rejected]]
    if one.decided and other.decided:
        assert fisher(one, other) == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue, rel=1e-9)
    else:
        assert fisher(one, other) == 1.0


@given(counts.filter(lambda one: one.decided > 0))
def test_the_interval_is_wilsons_and_holds_the_share(one):
    low, high = interval(one)
    known = stats.binomtest(one.rejected, one.decided).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((known.low, known.high), abs=1e-9)
    assert low - 1e-12 <= one.rejected / one.decided <= high + 1e-12


@given(counts, st.floats(0.01, 0.99))
def test_the_chance_without_anything_to_compare_is_the_binomial_tail(one, share):
    assert binomial(one, share) == pytest.approx(stats.binom.sf(one.rejected - 1, one.decided, share), abs=1e-9)


SILENT = {
    "too little was decided": rates((19, 19), (500, 5), (500, 5)),
    "it was always so": rates((100, 40), (1000, 400), (500, 5)),
    "all cameras of the rule are so": rates((100, 40), (1000, 10), (500, 200)),
    "it rose a little, over very many cases": rates((20_000, 2_600), (20_000, 600), (20_000, 600)),
    "nothing is known but a share within reason": rates((30, 4), (0, 0), (0, 0)),
    "nothing was decided": rates((0, 0), (10, 1), (10, 1)),
}


@pytest.mark.parametrize("one", SILENT.values(), ids=SILENT)
def test_no_camera_goes_into_quarantine_when(one):
    assert alarms([one], TERMS) == ()


LOUD = {
    "it jumped against its past and its peers": rates((40, 20), (900, 27), (500, 15)),
    "it is new, and its peers are well": rates((40, 20), (0, 0), (500, 15)),
    "it is the only one of its rule": rates((40, 20), (900, 27), (0, 0)),
    "nothing is known, and half of it was rejected": rates((40, 20), (3, 0), (3, 0)),
    "everything was rejected": rates((20, 20), (100, 1), (100, 1)),
}


@pytest.mark.parametrize("one", LOUD.values(), ids=LOUD)
def test_a_camera_goes_into_quarantine_when(one):
    (alarm,) = alarms([one], TERMS)
    assert alarm.rates is one
    assert alarm.p <= TERMS.alpha


def test_the_judgement_rests_on_the_weaker_of_the_two_comparisons():
    alarm = judge(rates((40, 20), (900, 27), (30, 1)), TERMS)
    assert alarm.p == max(alarm.p_past, alarm.p_peers)
    assert alarm.p_peers > alarm.p_past


def test_many_cameras_are_judged_together():
    """What would be an alarm of one camera alone is none among a thousand: one of a thousand looks so by luck."""
    doubtful = rates((20, 5), (400, 20), (400, 20))
    assert 1e-4 < judge(doubtful, TERMS).p < TERMS.alpha
    calm = [rates((20, 1), (400, 20), (400, 20), camera=str(n)) for n in range(1000)]
    assert alarms([doubtful], TERMS) != ()
    assert alarms([doubtful, *calm], TERMS) == ()


@given(st.lists(st.tuples(counts, counts, counts), max_size=6))
def test_fewer_false_alarms_are_asked_for_at_the_price_of_fewer_alarms(triples):
    found = [Rates(str(n), "red_light", *one) for n, one in enumerate(triples)]
    strict = {one.rates for one in alarms(found, replace(TERMS, alpha=1e-6))}
    assert strict <= {one.rates for one in alarms(found, TERMS)}


def test_more_rejections_than_decisions_are_refused():
    with pytest.raises(InputError, match="No more cases"):
        Count(3, 4)


def a_day(generator: np.random.Generator, cameras: int, bad: int = 0) -> list[Rates]:
    """Cameras whose officers reject 3 %, and `bad` ones that have begun to be wrong every third time."""
    now = [Count(60, sum(generator.random() < (0.33 if n < bad else 0.03) for _ in range(60))) for n in range(cameras)]
    past = [Count(600, sum(generator.random() < 0.03 for _ in range(600))) for _ in range(cameras)]
    whole = sum(now, Count())
    peers = [Count(whole.decided - one.decided, whole.rejected - one.rejected) for one in now]
    return [Rates(str(n), "red_light", *each) for n, each in enumerate(zip(now, past, peers, strict=True))]


def test_a_quiet_city_has_no_quarantines_and_a_camera_that_fails_is_found():
    generator = np.random.default_rng(5)
    terms = replace(TERMS, alpha=TERMS.alpha / 24)
    assert sum(len(alarms(a_day(generator, 20), terms)) for _ in range(40)) == 0
    found = [{one.rates.camera for one in alarms(a_day(generator, 20, bad=1), terms)} for _ in range(20)]
    assert all(one <= {"0"} for one in found)
    assert sum(one == {"0"} for one in found) >= 18
