from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.chain import GENESIS, append
from evidence.keys import installation_signer, trust_store
from evidence.ledger import check_ledger, export, link_line, sign_root

TIME = "2026-11-22T10:00:00.000000Z"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def signer(home):
    return installation_signer(home)


@pytest.fixture(scope="module")
def trust(home, signer):
    return trust_store(home)


def grow(record, count):
    chain = []
    for number in range(count):
        chain.append(append(record, chain[-1] if chain else None, {"kind": "state"}, {"plate": f"12{number}ABC02"}))
    return chain


@pytest.fixture
def chains():
    return [grow("case-1", 3), grow("case-2", 2)]


def codes(data, trust):
    return [fault.code for fault in check_ledger(data, trust)[0]]


def test_an_export_as_written_has_no_fault(chains, signer, trust):
    heads = {"case-1": (2, chains[0][1].hash)}
    hourly = sign_root(heads, GENESIS, TIME, signer)
    assert check_ledger(export(chains, [hourly], TIME, signer), trust) == ([], 2)


def test_every_single_byte_matters(chains, signer, trust):
    data = export(chains[:1], [], TIME, signer)
    unnoticed = []
    for at in range(0, len(data), 7):
        changed = bytearray(data)
        changed[at] ^= 1
        if not codes(bytes(changed), trust):
            unnoticed.append(at)
    assert unnoticed == []


def test_an_erasure_is_no_tampering_when_its_tombstone_is_there(chains, signer, trust):
    chains[0][1] = replace(chains[0][1], salt=None, payload=None, erased=1)
    assert codes(export(chains, [], TIME, signer), trust) == ["chain_no_tombstone"]
    header = {"kind": "tombstone", "number": 1, "erases": [["case-1", 2]]}
    chains[0].append(append("case-1", chains[0][-1], header, {}))
    assert codes(export(chains, [], TIME, signer), trust) == []


@pytest.mark.parametrize("erases", ["all", [["case-1"]], [[1, 2]], [{"a": 1}], [["case-1", [2]]], None])
def test_a_malformed_tombstone_erases_nothing(chains, signer, trust, erases):
    chains[0][1] = replace(chains[0][1], salt=None, payload=None, erased=1)
    chains[0].append(append("case-1", chains[0][-1], {"kind": "tombstone", "number": 1, "erases": erases}, {}))
    assert codes(export(chains, [], TIME, signer), trust) == ["chain_no_tombstone"]


def test_cutting_off_the_end_of_a_chain_or_a_whole_one_is_seen(chains, signer, trust):
    lines = export(chains, [], TIME, signer).splitlines(keepends=True)
    assert codes(b"".join([*lines[:2], *lines[3:]]), trust) == ["ledger_cut"]
    assert codes(b"".join([*lines[:3], lines[-1]]), trust) == ["ledger_cut"]


def test_the_last_root_may_not_be_missing(chains, signer, trust):
    lines = export(chains, [], TIME, signer).splitlines(keepends=True)
    assert "ledger_open" in codes(b"".join(lines[:-1]), trust)
    assert "ledger_open" in codes(b"", trust)


def test_events_added_after_the_root_are_not_covered(chains, signer, trust):
    data = export(chains, [], TIME, signer)
    forged = link_line(append("case-9", None, {}, {})) + b"\n"
    assert set(codes(forged + data, trust)) == {"ledger_unsigned"}
    assert "ledger_open" in codes(data + forged, trust)


def test_a_chain_rewritten_whole_fails_against_its_signed_root(chains, signer, trust):
    root = export(chains, [], TIME, signer).splitlines()[-1]
    rewritten = [link_line(link) for chain in [grow("case-1", 3), chains[1]] for link in chain]
    assert codes(b"\n".join([*rewritten, root]) + b"\n", trust) == ["ledger_cut"]


def test_an_hourly_root_left_out_is_seen(chains, signer, trust):
    first = sign_root({"case-1": (1, chains[0][0].hash)}, GENESIS, TIME, signer)
    second = sign_root({"case-1": (2, chains[0][1].hash)}, first.root, TIME, signer)
    lines = export(chains, [first, second], TIME, signer).splitlines(keepends=True)
    assert codes(b"".join(lines), trust) == []
    assert codes(b"".join([*lines[:6], *lines[7:]]), trust) == ["ledger_root_gap"]


def test_a_root_by_a_stranger_is_not_accepted(chains, tmp_path, trust):
    assert codes(export(chains, [], TIME, installation_signer(tmp_path)), trust) == ["unknown_key"]
