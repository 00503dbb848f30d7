"""Every clip of happenings shows what it is for, by physics alone, and its camera file lets the rule run."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from qyran.errors import InputError
from scenarios.camera_file import write_camera
from scenarios.happenings import CONDITIONS, MAKERS, clip_of, standing
from scenarios.happenings.clip import WEATHERS, PlanError
from scenarios.script import body

if TYPE_CHECKING:
    from scenarios.acts import Act
    from scenarios.happenings.clip import Clip

NEEDS = {
    "red_light": "signal", "stop_line": "signal", "railway_crossing": "rail_stop", "lane_direction": "turns",
    "turn": "forbidden", "u_turn": "forbidden", "junction_block": "junction", "solid_line": "solid",
    "oncoming_lane": "arrow", "wrong_way": "lane", "bus_lane": "bus_lane", "restricted_class": "no_vehicles",
    "pavement_driving": "pavement", "no_stopping": "no_stopping", "no_parking": "no_parking",
    "pavement_parking": "pavement", "paid_parking": "tariff", "pedestrian_priority": "crosswalk",
}  # fmt: skip


@cache
def planned(rule: str) -> tuple[Clip, tuple[Act, ...]]:
    made = (clip_of(rule, "day", seed) for seed in range(1, 6))  # in some a ban is not in force
    clip = next(clip for clip in made if any(intent.breaks for intent in clip.intents))
    return clip, clip.rehearse()


def test_every_rule_that_pictures_can_show_has_happenings() -> None:
    assert set(MAKERS) == set(NEEDS)


@pytest.mark.parametrize("rule", MAKERS)
def test_those_who_should_break_the_rule_do_and_nobody_else(rule: str) -> None:
    clip, acts = planned(rule)
    did = {act.object_id for act in acts if act.kind == rule}
    assert did == {intent.actor for intent in clip.intents if intent.breaks}
    for act in acts:
        assert 0 <= act.onset_s <= act.until_s <= clip.scene.duration_s


@pytest.mark.parametrize("rule", MAKERS)
def test_there_are_happenings_and_near_misses(rule: str) -> None:
    intents = planned(rule)[0].intents
    assert any(intent.breaks for intent in intents)
    assert len({intent.name for intent in intents if not intent.breaks}) >= 1


@pytest.mark.parametrize("rule", MAKERS)
def test_no_two_road_users_are_in_one_place(rule: str) -> None:
    clip, _ = planned(rule)
    times = np.arange(0.0, clip.scene.duration_s, 0.5)
    bodies = [body(actor, times) for actor in clip.actors]
    for i, one in enumerate(bodies):
        for k in range(i):
            gaps = np.linalg.norm(one[:, :, None] - bodies[k][:, None], axis=-1)
            wide = (clip.actors[i].look.spec.width + clip.actors[k].look.spec.width) / 2
            assert not (gaps < wide).any(), (clip.scene.name, i + 1, k + 1)


@pytest.mark.parametrize("rule", MAKERS)
def test_the_camera_file_holds_what_the_rule_needs(rule: str, tmp_path: Path) -> None:
    clip, _ = planned(rule)
    camera = write_camera(clip.scene, clip.layout, clip.camera(), tmp_path / "camera.toml")
    there = {
        *(zone.kind for zone in camera.zones),
        *(line.kind for line in camera.lines),
        *(["signal"] if any(signal.stop_line for signal in camera.signals) else []),
        *(["turns"] if any(zone.turns and zone.direction for zone in camera.zones) else []),
        *(["tariff"] if any(zone.tariff for zone in camera.zones) else []),
        *(["forbidden"] if camera.forbidden else []),
        *(["arrow"] if any(line.direction for line in camera.lines if line.kind not in ("control", "stop")) else []),
    }
    assert NEEDS[rule] in there


def test_the_same_seed_plans_the_same_clip() -> None:
    one, other = (clip_of("solid_line", "rain", 5) for _ in range(2))
    assert one.scene == other.scene
    assert [a.look for a in one.actors] == [a.look for a in other.actors]
    assert all(np.array_equal(a.course.t, b.course.t) for a, b in zip(one.actors, other.actors, strict=True))
    assert clip_of("solid_line", "rain", 6).scene.camera != one.scene.camera


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_sets_the_weather(condition: str) -> None:
    weather = clip_of("bus_lane", condition, 3).scene.weather
    assert weather in WEATHERS[condition]


def test_a_plan_that_does_not_come_true_is_refused() -> None:
    clip = clip_of("solid_line", "day", 1)
    clip.rule = "oncoming_lane"
    with pytest.raises(PlanError, match="does not"):
        clip.rehearse()


@pytest.mark.parametrize(("rule", "condition"), [("speeding", "day"), ("red_light", "hail")])
def test_an_unknown_rule_or_condition_lists_those_there_are(rule: str, condition: str) -> None:
    with pytest.raises(InputError, match=r"there are \w+, "):
        clip_of(rule, condition, 1)


def test_a_jam_breaks_nothing_unless_it_begins_where_nobody_may_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "QUEUE_SHARE", 1.0)
    clip = standing.no_stopping("day", 501)
    assert [intent.name for intent in clip.intents].count("stands in a queue") >= 3
    assert [act for act in clip.rehearse() if act.kind == "no_stopping"] == []
    (kerb,) = (zone for zone in clip.layout.zones if zone.id == "kerb")
    reach = tuple((x, 60.0 if y > 0 else y) for x, y in kerb.points)
    clip.layout.zones = [zone for zone in clip.layout.zones if zone.id != "kerb"] + [
        replace(kerb, points=reach, hours=())
    ]
    with pytest.raises(PlanError, match="does"):
        clip.rehearse()
