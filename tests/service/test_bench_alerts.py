from __future__ import annotations

import math

import pytest

from qyran.errors import InputError
from service.bench_alerts import Sample, bench_alerts, memory_of
from service.bench_alerts_receiver import StandIn, alert_and_seq


def test_memory_that_does_not_grow_has_no_slope_and_memory_that_grows_has_its_own():
    flat = memory_of([Sample(100 * n, 250.0, 1_000_000) for n in range(20)])
    assert (flat["slope_mib_per_1000_messages"], flat["slope_python_blocks_per_message"]) == (0.0, 0.0)
    growing = memory_of([Sample(1000 * n, 250.0 + n, 1_000_000 + 500 * n) for n in range(20)])
    assert growing["slope_mib_per_1000_messages"] == pytest.approx(1.0)
    assert growing["slope_python_blocks_per_message"] == pytest.approx(0.5)
    assert math.isnan(memory_of([])["first_mib"])


def test_the_stand_in_counts_repetitions_and_overtakings():
    stand_in = StandIn(keep=False)
    key = "qyran-6b1d2c1e-0000-4000-8000-000000000000-{}-city-hall"
    for seq in (3, 5, 4, 5):
        stand_in.take(key.format(seq), {}, b"")
    assert alert_and_seq(key.format(12)) == ("6b1d2c1e-0000-4000-8000-000000000000", 12)
    assert (len(stand_in.taken), stand_in.repeats, stand_in.overtakings) == (3, 1, 1)


def test_a_small_storm_is_delivered_once_in_order():
    found = bench_alerts(count=4, fails=0.3, way=0)["storm"]
    assert (found["lost"], found["overtakings"], found["alerts_missing"]) == (0, 0, 0)
    assert found["messages"] == found["handed"] == found["delivered_once"] == 9


@pytest.mark.parametrize("given", [{"count": -1}, {"fails": 1.0}, {"way": -1}])
def test_numbers_that_make_no_sense_are_refused(given):
    with pytest.raises(InputError, match="bench alerts takes"):
        bench_alerts(**given)
