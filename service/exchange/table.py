"""Records of the feed as CSV: the envelope in columns, and the data of one kind in columns beside it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from service.exchange.shapes import SHAPES, Envelope, Kind

ENVELOPE: Final[tuple[str, ...]] = (*Envelope.model_fields, "kind")
DATA: Final = "data"


def columns(kind: Kind | None) -> tuple[str, ...]:
    """The columns: of one kind its own fields, of all kinds together the data as JSON."""
    return (*ENVELOPE, *((DATA,) if kind is None else (f"{DATA}.{name}" for name in SHAPES[kind].model_fields)))


def to_csv(lines: Iterable[str], kind: Kind | None = None) -> str:
    """Some records as CSV (RFC 4180, UTF-8, comma, first line the columns)."""
    text = io.StringIO()
    writer = csv.writer(text)
    names = columns(kind)
    writer.writerow(names)
    for line in lines:
        record = json.loads(line)
        data = record[DATA] or {}
        writer.writerow([_cell(_value(record, data, name, kind)) for name in names])
    return text.getvalue()


def _value(record: dict[str, Any], data: dict[str, Any], name: str, kind: Kind | None) -> object:
    if kind is None or not name.startswith(f"{DATA}."):
        return record[name]
    return data.get(name.removeprefix(f"{DATA}."))


def _cell(value: object) -> str:
    """A value as text that no spreadsheet takes for a formula; nothing for what is not known."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return _plain(value)
        case _:
            text = str(value)
            risky = isinstance(value, str) and text.startswith(("=", "+", "-", "@", "\t", "\r"))
            return f"'{text}" if risky else text


def _plain(value: dict[str, Any] | Sequence[Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
