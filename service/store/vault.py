"""Personal data under keys of their own: who destroys a row's key destroys what it sealed.

Each payload is sealed with AES-256-GCM under a fresh key; that key is wrapped by the installation's key, which lies in
``<home>/keys/personal.key`` (0600), never in the database.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from evidence.canonical import canonical_json, strict_json
from evidence.keys import create_once, read_secret
from qyran.errors import ConfigError, IntegrityError

KEY_BYTES: Final = 32  # AES-256
NONCE_BYTES: Final = 12  # NIST SP 800-38D, 8.2.1
KEY_FILE: Final = "personal.key"


class Vault:
    """Seals and opens personal payloads, and makes keyed tokens to compare plates by."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ConfigError(f"The key for personal data has {len(key)} bytes; {KEY_BYTES} are needed.")
        self._wrap = AESGCM(hashlib.sha256(b"qyran personal wrap" + key).digest())
        self._token = hashlib.sha256(b"qyran personal token" + key).digest()
        self._bucket = hashlib.sha256(b"qyran personal bucket" + key).digest()

    def seal(self, record: str, seq: int, payload: Mapping[str, Any]) -> tuple[bytes, bytes]:
        """The wrapped key and the sealed payload; both are bound to record and seq."""
        key = secrets.token_bytes(KEY_BYTES)
        place = _place(record, seq)
        return _encrypt(self._wrap, key, place), _encrypt(AESGCM(key), canonical_json(payload), place)

    def open(self, record: str, seq: int, wrapped_key: bytes, sealed: bytes) -> dict[str, Any]:
        """What was sealed.

        Raises:
            IntegrityError: the row was altered, moved, or sealed under another installation's key.
        """
        place = _place(record, seq)
        try:
            key = _decrypt(self._wrap, wrapped_key, place)
            return cast("dict[str, Any]", strict_json(_decrypt(AESGCM(key), sealed, place)))
        except (InvalidTag, ValueError):
            raise IntegrityError(f"The personal data of event {seq} of {record} cannot be opened.") from None

    def token(self, text: str) -> str:
        """A keyed hash of a plate: equal plates have equal tokens, and nobody without the key can guess one."""
        return hmac.new(self._token, text.encode(), hashlib.sha256).hexdigest()

    def bucket(self, text: str, count: int) -> int:
        """A keyed number below `count`; with fewer buckets than texts, nobody can tell a text from its bucket."""
        return int.from_bytes(hmac.new(self._bucket, text.encode(), hashlib.sha256).digest()[:8], "big") % count


def installation_vault(home: Path) -> Vault:
    """The installation's vault; makes its key on first use.

    Raises:
        ConfigError: the key cannot be read, or others can read it.
    """
    path = home / "keys" / KEY_FILE
    create_once(path, lambda: secrets.token_bytes(KEY_BYTES), mode=0o600)
    return Vault(read_secret(path))


def _place(record: str, seq: int) -> bytes:
    return canonical_json([record, seq])


def _encrypt(cipher: AESGCM, data: bytes, place: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, data, place)


def _decrypt(cipher: AESGCM, data: bytes, place: bytes) -> bytes:
    return cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], place)
