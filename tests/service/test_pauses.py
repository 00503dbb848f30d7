from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.i18n import trace_words
from service.pauses import expired_calibration, pauses
from service.rulebook import PAUSED, Judge, rule_statuses, unknown_rules
from tests.observations import START
from vision.camera import parse_camera
from vision.finding import FindingType
from vision.types import Observation, Tracks, View, ViewState

RAW = {"id": "c", "name": "c", "stream": "x.mp4"}
PLAIN = parse_camera(RAW, source="test")
WORKS = {"start": "2026-03-02T00:00:00+05:00", "end": "2026-03-03T00:00:00+05:00"}
CORNERS = [((0.4, 0.4), (0, 0)), ((0.6, 0.4), (10, 0)), ((0.9, 0.9), (10, 10)), ((0.1, 0.9), (0, 10))]
SURVEYED = {"points": [{"picture": p, "ground_m": g} for p, g in CORNERS], "valid_until": "2026-03-01"}
LANE = {
    "id": "l",
    "kind": "lane",
    "points": [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]],
    "direction": [[0.5, 0.9], [0.5, 0.1]],
}


def camera(**parts):
    return parse_camera(RAW | parts, source="test")


def codes(type_, kind, of=PLAIN, view=View.OK, moment=START):
    return [reason.code for reason in pauses(FindingType(type_), kind, of, moment, ViewState(view))]


@pytest.mark.parametrize("view", [view for view in View if view is not View.OK])
@pytest.mark.parametrize("rule", [("fire_alert", "fire"), ("fire_alert", "smoke"), ("incident", "crash"),
                                  ("incident", "camera_tampering")])  # fmt: skip
def test_fire_smoke_and_crash_are_never_paused(rule, view):
    works = camera(roadworks=[WORKS | {"rules": [rule[1]]}, WORKS])
    assert codes(*rule, of=works, view=view) == []


@pytest.mark.parametrize("view", [view for view in View if view is not View.OK])
@pytest.mark.parametrize("rule", [("violation", "red_light"), ("incident", "wrong_way"), ("incident", "congestion")])
def test_rules_on_the_drawn_road_pause_while_the_view_is_lost(rule, view):
    assert codes(*rule, view=view) == [f"paused_{view}"]


def test_what_reads_nothing_drawn_goes_on_when_the_camera_only_looks_elsewhere():
    assert codes("incident", "person_down", view=View.MOVED) == []
    assert codes("incident", "person_down", view=View.COVERED) == ["paused_covered"]


@pytest.mark.parametrize(
    ("rules", "rule", "paused"),
    [
        ((), ("violation", "solid_line"), True),
        ((), ("incident", "wrong_way"), True),
        ((), ("incident", "crowd"), False),
        (("solid_line",), ("violation", "solid_line"), True),
        (("solid_line",), ("violation", "red_light"), False),
        (("crowd",), ("incident", "crowd"), True),
    ],
)
def test_roadworks_pause_the_rules_they_name_or_all_of_traffic(rules, rule, paused):
    works = camera(roadworks=[WORKS | {"rules": rules}])
    assert codes(*rule, of=works) == (["paused_roadworks"] if paused else [])


@pytest.mark.parametrize(
    ("moment", "paused"),
    [
        (datetime(2026, 3, 1, 18, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 1, 19, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 18, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 19, 0, tzinfo=UTC), False),
    ],
)
def test_roadworks_pause_from_their_first_moment_to_their_last(moment, paused):
    assert bool(codes("violation", "red_light", of=camera(roadworks=[WORKS]), moment=moment)) is paused


def test_an_expired_calibration_pauses_no_rule_and_counts_days_of_the_city():
    old = camera(calibration=SURVEYED)
    assert not any(status.paused for status in rule_statuses(old, START))
    last = datetime(2026, 3, 1, 18, 59, tzinfo=UTC)  # still the first of March in Almaty
    assert expired_calibration(old, last) is None
    assert expired_calibration(old, last + timedelta(minutes=1)).values == (("day", "01.03.2026"),)
    assert expired_calibration(PLAIN, last) is None


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_every_pause_is_said_in_words(lang):
    works = camera(roadworks=[WORKS], calibration=SURVEYED)
    for view in View:
        paused = pauses(FindingType.VIOLATION, "red_light", works, START, ViewState(view))
        for reason in (*paused, expired_calibration(works, START)):
            words = trace_words(lang, ("vision",), reason.code, dict(reason.values))
            assert reason.code not in words
            assert "{" not in words


def seen(second, view=View.OK):
    at = START + timedelta(seconds=second)
    return Observation("c", 0, 0, second, at, 1000, 1000, Tracks.empty(), view=ViewState(view))


def states(judge):
    return {rule.kind: state for rule, state in zip(judge._rules, judge._states, strict=True)}


def test_a_paused_rule_forgets_and_begins_anew_when_the_view_is_back():
    judge = Judge(camera(zones=[LANE]))
    before = states(judge)
    found = judge.step(seen(1, View.MOVED))
    assert [finding.kind for finding in found] == ["camera_tampering"]
    assert states(judge)["wrong_way"] is PAUSED
    assert states(judge)["camera_tampering"] is not PAUSED
    assert judge.finish() == []
    judge.step(seen(2))
    assert states(judge)["wrong_way"] == before["wrong_way"]


def test_a_recording_is_judged_on_although_its_view_is_lost():
    judge = Judge(camera(zones=[LANE]), heeds_view=False)
    assert [finding.kind for finding in judge.step(seen(1, View.MOVED))] == ["camera_tampering"]
    assert PAUSED not in states(judge).values()


def test_a_paused_rule_stays_paused_when_the_file_is_drawn_anew_while_roadworks_last():
    works = camera(zones=[LANE], roadworks=[WORKS])
    judge = Judge(works)
    judge.step(seen(1))
    assert states(judge)["wrong_way"] is PAUSED
    assert judge.adopt(works, works.model_copy(update={"speed_limit_kmh": 40.0})) == []
    judge.step(seen(2))
    assert states(judge)["wrong_way"] is PAUSED


def test_the_status_of_a_rule_tells_what_it_lacks_and_why_it_is_paused():
    works = camera(zones=[LANE], roadworks=[WORKS])
    status = {(s.type.value, s.kind): s for s in rule_statuses(works, START)}
    assert [r.code for r in status["violation", "wrong_way"].off_because] == ["paused_roadworks"]
    assert "missing_signal_with_stop_line" in [r.code for r in status["violation", "red_light"].off_because]
    assert not status["incident", "camera_tampering"].off_because
    assert not any(s.paused for s in rule_statuses(works))


def test_roadworks_that_name_rules_there_are_not_are_told():
    assert unknown_rules(camera(roadworks=[WORKS | {"rules": ["red_light", "red_ligth", "fire"]}])) == ("red_ligth",)
