from __future__ import annotations

from dataclasses import replace

import pytest

from incidents.rules.stopped_vehicle import HOLD_S, HOLD_UNSEEN_S, PAIR_S, RULE
from tests.incidents_road import METRE
from tests.observations import Scene, Timeline, Vehicle, along, observe
from vision.classes import BUS, CAR, PERSON
from vision.types import Observation
from vision.types import SignalState as S

ROAD = {"id": "road", "kind": "carriageway", "points": [[0.1, 0], [0.9, 0], [0.9, 1], [0.1, 1]]}
STOPS = along((0, 300, 100), (5, 300, 500), (60, 300, 500))
PLACE = [[0.2, 0.4], [0.4, 0.4], [0.4, 0.6], [0.2, 0.6]]
NARROW = [[0.2, 0.4], [0.29, 0.4], [0.29, 0.6], [0.2, 0.6]]
FLOW = [along((t, 600, 0), (t + 5, 600, 900)) for t in range(0, 60, 4)]


def found(*boxes, zones=(), parts=None, signals=None, until_s=60.0, class_id=CAR):
    vehicles = [Vehicle(k + 1, box, class_id) for k, box in enumerate(boxes)]
    scene = Scene(RULE, {"zones": [ROAD, *zones], **(parts or {})})
    return scene.run(observe(vehicles, until_s=until_s, signals=signals))


def test_a_vehicle_that_stops_in_the_flow_is_found_once_within_seconds() -> None:
    (finding,) = found(STOPS, *FLOW)
    assert (finding.kind, finding.track) == ("stopped_vehicle", 1)
    assert finding.onset_s == pytest.approx(5.0, abs=0.5)
    assert finding.video_s == pytest.approx(5.0 + HOLD_S, abs=0.5)
    assert [moment.name for moment in finding.moments] == ["onset", "decision", "wide"]


def test_an_empty_road_needs_no_passing_traffic() -> None:
    assert len(found(STOPS)) == 1


def test_a_vehicle_standing_since_before_is_believed_only_later() -> None:
    standing = along((0, 300, 500), (100, 300, 500))
    assert found(standing, until_s=HOLD_UNSEEN_S - 2) == []
    assert len(found(standing, until_s=HOLD_UNSEEN_S + 2)) == 1


def test_who_comes_in_beside_the_camera_and_stops_within_its_own_length_was_seen_to_arrive() -> None:
    (finding,) = found(along((0, 300, 640), (2, 300, 500), (60, 300, 500), size=200.0), until_s=20.0)
    assert finding.video_s == pytest.approx(2.0 + HOLD_S, abs=0.6)


def _uncovered(video_s: float):
    """Stands; what hid the lower part of it drives off after three seconds."""
    return (200.0, 300.0, 400.0, 360.0 if video_s < 3.0 else 500.0)


@pytest.mark.parametrize(
    ("box", "why"),
    [
        (_uncovered, "a part of it was hidden"),
        (along((0, 300, 640), (3.0, 300, 640), (3.01, 300, 500), (60, 300, 500), size=200.0), "the box jumped"),
    ],
)
def test_who_only_seems_to_move_was_not_seen_to_arrive(box, why) -> None:
    assert found(box, until_s=HOLD_UNSEEN_S - 2) == [], why


def test_a_new_track_id_at_the_same_place_is_the_same_vehicle() -> None:
    first = along((0, 300, 100), (5, 300, 500), (9, 300, 500))
    again = along((11, 300, 500), (60, 300, 500))
    (finding,) = found(first, again, *FLOW)
    assert finding.onset_s == pytest.approx(5.0, abs=0.5)


def test_hidden_for_long_after_the_report_it_is_not_reported_again() -> None:
    first = along((0, 300, 100), (5, 300, 500), (20, 300, 500))
    again = along((35, 300, 500), (120, 300, 500))
    assert len(found(first, again, until_s=120)) == 1


def test_the_vehicle_that_stops_behind_it_belongs_to_the_same_happening() -> None:
    behind = along((10, 300, 0), (14, 300, 380), (60, 300, 380))
    assert len(found(STOPS, behind, *FLOW)) == 1


def test_who_halts_behind_it_delays_it_by_seconds_only() -> None:
    behind = along((0, 300, -50), (8, 300, 250), (60, 300, 250))
    (finding,) = found(STOPS, behind)
    assert finding.video_s == pytest.approx(5.0 + PAIR_S, abs=0.5)


@pytest.mark.parametrize(("metres", "waits_s"), [(True, HOLD_S), (False, HOLD_UNSEEN_S)])
def test_who_stands_across_the_road_makes_no_queue_where_metres_are_known(metres, waits_s) -> None:
    stops = along((0, 250, 0), (5, 250, 500), (90, 250, 500), size=120.0)
    parked = along((0, 650, 500), (90, 650, 500), size=120.0)  # 20 m off, less than four of its sizes

    def told(seen: Observation) -> Observation:
        ground = seen.tracks.foot.astype(float) / METRE
        return replace(seen, tracks=replace(seen.tracks, ground=ground)) if metres else seen

    scene = Scene(RULE, {"zones": [ROAD]})
    seen = observe([Vehicle(1, stops), Vehicle(2, parked)], until_s=90.0)
    first = next(one for one in scene.run(map(told, seen)) if one.track == 1)
    assert first.video_s == pytest.approx(5.0 + waits_s, abs=0.6)


def test_who_came_the_other_way_stands_for_himself() -> None:
    against = along((0, 450, 900), (8, 450, 520), (60, 450, 520))
    assert {finding.track for finding in found(STOPS, against)} == {1, 2}


def test_who_crosses_drives_past_no_queue() -> None:
    waits = [along((0, 300, 0), (6, 300, y), (60, 300, y)) for y in (380, 260)]
    crossing = [along((t, 100, 620), (t + 4, 900, 620)) for t in (10, 16)]
    assert found(STOPS, *waits, *crossing, until_s=22.0) == []


@pytest.mark.parametrize(
    ("boxes", "options", "why"),
    [
        ([along((0, 300, 100), (30, 300, 900))], {}, "drives slowly"),
        ([along((0, 300, 100), (5, 300, 500), (12, 300, 500), (16, 300, 900))], {}, "goes on before the hold time"),
        ([along((0, 50, 100), (5, 50, 500), (60, 50, 500))], {}, "stands beside the carriageway"),
        ([STOPS], {"zones": [{"id": "p", "kind": "parking", "points": PLACE}]},
         "stands in a parking bay"),
        ([STOPS], {"zones": [{"id": "b", "kind": "bus_stop", "points": PLACE}],
                   "class_id": BUS}, "a bus at its stop"),
        ([STOPS], {"zones": [{"id": "b", "kind": "bus_stop", "points": NARROW}],
                   "class_id": BUS}, "a bus whose middle is beside the drawn bay"),
        ([STOPS], {"class_id": PERSON}, "a person"),
        ([along((0, x, 0), (y / 100, x, y), (60, x, y)) for x in (250, 450) for y in (500, 350)], {},
         "a standstill of everybody is congestion"),
    ],
)  # fmt: skip
def test_lawful_standing_is_no_incident(boxes, options, why) -> None:
    assert found(*boxes, until_s=50.0, **options) == [], why


SIGNAL = {
    "lines": [
        {"id": "stop", "kind": "stop", "points": [[0.1, 0.55], [0.9, 0.55]], "direction": [[0.5, 0.1], [0.5, 0.9]]}
    ],
    "signals": [{"id": "head", "box": [0.9, 0.1, 0.95, 0.2], "stop_line": "stop"}],
}


def test_waiting_at_red_is_lawful_and_standing_on_long_after_green_is_not() -> None:
    waits = {"head": Timeline([(0.0, S.RED)])}
    assert found(STOPS, parts=SIGNAL, signals=waits) == []
    then_green = {"head": Timeline([(0.0, S.RED), (8.0, S.GREEN)])}
    (finding,) = found(STOPS, parts=SIGNAL, signals=then_green)
    assert finding.video_s > 30.0
