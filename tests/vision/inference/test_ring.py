from __future__ import annotations

import fcntl
import gc
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qyran.errors import InferenceError
from vision.inference.ring import LAST, PAGE, RESERVED, Inputs, Ring, Shape, Torn

SHAPE = Shape(slots=8, input_bytes=4 * PAGE, output_bytes=2 * PAGE)
SMALL = (1, 3, 8, 8)


@pytest.fixture
def ring() -> Ring:
    return Ring(SHAPE)


@pytest.fixture
def inputs(ring) -> Inputs:
    return Inputs(ring.file, SHAPE)


def published(ring: Ring, value: float) -> tuple[np.ndarray, int, int]:
    """An input full of one number whose request is under way: the array, its slot, its generation."""
    blob = ring.take(np.full(SMALL, value, np.float32), 1.0)
    slot = ring.slot_of(blob)
    return blob, slot, ring.publish(slot)


def test_what_the_owner_published_the_reader_sees_without_a_copy(ring, inputs):
    blob, slot, generation = published(ring, 7)
    seen = inputs.input(slot, generation, SMALL)
    np.testing.assert_array_equal(seen, blob)
    assert not seen.flags.owndata
    inputs.check(slot, generation)


def test_outputs_come_back_as_they_were_written(ring, inputs):
    _, slot, generation = published(ring, 7)
    outputs = [np.arange(12, dtype=np.float32).reshape(1, 3, 4), np.full((2, 5), 9, np.float32), np.zeros(0, "f4")]
    shapes = inputs.answer(slot, generation, outputs)
    assert shapes == [(1, 3, 4), (2, 5), (0,)]
    for found, wanted in zip(ring.outputs(slot, shapes), outputs, strict=True):
        np.testing.assert_array_equal(found, wanted)
    ring.reclaim(slot)


def test_memory_is_touched_for_as_many_inputs_as_are_held_at_once_however_many_there_were(ring):
    """Taken in turn, each slot would grow to the largest input there ever was, for hours."""
    largest = SHAPE.input_bytes
    untouched = os.fstat(ring.file).st_blocks * 512
    assert untouched == SHAPE.slots * PAGE
    for turn in range(5 * SHAPE.slots):
        pixels = np.zeros((1, 1, 1, largest // 4 if turn % 2 else 8), np.float32)
        first = ring.take(pixels, 1.0)
        second = ring.take(pixels, 1.0)
        assert ring.slot_of(first) != ring.slot_of(second)
        del first, second
    assert os.fstat(ring.file).st_blocks * 512 == untouched + 2 * largest


STEPS = st.lists(st.sampled_from(["write", "publish", "reclaim"]), max_size=40)


@given(before=STEPS, between=STEPS)
def test_an_input_is_taken_for_good_only_while_nobody_may_have_touched_it(before, between):
    """A reader that got a generation at some moment believes the input if and only if its owner did nothing since."""
    ring = Ring(SHAPE)
    inputs = Inputs(ring.file, SHAPE)
    blob = ring.take(np.zeros(SMALL, np.float32), 1.0)
    slot = ring.slot_of(blob)

    def do(steps: list[str]) -> bool:
        touched = False
        for step in steps:
            open_to_readers = ring.generation(slot) % 2 == 0
            if step == "publish" and not open_to_readers:
                ring.publish(slot)
                touched = True
            elif step in {"reclaim", "write"} and open_to_readers:
                ring.reclaim(slot)  # nobody writes without it
                blob[:] += 1
                touched = True
        return touched

    do(before)
    if ring.generation(slot) % 2:
        ring.publish(slot)
    generation = ring.generation(slot)
    seen = inputs.input(slot, generation, SMALL).copy()
    if do(between):
        with pytest.raises(Torn):
            inputs.check(slot, generation)
        with pytest.raises(Torn):
            inputs.answer(slot, generation, [np.zeros(3, np.float32)])
    else:
        inputs.check(slot, generation)
        np.testing.assert_array_equal(seen, blob)


@given(st.integers(min_value=0, max_value=LAST - 1), st.integers(min_value=1, max_value=9))
def test_generations_go_round_without_meeting_themselves(start, steps):
    ring = Ring(SHAPE)
    inputs = Inputs(ring.file, SHAPE)
    ring._set(0, start | 1)
    generation = ring.publish(0)
    assert generation % 2 == 0
    assert 0 <= generation < LAST
    inputs.check(0, generation)
    for _ in range(steps):
        ring.reclaim(0)
        ring.publish(0)
    with pytest.raises(Torn):
        inputs.check(0, generation)


def test_an_input_that_is_looked_at_cannot_be_asked_for_again(ring):
    _, slot, _ = published(ring, 1)
    with pytest.raises(InferenceError, match="give each thread that looks a twin"):
        ring.publish(slot)


@given(st.lists(st.integers(min_value=0, max_value=3), min_size=1, max_size=60))
def test_slots_go_round_and_none_is_ever_lent_twice(leaves):
    """Inputs taken and dropped in any order: those held lie apart, hold what was put there, and all slots come back."""
    ring = Ring(SHAPE)
    held: dict[int, tuple[float, np.ndarray]] = {}
    for number, leave in enumerate(leaves):
        if len(held) == SHAPE.slots or (leave == 0 and held):
            held.pop(next(iter(held)))
        blob = ring.take(np.full(SMALL, number, np.float32), 1.0)
        slot = ring.slot_of(blob)
        assert slot not in held
        held[slot] = (number, blob)
        del blob
        assert all((held[number][1] == held[number][0]).all() for number in held)
    held.clear()
    assert len({ring.slot_of(kept) for kept in [ring.take(np.zeros(SMALL, "f4"), 1.0) for _ in range(8)]}) == 8


def test_a_view_keeps_its_slot_and_the_last_one_gives_it_back(ring):
    kept = ring.keep(SMALL)
    slot, row = ring.slot_of(kept), kept[0, 1, 2:4]
    del kept
    gc.collect()
    taken = [ring.take(np.zeros(SMALL, np.float32), 1.0) for _ in range(SHAPE.slots - 1)]
    assert slot not in {ring.slot_of(each) for each in taken}
    with pytest.raises(InferenceError, match="No slot of the ring came free"):
        ring.take(np.zeros(SMALL, np.float32), 0.0)
    del row
    assert ring.slot_of(ring.take(np.zeros(SMALL, np.float32), 0.0)) == slot


def test_whoever_keeps_memory_leaves_slots_to_those_who_copy(ring):
    kept = [ring.keep(SMALL) for _ in range(SHAPE.slots)]
    assert sum(each is not None for each in kept) == SHAPE.slots - RESERVED
    assert ring.slot_of(ring.take(np.zeros(SMALL, np.float32), 0.0)) is not None
    assert ring.keep((1, 3, 640, 640)) is None


def test_only_a_whole_input_of_the_ring_counts_as_one(ring):
    kept = ring.keep((2, 3, 8, 8))
    assert ring.slot_of(kept) is not None
    assert ring.slot_of(kept[:1]) == ring.slot_of(kept)
    elsewhere = (kept[1:], kept[:, 1:], kept[:, :, :, ::2], np.zeros(SMALL, np.float32))
    assert [ring.slot_of(each) for each in elsewhere] == [None] * 4


@pytest.mark.parametrize(
    ("slot", "shape"), [(8, SMALL), (-1, SMALL), (0, (1, 3, 640, 640)), (0, (0, 3, 8, 8)), (0, (2**20, 2**20, 8, 8))]
)
def test_a_request_for_what_the_ring_has_not_is_refused(slot, shape, inputs):
    with pytest.raises(InferenceError, match="does not have"):
        inputs.input(slot, 2, shape)


def test_outputs_larger_than_a_slot_are_refused(ring, inputs):
    _, slot, generation = published(ring, 1)
    with pytest.raises(InferenceError, match="more than a slot"):
        inputs.answer(slot, generation, [np.zeros(2 * PAGE // 4, np.float32), np.zeros(1, np.float32)])
    with pytest.raises(InferenceError, match="too large for the inference process"):
        ring.take(np.zeros((1, 3, 64, 64), np.float32), 0.0)


def test_the_reader_takes_only_memory_that_its_owner_cannot_shorten(ring):
    with pytest.raises(PermissionError):
        os.ftruncate(ring.file, PAGE)
    loose = os.memfd_create("loose", os.MFD_ALLOW_SEALING)
    os.ftruncate(loose, SHAPE.total_bytes)
    short = os.memfd_create("short", os.MFD_ALLOW_SEALING)
    fcntl.fcntl(short, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    for file in (loose, short):
        with pytest.raises(InferenceError, match="not sealed or not as large"):
            Inputs(file, SHAPE)
        os.close(file)


def test_memory_that_was_never_touched_costs_nothing():
    ring = Ring()
    ring.keep((1, 3, 384, 640))[:] = 1
    taken = os.fstat(ring.file).st_blocks * 512
    assert taken < 4 * 2**20 < ring.shape.total_bytes
