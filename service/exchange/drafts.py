"""A record before it has its place: what it is about and what it says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from service.exchange.shapes import Kind

Gone = Literal["merged", "suppressed", "test", "retired", "removed"]
Category = Literal["security", "utilities", "ecology", "education", "other"]
Origin = Literal["live", "backfill"]

IDENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
MASK: Final = "\N{BULLET}\N{BULLET}\N{BULLET}"
PERSONAL: Final = re.compile(
    r"(?<!\d)\d{12}(?!\d)"  # an IIN
    r"|(?<![0-9A-ZА-Я])\d{3}\s?[A-ZА-Я]{2,3}\s?\d{2}(?!\d)"  # a plate of today: 123 ABC 02
    r"|(?<![0-9A-ZА-Я])[A-ZА-Я]\s?\d{3}\s?[A-ZА-Я]{2,3}(?![A-ZА-Я])"  # a plate of before 2012: A 123 BCD
    r"|\+?\d[\d\s()-]{9,}\d",  # a telephone number
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What shall be told.

    Attributes:
        data: what `service.exchange.shapes` gives its kind; None for a tombstone.
        gone, see: why it is gone, and the subject that stands in its place.
        received_at: when the fact reached the store.
        measured: whether its delay counts (KPI 1.1): facts do; snapshots and what was computed here do not.
        always: told though it says what the record before it said.
    """

    kind: Kind
    subject: str
    data: Mapping[str, Any] | None
    occurred_at: datetime
    received_at: datetime
    measured: bool = True
    origin: Origin = "live"
    category: Category = "security"
    always: bool = False
    gone: Gone | None = None
    see: str | None = None


def utc(value: datetime | None) -> datetime | None:
    """In UTC, as every moment of the feed is."""
    return None if value is None else value.astimezone(UTC)


def ident(text: str | None) -> str | None:
    """A code that may be told; None for one that is no code, since it could hold anything."""
    return text if text is not None and IDENT.fullmatch(text) else None


def masked(text: str) -> str:
    """A place's name without what looks like somebody's number."""
    return PERSONAL.sub(MASK, text)
