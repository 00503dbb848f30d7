from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.observations import START
from tests.violations.road_view import Mover, View, judge, via
from violations.rules import paid_parking, pavement_parking

BAY = (3.4, 6.2)


def street(kind="parking", *, position=(0.0, -18.0, 8.0), **terms):
    """A bay or the like along the right side from y = 0 to y = 40."""
    return View(position=position).zone("bay", kind, BAY, (0.0, 40.0), **terms)


def parks(x=4.8, *, until_s=30.0):
    """Drives up, stands at y = 14 from second 4 on, and leaves."""
    way = [(0, 1.75, -12), (2, 1.75, 0), (3, x, 9), (4, x, 14), (until_s, x, 14), (until_s + 4, 1.75, 60)]
    return Mover(1, via(*way))


def found(view, *movers, rule=paid_parking.RULE, until_s=40.0, start=START):
    return judge(rule, view, view.observe(*movers, until_s=until_s, rate_hz=4.0, start=start))


PAID = {"tariff": "centre", "grace_s": 10.0}


def test_a_stay_is_told_with_its_begin_and_end_once_it_is_over() -> None:
    (finding,) = found(street(**PAID), parks())
    assert (finding.kind, finding.zone, finding.track) == ("paid_parking", "bay", 1)
    assert (finding.onset_s, finding.video_s) == (pytest.approx(4.0, abs=0.8), pytest.approx(30.0, abs=0.8))
    values = dict(finding.trace[0].values)
    assert (finding.trace[0].code, values["zone"], values["tariff"]) == ("paid_stay", "bay", "centre")
    begin, end = (datetime.fromisoformat(values[key]) for key in ("begin", "end"))
    assert abs(begin - START - timedelta(seconds=4)) < timedelta(seconds=2)
    assert abs(end - START - timedelta(seconds=30)) < timedelta(seconds=2)
    assert finding.trace[-1].code == "stay_ended"


def test_at_the_end_of_a_video_a_stay_is_told_as_far_as_it_was_seen() -> None:
    (finding,) = found(street(**PAID), parks(until_s=90.0))
    assert (finding.video_s, finding.trace[-1].code) == (pytest.approx(40.0, abs=0.5), "stay_end_not_seen")


def test_a_stay_over_the_end_of_the_paid_hours_is_told_up_to_then() -> None:
    start = datetime(2026, 3, 2, 14, 59, 40, tzinfo=UTC)  # twenty seconds before 20:00 in Almaty
    view = street(**PAID, hours=[{"start": "08:00", "end": "20:00"}])
    (finding,) = found(view, parks(until_s=90.0), start=start)
    assert finding.video_s == pytest.approx(20.0, abs=0.5)


@pytest.mark.parametrize(
    ("view", "mover", "why"),
    [
        (street(**PAID), parks(until_s=12.0), "leaves within the free time"),
        (street(**PAID), parks(1.4), "stands in the lane beside the bay"),
        (street(**PAID, hours=[{"start": "20:00", "end": "08:00"}]), parks(), "when nobody has to pay"),
    ],
)
def test_who_need_not_pay_is_not_told(view, mover, why) -> None:
    assert found(view, mover) == [], why


def test_without_a_tariff_the_rule_is_off() -> None:
    assert [reason.code for reason in paid_parking.RULE.missing(street().camera)] == ["missing_tariff"]
    assert paid_parking.RULE.missing(street(**PAID).camera) == ()


@pytest.mark.parametrize("kind", ["pavement", "lawn"])
@pytest.mark.parametrize("position", [(0.0, -18.0, 8.0), (9.0, -18.0, 8.0), (-9.0, -18.0, 8.0)])
def test_who_parks_on_a_pavement_or_lawn_is_found_and_who_parks_beside_it_is_not(kind, position) -> None:
    view = street(kind, position=position, grace_s=8.0)
    (finding,) = found(view, parks(), rule=pavement_parking.RULE)
    assert (finding.kind, finding.zone) == ("pavement_parking", "bay")
    for beside in (parks(1.8), parks(8.4), parks(until_s=10.0)):
        assert found(view, beside, rule=pavement_parking.RULE) == []


def test_no_jam_leads_over_a_pavement() -> None:
    queue = [
        Mover(k + 1, via((2 * k, 4.8, -30), (4 + 2 * k, 4.8, 30 - 7 * k), (60, 4.8, 30 - 7 * k))) for k in range(3)
    ]
    assert len(found(street("pavement", grace_s=8.0), *queue, rule=pavement_parking.RULE)) == 3


def test_the_rule_about_pavements_says_what_it_lacks() -> None:
    assert [reason.code for reason in pavement_parking.RULE.missing(View().camera)] == ["missing_pavement"]
