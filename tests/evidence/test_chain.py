from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import sha256_hex
from evidence.chain import GENESIS, append, check, commit, merkle_root, new_salt, root_of


def a_chain(record="case-1", count=4):
    chain = []
    for number in range(count):
        chain.append(
            append(record, chain[-1] if chain else None, {"kind": "state", "n": number}, {"plate": f"{number}"})
        )
    return chain


def test_a_chain_as_written_has_no_fault():
    chain = a_chain()
    assert check(chain) is None
    assert chain[0].prev == GENESIS
    assert [link.prev for link in chain[1:]] == [link.hash for link in chain[:-1]]


def test_an_empty_chain_has_no_fault():
    assert check([]) is None


def test_appending_needs_only_seq_and_hash_of_the_last():
    chain = a_chain()
    assert check([*chain, append("case-1", (chain[-1].seq, chain[-1].hash), {}, {})]) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda c: [c[0], replace(c[1], payload={"plate": "x"}), *c[2:]], "chain_payload_altered"),
        (lambda c: [c[0], replace(c[1], salt=new_salt()), *c[2:]], "chain_payload_altered"),
        (lambda c: [c[0], replace(c[1], salt="no hex"), *c[2:]], "chain_payload_altered"),
        (lambda c: [c[0], replace(c[1], salt=c[1].salt.upper()), *c[2:]], "chain_payload_altered"),
        (lambda c: [c[0], replace(c[1], payload=None, salt=None), *c[2:]], "chain_payload_missing"),
        (lambda c: [c[0], replace(c[1], header={"kind": "other"}), *c[2:]], "chain_altered"),
        (lambda c: [c[0], replace(c[1], hash="0" * 64), *c[2:]], "chain_altered"),
        (lambda c: [c[0], replace(c[1], prev="1" * 64), *c[2:]], "chain_broken"),
        (lambda c: [c[0], *c[2:]], "chain_gap"),
        (lambda c: [c[1], c[0], *c[2:]], "chain_gap"),
        (lambda c: [c[0], replace(c[1], record="case-2"), *c[2:]], "chain_gap"),
        (lambda c: [c[0], replace(c[1], payload=None, salt=None, erased=9), *c[2:]], "chain_no_tombstone"),
        (lambda c: [c[0], replace(c[1], erased=7), *c[2:]], "chain_not_erased"),
    ],
)
def test_each_change_is_named(change, code):
    fault = check(change(a_chain()), {7: {("case-1", 2)}})
    assert fault is not None
    assert fault.code == code


def test_an_erasure_under_its_tombstone_is_no_tampering():
    chain = a_chain()
    chain[1] = replace(chain[1], payload=None, salt=None, erased=7)
    assert check(chain, {7: {("case-1", 2)}}) is None


def test_an_event_cannot_move_to_another_records_chain():
    one, other = a_chain("case-1", 1), a_chain("case-2", 1)
    assert check([replace(one[0], record="case-2")]) is not None
    assert check(other) is None


def test_a_commitment_hides_the_same_plate_twice():
    assert commit(new_salt(), {"plate": "123ABC02"}) != commit(new_salt(), {"plate": "123ABC02"})


@given(st.lists(st.binary(max_size=4).map(sha256_hex), min_size=1, max_size=20), st.data())
def test_a_merkle_root_depends_on_every_leaf_and_its_place(leaves, data):
    at = data.draw(st.integers(0, len(leaves) - 1))
    changed = [*leaves[:at], sha256_hex(b"something else"), *leaves[at + 1 :]]
    assert merkle_root(leaves) == merkle_root(list(leaves))
    assert merkle_root(changed) != merkle_root(leaves)
    assert merkle_root([*leaves, leaves[-1]]) != merkle_root(leaves)


def test_the_root_over_heads_binds_record_and_seq():
    head = sha256_hex(b"head")
    assert root_of({"a": (1, head)}) != root_of({"a": (2, head)})
    assert root_of({"a": (1, head)}) != root_of({"b": (1, head)})
    assert root_of({"a": (1, head), "b": (2, head)}) == root_of({"b": (2, head), "a": (1, head)})
