"""Personal data under keys of their own: who destroys a row's key destroys what it sealed.

Each payload is sealed with AES-256-GCM under a fresh data key; that key is wrapped by the installation's master key,
whose id stands before it (`service.store.keyring`). What is sealed is bound to its table, row and column, so that
nothing can be moved elsewhere. A rotation wraps the data keys anew and leaves what they sealed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from evidence.canonical import canonical_json, strict_json
from qyran.errors import IntegrityError
from service.store.keyring import KEY_BYTES, Ring, load_ring, stamp_of

NONCE_BYTES: Final = 12  # NIST SP 800-38D, 8.2.1
TAG_BYTES: Final = 16
ID_BYTES: Final = 8
BOUND: Final = b"\x02"
"""The form that names its key and binds table and column; what has none is of before keys had names."""
BEFORE_BYTES: Final = NONCE_BYTES + KEY_BYTES + TAG_BYTES
PERSONAL: Final = "personal"
PLAIN: Final = re.compile(r"[A-Za-z0-9_.:-]*")
"""Text that is its own JSON."""


class Vault:
    """Seals and opens personal payloads, and makes keyed tokens to compare plates by."""

    def __init__(self, folder: Path) -> None:
        """Open the keys in a folder.

        Raises:
            ConfigError: see `load_ring`.
        """
        self._folder = folder
        self._ring: Ring = load_ring(folder)

    @property
    def ring(self) -> Ring:
        """The keys as they stand now: another process may have made one."""
        if stamp_of(self._folder) != self._ring.stamp:
            self._ring = load_ring(self._folder)
        return self._ring

    @property
    def folder(self) -> Path:
        """Where the keys lie."""
        return self._folder

    def seal(self, record: str, seq: int, payload: Mapping[str, Any], *, table: str = PERSONAL) -> tuple[bytes, bytes]:
        """The wrapped key and the sealed payload, both bound to table, row and column."""
        return self.seal_many([(record, seq, payload)], table=table)[0]

    def seal_many(
        self, rows: Iterable[tuple[str, int, Mapping[str, Any]]], *, table: str = PERSONAL
    ) -> list[tuple[bytes, bytes]]:
        """As `seal`, of many rows of record, place and payload; the keys are looked at once."""
        ring = self.ring
        found = []
        for record, seq, payload in rows:
            key = secrets.token_bytes(KEY_BYTES)
            sealed = _encrypt(AESGCM(key), canonical_json(payload), _place(table, record, seq, "sealed"))
            found.append((_wrapped(ring, key, table, record, seq), sealed))
        return found

    def open(
        self, record: str, seq: int, wrapped_key: bytes, sealed: bytes, *, table: str = PERSONAL
    ) -> dict[str, Any]:
        """What was sealed.

        Raises:
            IntegrityError: the row was altered, moved, or sealed under a key that is not there.
        """
        try:
            key, place = self._unwrapped(record, seq, wrapped_key, table)
            return cast("dict[str, Any]", strict_json(_decrypt(AESGCM(key), sealed, place)))
        except (InvalidTag, ValueError):
            raise IntegrityError(
                f"The personal data of {table} {record}, {seq} cannot be opened: it was altered or moved."
            ) from None

    def resealed(
        self, record: str, seq: int, wrapped_key: bytes, sealed: bytes, *, table: str = PERSONAL
    ) -> tuple[bytes, bytes]:
        """The same payload under the master key that seals now; its data key stays, only its wrapping is new.

        Raises:
            IntegrityError: see `open`.
        """
        if len(wrapped_key) == BEFORE_BYTES:
            return self.seal(record, seq, self.open(record, seq, wrapped_key, sealed, table=table), table=table)
        self.open(record, seq, wrapped_key, sealed, table=table)  # what is damaged must not look whole afterwards
        key, _ = self._unwrapped(record, seq, wrapped_key, table)
        return _wrapped(self.ring, key, table, record, seq), sealed

    def token(self, text: str) -> str:
        """A keyed hash of a plate: equal plates have equal tokens, and nobody without the key can guess one."""
        return hmac.new(self._ring.index[0], text.encode(), hashlib.sha256).hexdigest()

    def bucket(self, text: str, count: int) -> int:
        """A keyed number below `count`; with fewer buckets than texts, nobody can tell a text from its bucket."""
        return int.from_bytes(hmac.new(self._ring.index[1], text.encode(), hashlib.sha256).digest()[:8], "big") % count

    def _unwrapped(self, record: str, seq: int, wrapped_key: bytes, table: str) -> tuple[bytes, bytes]:
        """The data key, and what its payload is bound to."""
        if len(wrapped_key) == BEFORE_BYTES:
            place = canonical_json([record, seq])
            return self._by_any(wrapped_key, place), place
        if not wrapped_key.startswith(BOUND):
            raise ValueError("no form that is known")
        name = wrapped_key[1 : 1 + ID_BYTES].hex()
        master = self._ring.keys.get(name) or self.ring.keys.get(name)
        if master is None:
            raise IntegrityError(
                f"The personal data of {table} {record}, {seq} was sealed under the key {name}, which is not in"
                f" {self._folder}; put its file back."
            )
        data = _decrypt(_wrap(master), wrapped_key[1 + ID_BYTES :], _place(table, record, seq, "wrapped_key", name))
        return data, _place(table, record, seq, "sealed")

    def _by_any(self, wrapped_key: bytes, place: bytes) -> bytes:
        """By whichever key opens it: before keys had names there was but one, and it may be any of these."""
        for master in self._ring.keys.values():
            try:
                return _decrypt(_wrap(master), wrapped_key, place)
            except InvalidTag:
                continue
        raise InvalidTag


def installation_vault(home: Path) -> Vault:
    """The installation's vault; makes its key on first use.

    Raises:
        ConfigError: the key cannot be read, or others can read it.
    """
    return Vault(home / "keys")


def _wrapped(ring: Ring, key: bytes, table: str, record: str, seq: int) -> bytes:
    place = _place(table, record, seq, "wrapped_key", ring.active)
    return BOUND + bytes.fromhex(ring.active) + _encrypt(_wrap(ring.keys[ring.active]), key, place)


@lru_cache(maxsize=16)
def _wrap(key: bytes) -> AESGCM:
    return AESGCM(hashlib.sha256(b"qyran personal wrap" + key).digest())


def _place(*parts: str | int) -> bytes:
    """The canonical JSON of the parts; most are plain, and are put together without a look at each sign."""
    if all(isinstance(part, int) or PLAIN.fullmatch(part) for part in parts):
        inner = ",".join(str(part) if isinstance(part, int) else f'"{part}"' for part in parts)
        return f"[{inner}]".encode()
    return canonical_json(list(parts))


def _encrypt(cipher: AESGCM, data: bytes, place: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, data, place)


def _decrypt(cipher: AESGCM, data: bytes, place: bytes) -> bytes:
    return cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], place)
