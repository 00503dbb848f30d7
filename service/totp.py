"""Codes that change with time, for a second factor: TOTP (RFC 6238) over HOTP (RFC 4226), no more than is needed."""

from __future__ import annotations

import base64
import hmac
import secrets
import struct
from datetime import datetime
from typing import Final, Literal
from urllib.parse import quote

STEP_S: Final = 30  # seconds of one code, RFC 6238, 5.2
DIGITS: Final = 6
SECRET_BYTES: Final = 20  # RFC 4226, 4, R6 asks for 16 at least and recommends 20
DRIFT: Final = 1  # steps before and after the present one that are taken too, RFC 6238, 6

Algorithm = Literal["sha1", "sha256", "sha512"]


def new_secret() -> str:
    """A fresh secret in base 32, as authenticators take it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def hotp(key: bytes, counter: int, digits: int = DIGITS, algorithm: Algorithm = "sha1") -> str:
    """The code of a counter (RFC 4226, 5.3)."""
    mac = hmac.digest(key, struct.pack(">Q", counter), algorithm)
    offset = mac[-1] & 0x0F
    number = struct.unpack(">I", mac[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


def step_of(at: datetime) -> int:
    """The number of the time step a moment lies in."""
    return int(at.timestamp()) // STEP_S


def matching_step(secret: str, code: str, at: datetime, *, after: int = -1) -> int | None:
    """The time step whose code was given, or None.

    Args:
        secret: in base 32.
        code: as typed; spaces do not count.
        at: the present moment.
        after: the last step that was used: this one and those before it are taken no more (RFC 6238, 5.2).
    """
    typed = "".join(code.split())
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
        return None
    key, now = key_of(secret), step_of(at)
    found = None
    for step in range(now - DRIFT, now + DRIFT + 1):
        # Every code is compared, so that the time taken tells nothing.
        if hmac.compare_digest(hotp(key, step), typed) and step > after:
            found = step
    return found


def key_of(secret: str) -> bytes:
    """The bytes of a secret in base 32.

    Raises:
        ValueError: it is none.
    """
    plain = secret.upper().replace(" ", "")
    try:
        return base64.b32decode(plain + "=" * (-len(plain) % 8))
    except ValueError:
        raise ValueError("The secret is not written in base 32.") from None


def uri(secret: str, account: str, issuer: str) -> str:
    """What the QR code of an enrolment says: the key URI that authenticators read."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer, safe='')}&digits={DIGITS}&period={STEP_S}"
