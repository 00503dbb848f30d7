"""Hash chains over salted commitments, Merkle roots over their heads: pure functions shared by store and verifier.

Every record (a case, an alert) has a chain of its own. An event has a public *header* (what happened, when, which
role; no personal data) and a *payload* that may be personal. The chain holds only the payload's salted commitment, so
that an erasure ordered by law removes payload and salt and leaves the chain whole: the line then says under which
tombstone it was erased, and that tombstone is itself an event of a chain.

An export is JSON lines of two shapes::

    {"record", "seq", "prev", "header", "commitment", "hash", "salt", "payload"}   or  {..., "erased": N}
    {"root", "heads": {record: [seq, hash]}, "prev", "time", "key", "signature"}   an hourly signed root

A tombstone is an event whose header holds ``{"kind": "tombstone", "number": N, "erases": [[record, seq], ...]}``.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evidence.canonical import canonical_json

GENESIS: Final = "0" * 64
SALT_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Link:
    """One event of one chain, as stored and exported.

    Attributes:
        record: id of the case or alert whose chain this is.
        seq: 1, 2, 3, ... without a gap.
        prev: hash of the link before, `GENESIS` for the first.
        header: public part, JSON.
        commitment: hexadecimal, from `commit`.
        hash: hexadecimal, from `link`.
        salt, payload: present together, or both absent when erased.
        erased: number of the tombstone under which salt and payload went.
    """

    record: str
    seq: int
    prev: str
    header: Mapping[str, Any]
    commitment: str
    hash: str
    salt: str | None = None
    payload: Mapping[str, Any] | None = None
    erased: int | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a chain is not what was written: a text key of `evidence/texts`, and its values."""

    code: str
    record: str
    seq: int
    values: tuple[tuple[str, str | int], ...] = ()


def new_salt() -> str:
    """A fresh salt, hexadecimal."""
    return secrets.token_hex(SALT_BYTES)


def commit(salt: str, payload: Mapping[str, Any]) -> str:
    """Salted commitment to a payload: hides a short plate or number from guessing once the salt is gone."""
    return _digest(b"qyran commit", _raw(salt), canonical_json(payload))


def link(prev_hash: str, event_header: Mapping[str, Any], commitment: str) -> str:
    """Hash of an event from the hash before, its public header and its commitment.

    The header should hold record and seq (see `append`), so that no event can be moved to another chain or place.
    """
    return _digest(b"qyran link", _raw(prev_hash), canonical_json(event_header), _raw(commitment))


def append(
    record: str, last: Link | tuple[int, str] | None, header: Mapping[str, Any], payload: Mapping[str, Any]
) -> Link:
    """The next link of a record's chain, after `last` (a link, or its seq and hash), with a fresh salt."""
    seq, prev = _head(last)
    salt = new_salt()
    commitment = commit(salt, payload)
    digest = _hash(record, seq + 1, prev, header, commitment)
    return Link(record, seq + 1, prev, header, commitment, digest, salt, payload)


def check(chain: Sequence[Link], erasures: Mapping[int, set[tuple[str, int]]] | None = None) -> Fault | None:
    """The first fault of one record's chain in the order of seq, or None.

    Args:
        chain: all links of one record.
        erasures: what each tombstone erases, (record, seq) by number; an erasure outside is a fault.
    """
    prev, record = GENESIS, chain[0].record if chain else ""
    for seq, item in enumerate(chain, start=1):
        if item.record != record or item.seq != seq:
            return Fault("chain_gap", record, seq)
        if item.prev != prev:
            return Fault("chain_broken", record, seq)
        fault = _check_payload(item, erasures or {})
        if fault is not None:
            return fault
        try:
            expected = _hash(item.record, item.seq, item.prev, item.header, item.commitment)
        except (ValueError, TypeError):
            expected = ""
        if item.hash != expected:
            return Fault("chain_altered", record, seq)
        prev = item.hash
    return None


def merkle_root(heads: Iterable[str]) -> str:
    """Merkle tree hash of hexadecimal heads in the order given (RFC 6962, 2.1: leaves and nodes are told apart)."""
    level = [_digest(b"qyran leaf", _raw(head)) for head in heads]
    if not level:
        return GENESIS
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [
            _digest(b"qyran node", bytes.fromhex(pair[0]), bytes.fromhex(pair[1])) if len(pair) == 2 else pair[0]
            for pair in pairs
        ]
    return level[0]


def root_of(heads: Mapping[str, tuple[int, str]]) -> str:
    """Root over the heads of all records: each leaf binds record, seq and hash, in the order of record ids."""
    return merkle_root(
        _digest(b"qyran head", record.encode(), str(heads[record][0]).encode(), _raw(heads[record][1]))
        for record in sorted(heads)
    )


def root_message(root: str, heads: Mapping[str, tuple[int, str]], prev: str, time: str, key: str) -> bytes:
    """The bytes that the hourly signature covers: everything of the root's line but the signature."""
    heads_json = {record: [seq, hash_] for record, (seq, hash_) in heads.items()}
    return canonical_json({"root": root, "heads": heads_json, "prev": prev, "time": time, "key": key})


def _head(last: Link | tuple[int, str] | None) -> tuple[int, str]:
    if last is None:
        return 0, GENESIS
    return (last.seq, last.hash) if isinstance(last, Link) else last


def _hash(record: str, seq: int, prev: str, header: Mapping[str, Any], commitment: str) -> str:
    return link(prev, {"record": record, "seq": seq, "header": dict(header)}, commitment)


def _check_payload(item: Link, erasures: Mapping[int, set[tuple[str, int]]]) -> Fault | None:
    if item.erased is not None:
        if item.payload is not None or item.salt is not None:
            return Fault("chain_not_erased", item.record, item.seq, (("tombstone", item.erased),))
        if (item.record, item.seq) not in erasures.get(item.erased, set()):
            return Fault("chain_no_tombstone", item.record, item.seq, (("tombstone", item.erased),))
        return None
    if item.payload is None or item.salt is None:
        return Fault("chain_payload_missing", item.record, item.seq)
    try:
        same = commit(item.salt, item.payload) == item.commitment
    except (ValueError, TypeError):
        same = False
    return None if same else Fault("chain_payload_altered", item.record, item.seq)


def _raw(text: str) -> bytes:
    """Bytes of lower-case hexadecimal, written one way only."""
    data = bytes.fromhex(text)
    if data.hex() != text:
        raise ValueError("a hash or salt is not lower-case hexadecimal")
    return data


def _digest(domain: bytes, *parts: bytes) -> str:
    """SHA-256 with every part preceded by its length, so that no two lists of parts share their bytes."""
    digest = hashlib.sha256()
    for part in (domain, *parts):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()
