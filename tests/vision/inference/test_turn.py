from __future__ import annotations

import heapq

from hypothesis import given
from hypothesis import strategies as st

from vision.inference.turn import Batches, Turns

COST_S = 0.02
CAMERAS = st.integers(min_value=0, max_value=5)


@given(st.lists(st.floats(min_value=0, max_value=0.005), min_size=1, max_size=40))
def test_of_cameras_that_ask_once_the_oldest_comes_first(pauses):
    turns, now = Turns(), 0.0
    for camera, pause in enumerate(pauses):
        now += pause
        turns.put(camera, "road", camera, now, COST_S)
    assert [turns.take(now)[0] for _ in pauses] == [[camera] for camera in range(len(pauses))]
    assert turns.take(now) == ([], float("inf"))


def waits(crowd: int, polite: int, workers: int, seconds: float) -> tuple[list[float], int]:
    """Waits of cameras that ask anew after each answer, beside one that keeps a crowd of requests; answers to it."""
    turns: Turns[tuple[str, float]] = Turns()
    for _ in range(crowd):
        turns.put("crowd", None, ("crowd", 0.0), 0.0, COST_S)
    for number in range(polite):
        turns.put(f"polite {number}", None, (f"polite {number}", 0.0), 0.0, COST_S)
    running: list[tuple[float, str]] = []
    waited, served, now = [], 0, 0.0
    while now < seconds:
        while len(running) < workers and len(turns):
            ((camera, came),) = turns.take(now)[0]
            heapq.heappush(running, (now + COST_S, camera))
            served += camera == "crowd"
            if camera != "crowd":
                waited.append(now - came)
        now, camera = heapq.heappop(running)
        turns.done(camera)
        turns.put(camera, None, (camera, now), now, COST_S)
    return waited, served


@given(crowd=st.integers(1, 60), polite=st.integers(1, 8), workers=st.integers(1, 4))
def test_no_camera_waits_longer_than_one_turn_of_every_camera_whatever_another_asks(crowd, polite, workers):
    waited, served = waits(crowd, polite, workers, 2.0)
    assert max(waited) <= (polite + 1) * COST_S / workers + COST_S + 1e-9
    assert served  # and the crowd is served too


@given(st.lists(st.tuples(CAMERAS, st.sampled_from("abc")), max_size=60), st.integers(2, 8))
def test_batches_are_of_one_kind_and_lose_and_double_nothing(asked, most):
    turns: Turns[int] = Turns(Batches(most, 0.0))
    for number, (camera, kind) in enumerate(asked):
        turns.put(camera, kind, number, 0.0, COST_S)
    taken = []
    while len(turns):
        batch, _ = turns.take(0.0)
        assert 1 <= len(batch) <= most
        assert len({asked[number][1] for number in batch}) == 1
        taken += batch
    assert sorted(taken) == list(range(len(asked)))


def test_a_batch_waits_for_others_no_longer_than_it_may():
    turns: Turns[str] = Turns(Batches(3, 0.5))
    turns.put(1, "road", "first", 10.0, COST_S)
    assert turns.take(10.25) == ([], 0.25)
    turns.put(2, "road", "second", 10.25, COST_S)
    assert turns.take(10.25) == ([], 0.25)
    assert turns.take(10.5) == (["first", "second"], 0.0)
    assert not turns


def test_a_full_batch_leaves_at_once_and_nobody_waits_behind_one_that_fills():
    turns: Turns[str] = Turns(Batches(2, 0.5))
    turns.put(1, "road", "filling", 10.0, COST_S)
    turns.put(2, "fire", "fire one", 10.0, COST_S)
    turns.put(3, "fire", "fire two", 10.0, COST_S)
    turns.put(4, None, "alone", 10.0, COST_S)
    assert turns.take(10.0) == (["fire one", "fire two"], 0.0)
    assert turns.take(10.0) == (["alone"], 0.0)
    assert turns.take(10.0) == ([], 0.5)


def test_a_camera_whose_requests_were_all_answered_owes_nothing():
    turns: Turns[str] = Turns()
    for number in range(20):
        turns.put("came", None, f"old {number}", 0.0, COST_S)
    for _ in range(20):
        turns.take(0.0)
        turns.done("came")
    turns.put("came", None, "again", 1.0, COST_S)
    turns.put("other", None, "later", 1.1, COST_S)
    assert [turns.take(2.0)[0] for _ in range(2)] == [["again"], ["later"]]
