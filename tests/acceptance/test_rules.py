"""A few rendered happenings, from pixels to findings: what happens is found, and nothing else.

The full measure is `qyran bench rules`; these clips only hold the chain together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scenarios.happenings import clip_of
from scenarios.happenings.clip import draw
from service.bench_rules import look, score

if TYPE_CHECKING:
    from service.bench_rules import Score

CLIPS = (("red_light", 1), ("solid_line", 1), ("pedestrian_priority", 1))
"""Rule and seed: lights and a stop line, a line and a plane, people."""


@pytest.fixture(scope="module", params=CLIPS, ids=[rule for rule, _ in CLIPS])
def scored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Score]]:
    rule, seed = request.param
    clip = clip_of(rule, "day", seed)
    drawn = draw(clip, tmp_path_factory.mktemp(rule))
    counts = score(clip, drawn, *look(clip, drawn))
    return rule, list(counts.values())


def test_the_happenings_are_found(scored: tuple[str, list[Score]]) -> None:
    rule, counts = scored
    assert sum(one.happenings for one in counts) >= 1
    assert [entry for one in counts for entry in one.missed] == [], rule


def test_near_misses_and_the_traffic_around_are_left_alone(scored: tuple[str, list[Score]]) -> None:
    rule, counts = scored
    assert sum(one.near for one in counts) >= 2
    assert [entry for one in counts for entry in one.false] == [], rule
