from __future__ import annotations

import pytest

from scenarios.signals import SignalPlan

PLAN = SignalPlan(red_at_s=8.0, green_s=9.0, yellow_s=3.0, red_s=12.0, red_yellow_s=1.0)


@pytest.mark.parametrize(
    ("second", "state"),
    [
        (0.0, "green"),
        (4.9, "green"),
        (5.1, "yellow"),
        (7.9, "yellow"),
        (8.0, "red"),
        (19.9, "red"),
        (20.1, "red_yellow"),
        (21.1, "green"),
        (29.9, "green"),
        (30.1, "yellow"),
        (33.1, "red"),
        (-17.1, "yellow"),
        (-16.9, "red"),
    ],
)
def test_the_order_of_lamps(second: float, state: str) -> None:
    assert PLAN.state("ns", second) == state


def test_both_groups_never_go_together() -> None:
    for tick in range(2500):
        t = tick * 0.02
        assert not (PLAN.state("ns", t) in ("green", "yellow") and PLAN.state("ew", t) in ("green", "yellow"))
