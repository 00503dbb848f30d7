from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from service import fault_points

REAL, DEMO = SimpleNamespace(demo=False), SimpleNamespace(demo=True)


@pytest.fixture
def killed(monkeypatch):
    """Deaths that would have been."""
    found = []
    monkeypatch.setattr(os, "kill", lambda *given: found.append(given))
    monkeypatch.setattr(fault_points, "_reached", {})
    return found


@pytest.mark.parametrize(
    ("asked", "store", "reached", "dies"),
    [
        (None, DEMO, ["a"], False),
        ("a", REAL, ["a"], False),
        ("a", DEMO, ["a"], True),
        ("a", DEMO, ["b"], False),
        ("a:2", DEMO, ["a"], False),
        ("a:2", DEMO, ["a", "b", "a"], True),
    ],
    ids=["nobody asked", "a real store", "here", "elsewhere", "not yet", "the second time"],
)
def test_a_process_dies_only_where_a_test_of_a_demo_asks_for_it(asked, store, reached, dies, killed, monkeypatch):
    if asked:
        monkeypatch.setenv(fault_points.VARIABLE, asked)
    for name in reached:
        fault_points.reach(store, name)
    assert bool(killed) is dies


def test_a_process_that_is_held_goes_on_when_it_is_let_go(tmp_path, killed, monkeypatch):
    gate = tmp_path / "held"
    (tmp_path / "held.go").touch()
    monkeypatch.setenv(fault_points.VARIABLE, f"a@{gate}")
    fault_points.reach(DEMO, "a")
    assert gate.read_text(encoding="ascii") == "a"
    assert killed == []
