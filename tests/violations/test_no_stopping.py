from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.observations import Timeline
from tests.violations.road_view import Mover, View, judge, via
from violations.dwell import UNSEEN_S
from violations.rules import no_parking, no_stopping
from vision.classes import BICYCLE, BUS, CAR, PERSON, TRUCK
from vision.types import SignalState as S

PLACES = [(0.0, -18.0, 8.0), (9.0, -18.0, 8.0), (-9.0, -18.0, 8.0), (-4.0, -14.0, 6.0)]
KERB = (3.4, 6.2)
GRACE_S = 8.0
WITHIN_S = 25.0


def street(position=PLACES[0], **changes):
    """Two lanes; along the right kerb no stopping from y = 0 to y = 40."""
    terms = {
        "grace_s": changes.pop("grace_s", GRACE_S),
        **{key: changes.pop(key) for key in ("hours",) if key in changes},
    }
    return View(position=position, **changes).zone("kerb", "no_stopping", KERB, (0.0, 40.0), **terms)


def stops(x=4.6, y=14.0, *, at_s=4.0, until_s=60.0, then=None):
    """Drives up, pulls in at (x, y), stands until the end or drives on."""
    way = [(0, 1.75, -12), (at_s - 2, 1.75, y - 14), (at_s - 1, x, y - 5), (at_s, x, y), (until_s, x, y)]
    return via(*way, *([] if then is None else [(until_s + 4, *then)]))


def found(view, *movers, until_s=WITHIN_S, rule=no_stopping.RULE, **options):
    return judge(rule, view, view.observe(*movers, until_s=until_s, **options))


FLOW = [Mover(100 + k, via((2.0 * k, 1.0, -12), (2.0 * k + 6, 1.0, 70))) for k in range(12)]


@pytest.mark.parametrize("position", PLACES)
@pytest.mark.parametrize("class_id", [CAR, TRUCK, BUS])
def test_who_stands_longer_than_the_grace_is_found_once(position, class_id) -> None:
    (finding,) = found(street(position), Mover(1, stops(4.6), class_id))
    assert (finding.kind, finding.zone, finding.track, finding.class_id) == ("no_stopping", "kerb", 1, class_id)
    assert finding.onset_s == pytest.approx(4.0, abs=0.8)
    assert finding.video_s == pytest.approx(4.0 + GRACE_S, abs=1.5)
    assert [reason.code for reason in finding.trace] == ["rests_in_zone", "rested_beyond_grace", "seen_to_stop"]
    assert [moment.name for moment in finding.moments] == ["onset", "in_act", "in_act", "plate", "wide"]


@pytest.mark.parametrize("rate", [3.0, 5.0, 8.0, 12.5, 25.0])
def test_it_is_found_at_every_analysis_rate(rate) -> None:
    (finding,) = found(street(), Mover(1, stops()), rate_hz=rate)
    assert finding.onset_s == pytest.approx(4.0, abs=1.0)


def test_traffic_that_flows_past_changes_nothing_but_the_trace() -> None:
    (finding,) = found(street(), Mover(1, stops()), *FLOW)
    assert finding.track == 1
    assert dict(finding.trace[-1].values)["count"] >= 3


def lost(*gaps, then=1):
    """Track 1, unseen in some spans, after the first of them under another id."""

    def ids(now):
        if any(start <= now < end for start, end in gaps):
            return None
        return then if now >= gaps[0][0] else 1

    return ids


@pytest.mark.parametrize(
    ("ids", "why"),
    [
        (lost((7, 7.4), (8, 8.4), (9, 9.5)), "flickers"),
        (lost((6, 11), then=2), "a bus stands before it, then it has a new id"),
        (lambda now: 1 + int(now // 2), "its id changes every two seconds"),
    ],
)
def test_it_is_one_stay_through_flicker_occlusion_and_new_ids(ids, why) -> None:
    (finding,) = found(street(), Mover(1, stops(), ids=ids), until_s=30.0)
    assert finding.onset_s == pytest.approx(4.0, abs=0.8), why


def test_who_drives_past_and_takes_the_track_along_does_not_end_the_stay() -> None:
    thief = Mover(9, via((6, 1.0, -6), (11, 1.0, 60)), ids=lambda now: 9 if now < 7.7 else 1)
    owner = Mover(1, stops(), ids=lambda now: 1 if now < 7.6 else (None if now < 8.2 else 12))
    findings = found(street(), owner, thief, until_s=30.0)
    assert [finding.track for finding in findings] == [12]
    assert findings[0].onset_s == pytest.approx(4.0, abs=0.8)


def test_traffic_that_hides_its_wheels_does_not_end_the_stay() -> None:
    def hidden(now, box):
        return box - [0, 0, 0, 0.4 * (box[3] - box[1])] if 6 < now < 9 else box

    (finding,) = found(street(), Mover(1, stops(), bend=hidden))
    assert finding.onset_s == pytest.approx(4.0, abs=0.8)


def test_who_moves_up_within_the_zone_is_not_found_again() -> None:
    way = via((0, 1.75, -12), (2, 1.75, 2), (4, 4.6, 14), (18, 4.6, 14), (20, 4.6, 22), (60, 4.6, 22))
    assert len(found(street(), Mover(1, way), until_s=50.0)) == 1


def test_who_comes_back_after_a_round_is_found_again() -> None:
    first, again = (
        stops(until_s=16.0, then=(1.75, 70)),
        via((140, 1.75, -12), (142, 1.75, 2), (144, 4.6, 14), (160, 4.6, 14)),
    )
    assert len(found(street(), Mover(1, first), Mover(2, again), until_s=160.0, rate_hz=4.0)) == 2


def test_a_second_track_on_the_same_vehicle_is_no_second_case() -> None:
    assert len(found(street(), Mover(1, stops()), Mover(2, stops()), until_s=30.0)) == 1


def test_one_that_stood_there_from_the_first_frame_is_believed_only_later() -> None:
    stood = Mover(1, via((0, 4.6, 14), (100, 4.6, 14)))
    assert found(street(), stood, until_s=UNSEEN_S - 5, rate_hz=4.0) == []
    (finding,) = found(street(), stood, until_s=UNSEEN_S + 5, rate_hz=4.0)
    assert finding.trace[-1].code == "stood_from_first"


@pytest.mark.parametrize(("position", "calibrated"), [(PLACES[0], True), (PLACES[1], False), (PLACES[2], True)])
@pytest.mark.parametrize(
    ("mover", "why"),
    [
        (Mover(1, via((0, 4.6, -12), (12, 4.6, 60))), "drives through"),
        (Mover(1, via((0, 4.6, -4), (24, 4.6, 28))), "crawls through"),
        (Mover(1, stops(until_s=10.0, then=(1.75, 60))), "lets somebody off within the grace"),
        (Mover(1, stops(1.0)), "stands in the lane beside it"),
        (Mover(1, stops(8.6)), "stands in the yard behind it"),
        (Mover(1, stops(4.6, 45.0, at_s=8.0)), "stands beyond its end"),
        (Mover(1, stops(), PERSON, size=(0.5, 0.5, 1.75)), "a person"),
        (Mover(1, stops(), BICYCLE, size=(1.8, 0.6, 1.7)), "a bicycle"),
    ],
)
def test_who_does_not_stop_there_is_innocent(position, calibrated, mover, why) -> None:
    assert found(street(position, calibrated=calibrated), mover) == [], why


def test_one_at_the_edge_whose_box_trembles_over_it_is_innocent() -> None:
    def tremble(now, box):
        return box + [0.05 * (box[2] - box[0]) * (1 if int(now * 8) % 2 else -1), 0] * 2

    assert found(street(), Mover(1, stops(2.6), bend=tremble)) == []


def test_a_bus_may_stand_at_its_stop_and_nobody_else() -> None:
    view = street().zone("stop", "bus_stop", (3.2, 6.4), (4.0, 30.0))
    assert found(view, Mover(1, stops(), BUS)) == []
    assert len(found(view, Mover(1, stops(), CAR))) == 1


def test_a_bay_within_the_zone_is_made_for_standing() -> None:
    assert found(street().zone("bay", "parking", (3.2, 6.4), (4.0, 30.0)), Mover(1, stops())) == []


SIGNAL = {"head": Timeline([(0.0, S.RED), (30.0, S.GREEN), (45.0, S.YELLOW), (48.0, S.RED)])}


def with_signal(**changes):
    return street(**changes).line("stop", "stop", (-0.5, 30.0), (7.0, 30.0), (0, 4)).signal("head", "stop")


def test_who_waits_at_red_is_innocent_and_who_stays_through_the_green_is_not() -> None:
    waits = stops(until_s=33.0, then=(4.6, 60))
    assert found(with_signal(), Mover(1, waits), until_s=40, signals=SIGNAL) == []
    alone = found(with_signal(), Mover(1, stops(until_s=90)), until_s=90, rate_hz=4.0, signals=SIGNAL)
    assert alone == []  # a green of 15 s with nobody driving past proves nothing
    past = [Mover(200 + k, via((33.0 + 3 * k, 1.0, -12), (39.0 + 3 * k, 1.0, 70))) for k in range(3)]
    assert len(found(with_signal(), Mover(1, stops(until_s=90)), *past, until_s=90, rate_hz=4.0, signals=SIGNAL)) == 1


def queue(x=4.6, *, n=5, first=34.0, gap=7.0, leaves_s=None):
    """Vehicles that come to stand behind one another, the first ahead of the zone's middle."""
    movers = []
    for k in range(n):
        y = first - gap * k
        at = 4.0 + 1.5 * k
        way = [(max(0.0, at - 6), x, y - 48), (at, x, y), (leaves_s + 1.5 * k if leaves_s else 100.0, x, y)]
        if leaves_s:
            way.append((leaves_s + 1.5 * k + 6, x, y + 60))
        movers.append(Mover(k + 1, via(*way)))
    return movers


def test_a_jam_is_no_stopping() -> None:
    assert found(street(), *queue(first=46.0, leaves_s=70.0), until_s=80.0, rate_hz=4.0) == []


def test_a_row_of_parked_cars_is_found_once_traffic_flows_past_it() -> None:
    row = queue(first=34.0, n=3)
    flow = [Mover(100 + k, via((10 + 4.0 * k, 1.0, -12), (16 + 4.0 * k, 1.0, 70))) for k in range(10)]
    assert sorted(finding.track for finding in found(street(), *row, *flow, until_s=50.0, rate_hz=4.0)) == [1, 2, 3]


NIGHT = [{"start": "22:00", "end": "06:00"}]
BY_DAY = [{"start": "08:00", "end": "20:00"}]


@pytest.mark.parametrize(("hours", "count"), [(BY_DAY, 1), (NIGHT, 0), ([], 1)])
def test_it_holds_in_the_hours_of_the_sign(hours, count) -> None:
    assert len(found(street(hours=hours), Mover(1, stops()))) == count  # 11:00 in Almaty


def test_standing_counts_from_when_the_sign_begins_to_hold() -> None:
    start = datetime(2026, 3, 2, 2, 59, 50, tzinfo=UTC)  # ten seconds before 8:00 in Almaty
    (finding,) = found(street(hours=BY_DAY), Mover(1, stops()), start=start)
    assert finding.onset_s == pytest.approx(10.0, abs=0.3)


@settings(max_examples=5, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(PLACES), st.booleans(), st.sampled_from([5.0, 8.0, 12.5]), st.floats(0, 5000),
    st.sampled_from([(640, 360), (1280, 720), (2560, 1440)]), st.floats(4.7, 4.9), st.floats(11.0, 20.0),
    st.sampled_from([CAR, TRUCK]),
)  # fmt: skip
def test_mirrored_enlarged_shifted_and_resampled_the_verdict_is_the_same(
    place, mirrored, rate, shift, size, x, y, kind
) -> None:
    view = street(place, mirrored=mirrored, size=size)
    for way, count in ((stops(x, y), 1), (stops(x, y, until_s=10.0, then=(1.75, 60)), 0), (stops(1.2, y), 0)):
        movers = [Mover(1, way, kind), *FLOW[:4]]
        assert len(found(view, *movers, until_s=18.0, rate_hz=rate, shift_s=shift)) == count


def test_parking_is_standing_for_longer_and_follows_the_same_rules() -> None:
    view = View().zone("kerb", "no_parking", KERB, (0.0, 40.0))
    parks, halts = Mover(1, stops(until_s=400)), Mover(1, stops(until_s=200, then=(1.75, 60)))
    (finding,) = found(view, parks, rule=no_parking.RULE, until_s=310, rate_hz=2.0)
    assert (finding.kind, round(finding.video_s - finding.onset_s)) == ("no_parking", 300)
    assert found(view, halts, rule=no_parking.RULE, until_s=310, rate_hz=2.0) == []


@pytest.mark.parametrize("rule", [no_stopping.RULE, no_parking.RULE])
def test_the_rule_says_what_it_lacks(rule) -> None:
    assert [reason.code for reason in rule.missing(View().camera)] == [f"missing_{rule.kind}"]
    assert rule.missing(View().zone("kerb", rule.kind, KERB, (0.0, 40.0)).camera) == ()
