from __future__ import annotations

import threading

import pytest

from service.aside import Aside, Urgency


def test_without_a_thread_each_piece_is_done_when_it_comes() -> None:
    done: list[str] = []
    aside = Aside()
    aside.do(Urgency.PASSAGE, lambda: done.append("passage"))
    aside.do(Urgency.ALARM, lambda: done.append("alarm"))
    assert done == ["passage", "alarm"]
    aside.close()


def test_the_most_urgent_goes_first_and_equals_in_their_order() -> None:
    done: list[str] = []
    gate, begun = threading.Event(), threading.Event()
    aside = Aside("a test", threaded=True)

    def hold() -> None:
        begun.set()
        gate.wait()

    aside.do(Urgency.CLIP, hold)
    begun.wait()
    for urgency, name in (
        (Urgency.PASSAGE, "passage"), (Urgency.CLIP, "first clip"), (Urgency.CLIP, "second clip"),
        (Urgency.ALARM, "alarm"),
    ):  # fmt: skip
        aside.do(urgency, lambda name=name: done.append(name))
    gate.set()
    aside.close()
    assert done == ["alarm", "first clip", "second clip", "passage"]


def test_what_a_piece_raises_is_raised_to_whoever_brings_the_next() -> None:
    aside = Aside("a test", threaded=True)

    def fail() -> None:
        raise ValueError("no key")

    aside.do(Urgency.ALARM, fail)
    with pytest.raises(ValueError, match="no key"):
        aside.settle()
    with pytest.raises(ValueError, match="no key"):
        aside.do(Urgency.ALARM, lambda: None)
