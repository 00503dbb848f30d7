from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qyran.errors import BrokenMedia, ConfigError
from vision.lookahead import SPARE, Lookahead
from vision.pipeline import Looked
from vision.types import Detections, Frame

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


def frame(i):
    return Frame(i, i, i / 8, START + timedelta(seconds=i / 8), np.zeros((4, 4, 3), np.uint8))


class Eye:
    """Stands in a detector's place and notices two threads at once."""

    def __init__(self):
        self.busy = threading.Lock()


class Watching:
    """A pipeline that plans and looks, and holds each look back until `order` says that it is its turn."""

    def __init__(self, fails_at=None, order=()):
        self.fails_at, self.planned, self.eyes = fails_at, [], set()
        self.done = {i: threading.Event() for i in order}
        self.before = dict(zip(order[1:], order, strict=False))

    def plan(self, frame):
        self.planned.append(frame.index)
        return SimpleNamespace(index=frame.index)

    def look(self, frame, wanted, road, fire):
        assert wanted.index == frame.index
        assert road.busy.acquire(blocking=False)
        self.eyes.add(id(road))
        if frame.index in self.before:
            assert self.done[self.before[frame.index]].wait(10)
        road.busy.release()
        if frame.index in self.done:
            self.done[frame.index].set()
        if frame.index == self.fails_at:
            raise ConfigError("the weights do not fit")
        return Looked(Detections.empty(), None, {})


def eyes(n):
    return [(Eye(), None) for _ in range(n)]


def take_all(pipeline, frames, taken):
    """Take every frame, each noted in `taken` before the next is asked for."""
    with Lookahead(pipeline, frames, eyes(2)) as ahead:
        for one in ahead:
            taken.append(one.frame.index)


@given(n=st.integers(0, 40), threads=st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_frames_come_out_once_and_in_their_order_whatever_the_number_of_threads(n, threads):
    pipeline = Watching()
    with Lookahead(pipeline, iter([frame(i) for i in range(n)]), eyes(threads)) as ahead:
        assert [one.frame.index for one in ahead] == list(range(n))
    assert pipeline.planned == list(range(n))
    assert len(pipeline.eyes) <= threads


def test_a_slow_look_holds_back_what_comes_after_it_and_nothing_else():
    pipeline = Watching(order=(2, 1, 0))  # the third is looked at first
    with Lookahead(pipeline, iter([frame(i) for i in range(6)]), eyes(3)) as ahead:
        assert [one.frame.index for one in ahead] == list(range(6))


def test_the_break_of_a_video_is_raised_after_every_good_frame():
    def broken():
        yield from (frame(i) for i in range(7))
        raise BrokenMedia("breaks off", second=0.9)

    taken = []
    with pytest.raises(BrokenMedia) as fault:
        take_all(Watching(), broken(), taken)
    assert fault.value.second == 0.9
    assert taken == list(range(7))


def test_an_error_of_a_detector_is_raised_in_the_place_of_its_frame():
    taken = []
    with pytest.raises(ConfigError, match="do not fit"):
        take_all(Watching(fails_at=4), iter([frame(i) for i in range(9)]), taken)
    assert taken == [0, 1, 2, 3]


@pytest.mark.parametrize("threads", [1, 3])
def test_no_more_frames_are_held_than_there_is_room_for(threads):
    given_out = []

    def endless():
        i = 0
        while True:
            given_out.append(i)
            yield frame(i)
            i += 1

    with Lookahead(Watching(), endless(), eyes(threads)) as ahead:
        for one in ahead:
            assert len(given_out) - one.frame.index <= threads + SPARE
            if one.frame.index == 50:
                break
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("decode", "look"))]


def test_an_interrupt_wakes_a_stream_that_gives_nothing_and_leaves_no_thread():
    closed = threading.Event()

    def silent():
        yield frame(0)
        closed.wait()

    def interrupted():
        with Lookahead(Watching(), silent(), eyes(2), wake=closed.set) as ahead:
            for _ in ahead:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert closed.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("decode", "look"))]


def test_it_does_not_look_without_eyes():
    with pytest.raises(ValueError, match="at least one"):
        Lookahead(Watching(), iter(()), [])
