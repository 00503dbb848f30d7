"""The manifest of a day: what the feed told, signed, and chained to the day before.

Uses the standard library and this project's `evidence` only, so that it is checked without a store.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final

from evidence.canonical import canonical_json, sha256_hex, strict_json
from evidence.keys import Trust

FORMAT: Final = "qyran-exchange-manifest/1"
SIGNATURE_LENGTH: Final = 128
"""Hexadecimal digits of an Ed25519 signature."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A signed manifest.

    Attributes:
        day: ISO date, in the city's time zone.
        records: how many.
        sha256: of the day's records as JSON Lines, each with its newline, in their order.
        first_cursor, last_cursor: after the first and the last record; None where there was none.
        kinds: records by kind.
        previous: SHA-256 of the manifest of the day before, None for the first.
        key: id of the key that signed.
        signature: Ed25519, hexadecimal.
    """

    city: str
    day: str
    zone: str
    schema_version: str
    records: int
    sha256: str
    first_cursor: str | None
    last_cursor: str | None
    kinds: Mapping[str, int]
    previous: str | None
    key: str
    signature: str = ""

    def message(self) -> bytes:
        """What is signed."""
        return canonical_json(self._told())

    def to_bytes(self) -> bytes:
        """The file as it is given out."""
        return canonical_json({**self._told(), "signature": self.signature})

    @property
    def digest(self) -> str:
        """What the next manifest names this one by."""
        return sha256_hex(self.to_bytes())

    def signed_by(self, trust: Trust) -> bool:
        """Whether a trusted key signed it."""
        try:
            return trust.accepts(self.key, bytes.fromhex(self.signature), self.message())
        except ValueError:
            return False

    def _told(self) -> dict[str, Any]:
        told = {name: getattr(self, name) for name in self.__slots__ if name != "signature"}
        return {**told, "kinds": dict(self.kinds), "format": FORMAT}


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        ValueError: it is none, or not written in the one canonical way.
    """
    raw = strict_json(data)
    if not isinstance(raw, dict) or raw.pop("format", None) != FORMAT or set(raw) != set(Manifest.__slots__):
        raise ValueError("no manifest of an exchange")
    try:
        found = Manifest(**raw)
        date.fromisoformat(found.day)
        same = found.to_bytes() == data
    except (TypeError, ValueError):
        raise ValueError("no manifest of an exchange") from None
    if not same or len(found.signature) != SIGNATURE_LENGTH:
        raise ValueError("not canonical")
    return found


def digest_of(lines: Iterable[str]) -> tuple[int, str]:
    """Number and SHA-256 of some records as JSON Lines."""
    count, told = 0, hashlib.sha256()
    for line in lines:
        told.update(line.encode() + b"\n")
        count += 1
    return count, told.hexdigest()


def faults_of(manifest: Manifest, lines: Iterable[str], trust: Trust) -> list[str]:
    """What is not as it was signed, as codes: key, signature, city's day aside; count, hash, first, last, order."""
    faults = []
    if manifest.key not in trust.keys:
        faults.append("unknown_key")
    elif not manifest.signed_by(trust):
        faults.append("signature")
    held = list(lines)
    count, digest = digest_of(held)
    if count != manifest.records:
        faults.append("count")
    if digest != manifest.sha256:
        faults.append("hash")
    try:
        read = [json.loads(line) for line in held]
        ends = (read[0]["cursor"], read[-1]["cursor"]) if read else (None, None)
        places = [int(one["seq"]) for one in read]
    except (ValueError, TypeError, KeyError):
        return [*faults, "unreadable"]
    if ends[0] != manifest.first_cursor:
        faults.append("first")
    if ends[1] != manifest.last_cursor:
        faults.append("last")
    if any(after - before != 1 for before, after in pairwise(places)):
        faults.append("order")
    return faults
