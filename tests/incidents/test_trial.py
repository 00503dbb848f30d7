"""Rules on trial run only where somebody asked for them."""

from __future__ import annotations

import pytest

from service.rulebook import RULES
from vision.camera import TRIALS, parse_camera

FILE = {
    "id": "test", "name": "t", "stream": "x.mp4",
    "zones": [{"id": "road", "kind": "carriageway", "points": [[0.1, 0.5], [0.9, 0.5], [0.9, 0.9], [0.1, 0.9]]}],
}  # fmt: skip


def lacks(kind: str, *trials: str) -> set[str]:
    camera = parse_camera({**FILE, "trials": trials}, source="test")
    (rule,) = [rule for _, rule in RULES if rule.kind == kind]
    return {reason.code for reason in rule.missing(camera)}


@pytest.mark.parametrize("kind", TRIALS)
def test_a_rule_on_trial_waits_until_the_camera_file_names_it(kind):
    assert "missing_trial" in lacks(kind)
    assert "missing_trial" in lacks(kind, *(one for one in TRIALS if one != kind))
    assert "missing_trial" not in lacks(kind, kind)


def test_other_rules_are_not_on_trial():
    others = {rule.kind for _, rule in RULES} - set(TRIALS) - {"wrong_way"}
    assert not any("missing_trial" in lacks(kind) for kind in others)
