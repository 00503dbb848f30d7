"""What a verification says, and the checks every kind of evidence shares."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from evidence.canonical import file_sha256
from evidence.keys import Trust
from evidence.manifest import MAX_BYTES, read_signature_file
from evidence.words import Language, sentence

Value = str | int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is not what was signed.

    Attributes:
        path: the file or folder, relative to what was checked where that is possible.
        code: text key under `[verify]` of `evidence/texts`.
        values: what to put into the sentence.
    """

    path: str
    code: str
    values: tuple[tuple[str, Value], ...] = ()

    def text(self, language: Language) -> str:
        """The reason as one sentence that begins with the path."""
        return f"{self.path}: {sentence(language, self.code, dict(self.values))}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a verification: intact, or the reasons why not.

    Attributes:
        reasons: empty exactly when intact.
        checked: packages, documents and ledger chains that were looked at.
        notes: what whoever relies on it should know besides: a time stamp that is still pending, or whose authority
            could not be looked at.
    """

    reasons: tuple[Reason, ...]
    checked: int = 0
    notes: tuple[Reason, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything is as it was signed."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Place:
    """Where a verification began: names paths for people."""

    top: Path

    def reason(self, path: Path, code: str, **values: Value) -> Reason:
        """A reason about a path below the top."""
        try:
            name = str(path.relative_to(self.top))
        except ValueError:
            name = str(path)
        return Reason(path.name if name == "." else printable(name), code, tuple(values.items()))


def printable(text: str, limit: int = 120) -> str:
    """A name fit for a terminal: no control characters, no surrogates, not endless."""
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return clean if len(clean) <= limit else f"{clean[: limit - 1]}…"


def is_plain_file(path: Path) -> bool:
    """Whether the path itself, not what a link points to, is a regular file."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def is_plain_folder(path: Path) -> bool:
    """Whether the path itself, not what a link points to, is a folder."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def exists(path: Path) -> bool:
    """Whether anything lies there, a dangling link included."""
    return os.path.lexists(path)


def signed_bytes(place: Place, path: Path, signature: Path, trust: Trust) -> tuple[bytes | None, str, list[Reason]]:
    """Bytes of a signed file, the id of the key that signed them, and what is wrong.

    The bytes are given even where the signature is bad, so that more can be named; None where there are none.
    """
    reasons: list[Reason] = []
    data = _content(place, path, reasons)
    sig = _content(place, signature, reasons)
    if data is None or sig is None:
        return data, "", reasons
    try:
        key, value = read_signature_file(sig)
    except (ValueError, TypeError):
        return data, "", [*reasons, place.reason(signature, "unparsable", fault=signature.name)]
    if key not in trust.keys:
        reasons.append(place.reason(signature, "unknown_key", key=printable(key, 20)))
    elif not trust.accepts(key, value, data):
        reasons.append(place.reason(path, "bad_signature"))
    return data, key, reasons


def check_file(place: Place, path: Path, sha256: str, size: int | None = None) -> list[Reason]:
    """Whether a file is there, plain, and the one that was signed."""
    if not exists(path):
        return [place.reason(path, "missing")]
    if not is_plain_file(path):
        return [place.reason(path, "not_a_file")]
    try:
        same = (size is None or path.stat().st_size == size) and file_sha256(path) == sha256
    except OSError:
        return [place.reason(path, "unreadable")]
    return [] if same else [place.reason(path, "altered")]


def _content(place: Place, path: Path, reasons: list[Reason]) -> bytes | None:
    if not exists(path):
        reasons.append(place.reason(path, "missing"))
        return None
    if not is_plain_file(path):
        reasons.append(place.reason(path, "not_a_file"))
        return None
    try:
        if path.stat().st_size > MAX_BYTES:
            reasons.append(place.reason(path, "too_large"))
            return None
        return path.read_bytes()
    except OSError:
        reasons.append(place.reason(path, "unreadable"))
        return None
