from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import canonical_json, sha256_hex, strict_json

text = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=30)


@given(values)
def test_a_value_read_back_is_the_value_and_gives_the_same_bytes(value):
    data = canonical_json(value)
    again = strict_json(data)
    assert again == value
    assert canonical_json(again) == data


@given(st.dictionaries(text, values, min_size=2))
def test_the_order_of_insertion_leaves_no_mark(value):
    turned = dict(reversed(list(value.items())))
    assert canonical_json(turned) == canonical_json(value)


@given(values, values)
def test_different_values_never_share_their_bytes(one, other):
    if json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True):
        assert canonical_json(one) != canonical_json(other)


def test_kazakh_letters_stand_as_themselves():
    assert canonical_json({"б": 1, "ә": [1.5, True, None]}) == '{"б":1,"ә":[1.5,true,null]}'.encode()


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, {"a": math.nan}, "\ud800"])
def test_what_json_cannot_hold_is_refused(bad):
    with pytest.raises(ValueError, match=r"JSON|surrogate|encode"):
        canonical_json(bad)


@pytest.mark.parametrize("bad", [{1: 2}, {"a": {True: 1}}, [{None: 1}], {"a": {1, 2}}, b"x"])
def test_what_is_no_json_value_is_refused(bad):
    with pytest.raises(TypeError):
        canonical_json(bad)


@pytest.mark.parametrize(
    "bad",
    [b'{"a":1,"a":2}', b'{"a":NaN}', b"[Infinity]", b"\xff", b"{", b"", b"[" * 100_000],
    ids=["a key twice", "NaN", "infinity", "not UTF-8", "cut", "empty", "too deep"],
)
def test_json_with_two_readings_is_refused(bad):
    with pytest.raises(ValueError, match=r"."):
        strict_json(bad)


def test_sha256_is_the_known_one():
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
