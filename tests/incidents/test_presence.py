from __future__ import annotations

import pytest

from incidents.presence import HOLD_S, QUIET_S
from incidents.rules import cyclist, intrusion, pedestrian
from tests.observations import Scene, Vehicle, along, observe
from vision.classes import BICYCLE, CAR, MOTORCYCLE, PERSON
from vision.finding import Reason

BOX = [[0.4, 0.4], [0.9, 0.4], [0.9, 0.95], [0.4, 0.95]]
CLOSED = {"id": "yard", "kind": "closed", "points": BOX}
WALKS_IN = along((0, 200, 600), (4, 600, 600), (20, 650, 600), size=60)
PASSES_BY = along((0, 200, 300), (20, 800, 300), size=60)


def found(rule, *subjects, until_s=20.0, class_id=PERSON, zones=(CLOSED,), **parts):
    people = [Vehicle(k + 1, box, class_id) for k, box in enumerate(subjects)]
    return Scene(rule, {"zones": list(zones), **parts}).run(observe(people, until_s=until_s))


@pytest.mark.parametrize("class_id", [PERSON, BICYCLE, CAR])
def test_whoever_comes_into_a_closed_zone_is_told_once_after_the_hold(class_id):
    (finding,) = found(intrusion.RULE, WALKS_IN, class_id=class_id)

    assert (finding.kind, finding.zone, finding.track) == ("intrusion", "yard", 1)
    assert finding.onset_s == pytest.approx(2.1, abs=0.3)  # at 50 px a second... the edge stands at 400 px
    assert finding.video_s == pytest.approx(finding.onset_s + HOLD_S, abs=0.3)
    assert finding.trace[-1] == Reason("came_from_outside")


@pytest.mark.parametrize(
    ("subject", "zone", "why"),
    [
        (PASSES_BY, CLOSED, "it stays outside"),
        (along((0, 600, 600), (20, 600, 600), size=60), CLOSED, "a poster never moves"),
        (along((0, 200, 600), (2, 420, 600), (2.5, 300, 600), (20, 200, 600), size=60), CLOSED, "it only steps over"),
        (along((0, 395, 600), (1, 404, 600), (20, 404, 600), size=60), CLOSED, "its box trembles on the edge"),
        (WALKS_IN, {**CLOSED, "grace_s": 30.0}, "the zone grants more time"),
        (WALKS_IN, {**CLOSED, "classes": ["truck"]}, "the zone is closed to lorries alone"),
        (WALKS_IN, {**CLOSED, "hours": [{"days": ["sun"], "start": "00:00", "end": "06:00"}]}, "the zone is open now"),
    ],
)
def test_nothing_is_told_where(subject, zone, why):
    assert found(intrusion.RULE, subject, zones=(zone,)) == [], why


def test_all_who_come_while_somebody_is_there_are_one_happening():
    second = along((6, 200, 700), (10, 600, 700), (20, 700, 700), size=60)

    assert len(found(intrusion.RULE, WALKS_IN, second)) == 1


def test_after_a_quiet_time_it_is_another_happening():
    leaves = along((0, 200, 600), (4, 600, 600), (8, 200, 600), size=60)
    later = along((20 + QUIET_S, 200, 600), (24 + QUIET_S, 600, 600), (40 + QUIET_S, 650, 600), size=60)

    assert len(found(intrusion.RULE, leaves, later, until_s=45 + QUIET_S)) == 2


STROLLS_IN = along((0, 200, 600), (10, 600, 600), (20, 700, 600), size=60)
ROAD = {"id": "road", "kind": "carriageway", "points": BOX}


@pytest.mark.parametrize(
    ("rule", "class_id", "zones", "road", "told"),
    [
        (pedestrian.RULE, PERSON, [ROAD], "motorway", True),
        (pedestrian.RULE, PERSON, [{**ROAD, "kind": "no_pedestrians"}], "street", True),
        (pedestrian.RULE, CAR, [ROAD], "motorway", False),
        (pedestrian.RULE, BICYCLE, [ROAD], "motorway", False),
        (cyclist.RULE, BICYCLE, [ROAD], "motorway", True),
        (cyclist.RULE, BICYCLE, [{**ROAD, "kind": "no_cyclists"}], "street", True),
        (cyclist.RULE, PERSON, [ROAD], "motorway", False),
    ],
)
def test_each_rule_looks_at_its_own_kind_on_roads_closed_to_it(rule, class_id, zones, road, told):
    assert bool(found(rule, STROLLS_IN, class_id=class_id, zones=zones, road=road)) is told


RIDES = along((0, 200, 600), (6, 900, 600), size=60)


@pytest.mark.parametrize(("rule", "told"), [(cyclist.RULE, True), (pedestrian.RULE, False)])
def test_a_person_faster_than_anybody_walks_rides(rule, told):
    zones = [{**ROAD, "kind": "no_cyclists" if told else "no_pedestrians"}]
    assert bool(found(rule, RIDES, class_id=PERSON, zones=zones, until_s=6.0)) is told


SLOWLY, FAST = RIDES, along((0, 200, 600), (3, 1600, 600), size=60)


@pytest.mark.parametrize(
    ("way", "first_s", "told", "why"),
    [
        (SLOWLY, 3.5, True, "a bicycle that comes from the front is taken for a person and then for a motorcycle"),
        (SLOWLY, 0.0, False, "a motorcycle in a jam is never taken for anything else"),
        (FAST, 1.0, False, "nobody cycles so fast"),
        (FAST, 9.0, False, "a motorcycle from afar is taken for a person"),
    ],
)
def test_what_is_called_a_motorcycle_cycles_where_it_was_taken_for_a_person_and_is_slow(way, first_s, told, why):
    def until(video_s):
        return way(video_s) if video_s < first_s else None

    def after(video_s):
        return way(video_s) if video_s >= first_s else None

    zone = {**ROAD, "kind": "no_cyclists", "points": [[0.1, 0.1], [1, 0.1], [1, 1], [0.1, 1]]}
    seen = observe([Vehicle(1, until, PERSON), Vehicle(1, after, MOTORCYCLE)], until_s=6.0)

    assert bool(Scene(cyclist.RULE, {"zones": [zone]}).run(seen)) is told, why


@pytest.mark.parametrize(
    ("rule", "lacks"),
    [
        (pedestrian.RULE, "missing_no_pedestrians"),
        (cyclist.RULE, "missing_no_cyclists"),
        (intrusion.RULE, "missing_closed"),
    ],
)
def test_on_a_street_without_zones_the_rule_is_off_and_says_why(rule, lacks):
    assert rule.missing(Scene(rule, {"zones": [ROAD]}).camera) == (Reason(lacks),)


def test_a_new_track_of_one_who_is_inside_does_not_raise_again():
    first = along((0, 200, 600), (4, 600, 600), (8, 620, 600), size=60)
    again = along((9, 625, 600), (20, 700, 600), size=60)

    assert len(found(intrusion.RULE, first, again)) == 1
