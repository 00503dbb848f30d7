"""What a check found: a grade, a code for its words in three languages, and the values in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from service.settings import Settings


class Grade(StrEnum):
    """How it stands."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found.

    Attributes:
        grade: `wrong` has to be mended before people rely on it; `note` is worth knowing.
        code: its words stand under ``doctor.says.CODE``, and how to mend it under ``doctor.mend.CODE``.
        values: for the words; nothing secret, nothing about a person.
    """

    grade: Grade
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at.

    Attributes:
        settings: of the installation; None where they cannot be read.
        fault: why not.
        cameras: camera files, where some were named.
        streams: whether their streams are opened.
        port: where the service is going to listen, where that is asked.
        network: whether anybody outside is asked.
    """

    settings: Settings | None
    fault: str | None = None
    cameras: tuple[Path, ...] = field(default=())
    streams: bool = False
    port: int | None = None
    network: bool = True


def ok(code: str, **values: Any) -> Finding:
    """Nothing to do."""
    return Finding(Grade.OK, code, values)


def note(code: str, **values: Any) -> Finding:
    """Worth knowing."""
    return Finding(Grade.NOTE, code, values)


def wrong(code: str, **values: Any) -> Finding:
    """To be mended."""
    return Finding(Grade.WRONG, code, values)
