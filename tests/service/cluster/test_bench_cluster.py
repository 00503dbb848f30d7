"""How the bench of two machines counts what happened: once, twice, missed; apart around a change of machines."""

from __future__ import annotations

from types import SimpleNamespace

from service.bench_cluster import FPS, Crossing, _account, _known

TRUTH = (
    SimpleNamespace(line="count", forward=True, video_s=2 / FPS),
    SimpleNamespace(line="count", forward=False, video_s=3 / FPS),
)


def test_a_crossing_happens_in_every_round_of_the_clip(tmp_path):
    sent = tmp_path / "sent"
    sent.write_text("2 100.0\n3 100.1\n4 100.2\n2 200.0\n")
    assert [(one.at, one.direction) for one in _known(sent, TRUTH)] == [
        (100.0, "forward"), (100.1, "backward"), (200.0, "forward"),
    ]  # fmt: skip


def test_each_known_crossing_is_told_once_twice_or_not_at_all():
    known = [Crossing(at, "count", "forward") for at in (1.0, 20.0, 40.0, 61.0, 90.0)]
    stored = [Crossing(at, "count", "forward") for at in (20.2, 39.9, 40.1, 61.3)]
    terms = {"a": [(0.0, None, "east"), (60.0, None, "west")]}
    assert _account({"a": known}, {"a": stored}, terms) == {
        "steady": {"known": 3, "once": 1, "twice": 1, "missed": 1},
        "around_a_change": {"known": 1, "once": 1, "twice": 0, "missed": 0},
    }
