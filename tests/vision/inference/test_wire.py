from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qyran.errors import InferenceError
from tests.vision import tiny_onnx
from vision.engine import open_engine
from vision.inference.networks import run_together
from vision.inference.wire import Reply, Request, Status, checked_shape, read, said

SIDES = st.integers(min_value=0, max_value=2**32 - 1)
GENERATIONS = st.integers(min_value=0, max_value=2**64 - 1)
SECONDS = st.floats(min_value=0, max_value=1e6)


@given(SIDES, GENERATIONS, st.binary(min_size=16, max_size=16), st.tuples(*[SIDES] * 4), st.booleans())
def test_a_request_comes_as_it_was_sent(slot, generation, network, shape, every):
    request = Request(slot, generation, network, shape, every)
    assert read(request.packed()) == request


@given(
    st.sampled_from(Status), SIDES, GENERATIONS, SECONDS, SECONDS, SIDES,
    st.lists(st.lists(SIDES, max_size=6).map(tuple), max_size=5).map(tuple), st.text(max_size=200),
)  # fmt: skip
def test_a_reply_comes_as_it_was_sent(status, slot, generation, waited_s, ran_s, depth, shapes, fault):
    reply = Reply(status, slot, generation, waited_s, ran_s, depth, shapes, fault.encode(errors="ignore").decode())
    assert read(reply.packed()) == reply


@given(st.binary(max_size=200))
def test_noise_is_told_from_a_message(noise):
    with suppress(InferenceError):
        assert isinstance(read(noise), Request | Reply | dict)


def test_what_is_said_rarely_comes_as_it_was_said():
    assert read(said(open="Ә.onnx", network="00")) == {"open": "Ә.onnx", "network": "00"}
    with pytest.raises(InferenceError, match="4 axes, not 3"):
        checked_shape((3, 2, 1))


@settings(deadline=None)
@given(counts=st.lists(st.integers(min_value=1, max_value=3), min_size=1, max_size=5), padded=st.booleans())
def test_inputs_that_run_together_are_answered_each_as_alone(counts, padded, tmp_path_factory):
    answer = np.zeros((2, 3), np.float32)
    engine = open_engine(tiny_onnx.write(tmp_path_factory.getbasetemp() / "t.onnx", answer, gain=answer + 1))
    blobs = [np.full((count, 3, 8, 8), 10 * i + 1, np.float32) for i, count in enumerate(counts)]
    for found, blob in zip(run_together(engine, blobs, padded), blobs, strict=True):
        np.testing.assert_array_equal(found[0], engine.run(blob))
