"""The events of one KPI and day as lines of text: their hash, and their compressed form.

A line is a JSON list ``[kind, id, at, counted, value, base, reason]``; the lines of a day are sorted, so that the same
events give the same bytes whatever order they were read in. The hash of a day is the SHA-256 of its lines, that of a
KPI the Merkle root over its days (`evidence.chain.root_of`), so that one day can be checked without the others.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from evidence.canonical import sha256_hex
from evidence.chain import root_of
from kpi_catalog.period import Period
from qyran.errors import IntegrityError
from service.rollups.events import Event

LEVEL: Final = 6  # of zlib; ids are random, so more effort gains nothing
_write = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class EventSet:
    """The events of a day."""

    rows: int
    sha256: str
    lines: bytes

    @property
    def packed(self) -> bytes:
        """The lines, compressed."""
        return zlib.compress(self.lines, LEVEL)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events again."""
        return tuple(_read(line) for line in self.lines.split(b"\n")) if self.lines else ()


def event_set(events: Iterable[Event]) -> EventSet:
    """The events of one day."""
    lines = sorted(_line(one) for one in events)
    joined = b"\n".join(lines)
    return EventSet(len(lines), sha256_hex(joined), joined)


def opened(sha256: str, rows: int, packed: bytes) -> EventSet:
    """A stored set.

    Raises:
        IntegrityError: it is not what its hash says.
    """
    try:
        lines = zlib.decompress(packed)
    except zlib.error:
        raise IntegrityError(f"The events {sha256[:12]} cannot be unpacked: they were altered.") from None
    if sha256_hex(lines) != sha256 or (lines.count(b"\n") + 1 if lines else 0) != rows:
        raise IntegrityError(f"The events {sha256[:12]} are not those that were published: they were altered.")
    return EventSet(rows, sha256, lines)


def by_day(events: Iterable[Event], period: Period) -> dict[date, list[Event]]:
    """Events by local day of the city."""
    zone = ZoneInfo(period.zone)
    found: dict[date, list[Event]] = {}
    for one in events:
        found.setdefault(one.at.astimezone(zone).date(), []).append(one)
    return dict(sorted(found.items()))


def root(days: Mapping[date, tuple[int, str]]) -> str:
    """Merkle root over days, each with its number of events and their hash."""
    return root_of({day.isoformat(): held for day, held in days.items()})


def _line(one: Event) -> bytes:
    return _write([one.kind, one.id, one.at.isoformat(), one.counted, one.value, one.base, one.reason]).encode()


def _read(line: bytes) -> Event:
    kind, key, at, counted, value, base, reason = json.loads(line)
    return Event(kind, key, datetime.fromisoformat(at), counted, value, reason, base)
