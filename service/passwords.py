"""Passwords: what one must be like, and Argon2id over it."""

from __future__ import annotations

import secrets
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from qyran.errors import InputError

SHORTEST: Final = 12  # characters (NIST SP 800-63B-4 asks for 15 where the password stands alone, 8 with a factor)
LONGEST: Final = 256
LEAST_SIGNS: Final = 5  # different ones
LONGEST_RUN: Final = 6  # neighbouring signs of the alphabet, the digits or the keyboard in a row
ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "йцукенгшщзхъ",
    "фывапролджэ",
)
COMMON: Final = (
    "password",
    "пароль",
    "құпиясөз",
    "qyran",
    "administrator",
    "welcome",
    "kazakhstan",
    "қазақстан",
    "казахстан",
)
"""A password that is one of these with some signs around it is found first."""

TIME_COST: Final = 3  # passes; these three are the second recommended option of RFC 9106, 4
MEMORY_KIB: Final = 64 * 1024
LANES: Final = 4

_hasher = PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)
_decoy = _hasher.hash(secrets.token_hex())


def check(password: str, username: str) -> None:
    """Refuse a password that is guessed soon.

    Raises:
        InputError: it is too short, or too easy to guess.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(f"A password has {SHORTEST} to {LONGEST} characters.")
    plain = password.casefold()
    rest = plain
    for word in (username.casefold(), *COMMON):
        rest = rest.replace(word, "")
    if username.casefold() in plain or len(set(plain)) < LEAST_SIGNS or len(rest) < SHORTEST // 2 or _run(plain):
        raise InputError("The password is too easy to guess; take several unrelated words.")


def hashed(password: str) -> str:
    """The hash that is kept."""
    return _hasher.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether a password is the one a hash was made of; without a hash as slowly as with one, and never."""
    try:
        return _hasher.verify(kept or _decoy, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than those of today."""
    return _hasher.check_needs_rehash(kept)


def _run(plain: str) -> bool:
    """Whether most of a password is one run along the alphabet or the keyboard, or one piece repeated."""
    for length in range(1, len(plain) // 2 + 1):
        piece = plain[:length]
        if (piece * (len(plain) // length + 1))[: len(plain)] == plain:
            return True
    covered: set[int] = set()
    for row in (*ROWS, *(one[::-1] for one in ROWS)):
        for start in range(len(plain) - LONGEST_RUN + 1):
            if plain[start : start + LONGEST_RUN] in row:
                covered.update(range(start, start + LONGEST_RUN))
    return len(plain) - len(covered) < SHORTEST // 2
