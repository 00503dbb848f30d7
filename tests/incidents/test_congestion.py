from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from incidents.rules.congestion import CYCLE_S, HOLD_S, OVER_S, RULE
from tests.observations import Scene, Timeline, Vehicle, along, observe
from vision.classes import CAR, PERSON
from vision.types import SignalState as S

ROAD = {"id": "road", "kind": "carriageway", "points": [[0, 0], [1, 0], [1, 1], [0, 1]]}
STOP = {"id": "s", "kind": "stop", "points": [[0, 0.8], [1, 0.8]], "direction": [[0.5, 0.1], [0.5, 0.9]]}
HEAD = {"id": "h", "box": [0.5, 0, 0.52, 0.06], "stop_line": "s"}


def crawling(number, since=0.0, until=1e4, speed=2.0):
    """Vehicles one behind the other, each 100 px large."""
    return [
        along((since, 100 + 80 * k, 100), (until, 100 + 80 * k, 100 + speed * (until - since)))
        for k in range(number)
    ]  # fmt: skip


def found(boxes, *, until_s=90.0, zones=(ROAD,), class_id=CAR, metres=None, rate_hz=4.0, **options):
    signals = options.pop("signals", None)
    vehicles = [Vehicle(k + 1, box, class_id) for k, box in enumerate(boxes)]
    moments = observe(vehicles, until_s=until_s, rate_hz=rate_hz, signals=signals)
    if metres is not None:
        moments = (metres(one) for one in moments)
    return Scene(RULE, {"zones": list(zones), **options}).run(moments)


def test_a_minute_of_crawling_traffic_is_told_once_with_its_number():
    (finding,) = found(crawling(8))

    assert (finding.kind, finding.zone) == ("congestion", "road")
    assert finding.video_s == pytest.approx(HOLD_S, abs=1)  # believed after 12 s, and reckoned from when it began
    assert dict(finding.trace[1].values)["number"] == 8
    assert {one.code for one in finding.trace} == {"crawls_since", "slow_vehicles"}


@pytest.mark.parametrize("rate_hz", [2.0, 5.0, 10.0])
def test_the_rate_of_analysis_changes_the_moment_by_less_than_two_seconds(rate_hz):
    (finding,) = found(crawling(8), rate_hz=rate_hz)

    assert finding.video_s == pytest.approx(HOLD_S, abs=2)


@pytest.mark.parametrize(
    ("boxes", "options", "why"),
    [
        (crawling(4), {}, "four vehicles are no congestion"),
        (crawling(8, speed=60.0, until=14.0), {}, "traffic flows"),
        (crawling(8), {"class_id": PERSON}, "people are no traffic"),
        (crawling(8), {"zones": (ROAD, {**ROAD, "id": "lot", "kind": "parking"})}, "they are parked"),
        (crawling(8), {"zones": ({**ROAD, "grace_s": 300.0},)}, "the zone grants more time"),
        (crawling(8), {"until_s": 50.0}, "it has not lasted"),
        (
            crawling(3) + [along((t, 700, 0), (t + 5, 700, 900)) for t in np.arange(0, 90, 1.0)],
            {},
            "most of the traffic passes by",
        ),
    ],
)
def test_it_is_none_where(boxes, options, why):
    assert found(boxes, **options) == [], why


def test_a_red_light_makes_no_congestion_but_a_queue_that_outlasts_its_cycle_does():
    red = {"h": Timeline([(0.0, S.RED)])}
    options = {"lines": [STOP], "signals": red}
    camera = {"zones": [ROAD], "lines": [STOP], "signals": [HEAD]}

    def run(until_s):
        vehicles = [Vehicle(k + 1, box) for k, box in enumerate(crawling(8, speed=0.5))]
        return Scene(RULE, camera).run(observe(vehicles, until_s=until_s, rate_hz=2.0, signals=options["signals"]))

    assert run(CYCLE_S - 5) == []
    (finding,) = run(CYCLE_S + HOLD_S + 20)
    assert finding.video_s > CYCLE_S


def test_when_it_dissolves_and_comes_back_it_is_another_one():
    boxes = crawling(8, until=80) + crawling(8, since=80 + 2 * OVER_S, until=1e4)

    assert len(found(boxes, until_s=240.0, rate_hz=2.0)) == 2


def test_with_metres_its_length_is_told_and_a_stray_position_does_not_stretch_it():
    def metres(moment):
        tracks = moment.tracks
        ground = np.stack([np.zeros(len(tracks)), 7.0 * np.arange(len(tracks))], axis=1)
        still = np.zeros((len(tracks), 2))
        return dataclasses.replace(moment, tracks=dataclasses.replace(tracks, ground=ground, velocity_ms=still))

    (finding,) = found(crawling(10), metres=metres)

    (length,) = (dict(one.values)["metres"] for one in finding.trace if one.code == "queue_length")
    assert length == pytest.approx(63 * 0.95, abs=1)
    assert finding.ground == pytest.approx((0.0, 31.5))


def test_where_metres_are_known_they_decide_and_not_the_size_in_the_picture():
    def metres(moment):
        tracks = moment.tracks
        fast = np.tile([0.0, 12.0], (len(tracks), 1))
        return dataclasses.replace(moment, tracks=dataclasses.replace(tracks, velocity_ms=fast))

    assert found(crawling(10), metres=metres) == []
