"""The bench of the rules counts what it should, and its intervals are Wilson's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qyran.errors import InputError
from scenarios.acts import Act
from scenarios.happenings import clip_of
from scenarios.happenings.clip import Drawn, Intent
from service.bench_rules import bench_rules, score, table
from vision.finding import Finding, FindingType

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.happenings.clip import Clip


@pytest.fixture(scope="module")
def clip() -> Clip:
    return clip_of("solid_line", "day", 1)


def drawn(tmp_path: Path, *acts: Act) -> Drawn:
    intents = (Intent(1, True, "crosses"), Intent(2, False, "comes near"))
    return Drawn(tmp_path / "clip.mp4", tmp_path / "camera.toml", (), acts, intents)


def finding(kind: str, track: int, at: float) -> Finding:
    return Finding(FindingType.VIOLATION, kind, "1", at, at + 1.0, 1.0, (), (), track=track)


def test_a_found_act_a_missed_one_and_a_near_miss_taken_for_one(clip: Clip, tmp_path: Path) -> None:
    told = drawn(tmp_path, Act("solid_line", 1, 5.0, 5.5), Act("solid_line", 3, 9.0, 9.5))
    findings = [finding("solid_line", 11, 5.0), finding("solid_line", 12, 7.0)]
    counts = score(clip, told, findings, {11: 1, 12: 2}, {"solid_line"})["solid_line", "day"]
    assert (counts.happenings, counts.found, counts.right, counts.wrong) == (2, 1, 1, 1)
    assert (counts.near, counts.near_wrong) == (1, 1)
    assert [entry["object"] for entry in counts.missed] == [3]
    assert [entry["who"] for entry in counts.false] == ["comes near"]


@pytest.mark.parametrize(
    "findings",
    [
        [finding("solid_line", 11, 5.0), finding("solid_line", 11, 6.0)],  # told twice
        [finding("solid_line", 11, 5.0), finding("turn", 11, 5.0)],  # another rule's mistake
        [finding("solid_line", 11, 5.0), finding("solid_line", 99, 5.0)],  # about nobody
    ],
)
def test_what_tells_no_act_is_wrong(clip: Clip, tmp_path: Path, findings: list[Finding]) -> None:
    counts = score(clip, drawn(tmp_path, Act("solid_line", 1, 5.0, 5.5)), findings, {11: 1}, {"solid_line"})
    assert sum(one.wrong for one in counts.values()) == 1
    assert counts["solid_line", "day"].found == 1


@pytest.mark.parametrize("late_s", [-6.0, 20.0])
def test_a_finding_at_another_time_is_about_something_else(clip: Clip, tmp_path: Path, late_s: float) -> None:
    told = drawn(tmp_path, Act("solid_line", 1, 10.0, 10.5))
    counts = score(clip, told, [finding("solid_line", 11, 10.0 + late_s)], {11: 1}, {"solid_line"})["solid_line", "day"]
    assert (counts.found, counts.wrong) == (0, 1)


@pytest.mark.parametrize(
    ("rules", "per_rule", "conditions"), [(["speeding"], 1, ["day"]), ([], 0, ["day"]), (["turn"], 1, ["hail"])]
)
def test_what_cannot_be_measured_is_refused(rules: list[str], per_rule: int, conditions: list[str]) -> None:
    with pytest.raises(InputError):
        bench_rules(rules, per_rule, conditions, 1)


def test_the_table_says_nothing_where_nothing_was_counted() -> None:
    empty = {"value": None, "low": 0.0, "high": 1.0}
    told = {"found": 0, "happenings": 0, "recall": empty, "findings_wrong": 0, "precision": empty,
            "near_misses_taken": 0, "near_misses": 0}  # fmt: skip
    text = table({"rules": {"turn": {"day": told}}, "clips": 0, "video_s": 0.0, "cpu_s": 0.0})
    assert " - " in text.splitlines()[1] + " "
