from __future__ import annotations

import pytest

from kpi_catalog.period import Period
from qyran.errors import AccessError
from qyran.roles import SYSTEM, Role
from service.kpi import security_reports
from service.kpi_analysis.trends import KEPT, history, series_of
from service.reports.words import earlier

NOVEMBER = Period.parse("2026-11")


def seen(world, actor=SYSTEM):
    return history(world.store, "regional", earlier(NOVEMBER, 3), actor=actor)


def items(found):
    return [one.value.extra["items"] for one in series_of("9.9", found)]


def test_the_newest_period_is_as_it_stands_and_the_others_no_older_than_a_minute(world):
    assert items(seen(world)) == [0, 0, 0]
    world.case()
    world.clock.forward(days=-30)
    world.case(plate="456DEF02")  # told of October
    world.clock.forward(days=30)
    assert items(seen(world)) == [0, 0, 1]
    world.clock.forward(seconds=KEPT.total_seconds() + 1)
    assert items(seen(world)) == [0, 1, 1]


def test_it_is_what_the_reports_say(world):
    world.case()
    fresh = security_reports(world.store, "regional", earlier(NOVEMBER, 3))
    for _ in range(2):  # computed, then kept; the clock of the newest goes on
        found = seen(world)
        assert [one.kpis for one in found[:-1]] == [one.kpis for one in fresh[:-1]]
        assert items(found) == items(fresh)


def test_what_is_kept_opens_nothing_to_who_may_not_see_it(world):
    seen(world)
    with pytest.raises(AccessError):
        seen(world, world.person(Role.SITUATIONAL_OPERATOR))
