"""The data dictionary: every field of the feed as the data-management rules (decree No. 925) ask, in three languages.

Types, codes, units and whether a field is always there come from the shapes themselves; a field without words fails a
test, so the dictionary cannot lag behind the feed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from service.exchange.shapes import SCHEMA_VERSION, SHAPES, Kind, json_schema
from service.i18n import Language, has, translate
from service.settings import Settings

ENVELOPE: Final = "record"
COLUMNS: Final = (
    "kind", "field", "name", "meaning", "type", "required", "unit", "codes", "source", "owner", "update", "access",
    "retention", "checks",
)  # fmt: skip
UNITS: Final[Mapping[str, str]] = {
    "latitude": "degree", "longitude": "degree", "value": "kpi", "numerator": "kpi", "denominator": "kpi",
    "score": "share", "uncapped": "share",
}  # fmt: skip
"""Units that a type does not tell."""
NUMBERS: Final = frozenset({"seq", "revision", "correction"})
"""Whole numbers that count nothing."""
WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "state": ("incidents.state",),
    "status": ("kpi_catalog.status", "exchange.code"),
    "kind": ("exchange.kind",),
    "services": ("incidents.service",),
}
"""Where the words of a field's codes stand, where not under `exchange.code`."""
OPEN_CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "event": (
        "rule_doubted", "rule_trusted_again", "feed_outage", "record_withheld", "view_ok", "view_moved",
        "view_blurred", "view_blinded", "view_covered",
    ),
}  # fmt: skip
"""Codes of fields whose list may grow without a new schema."""
WIDTHS: Final = (16, 24, 28, 60, 14, 12, 22, 50, 34, 34, 34, 40, 40, 44)
"""Widths of the workbook's columns, in characters."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One field, in words of one language.

    Attributes:
        kind, field: codes, as they stand in the feed.
        codes: code and words.
        required: whether the field is never null.
    """

    kind: str
    field: str
    name: str
    meaning: str
    type: str
    required: bool
    unit: str
    codes: tuple[tuple[str, str], ...]
    source: str
    owner: str
    update: str
    access: str
    retention: str
    checks: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self) | {"codes": [{"code": code, "words": words} for code, words in self.codes],
                               "schema_version": SCHEMA_VERSION}  # fmt: skip


def entries(lang: Language, settings: Settings) -> tuple[Entry, ...]:
    """The whole dictionary: the envelope first, then each kind's own fields."""
    owner = translate(lang, "exchange.dictionary.owner_of", city=settings.city_name[lang])
    return tuple(_entry(lang, owner, kind, field, shape, defs) for kind, field, shape, defs in _fields())


def words_of(kind: str, field: str) -> str:
    """The key of a field's words: its own, or those that several kinds share."""
    own = f"exchange.field.{kind}.{field}"
    return own if has("en", f"{own}.name") else f"exchange.field.shared.{field}"


def to_csv(found: Sequence[Entry], lang: Language) -> str:
    """The dictionary as CSV, its first line in the reader's language."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([translate(lang, f"exchange.dictionary.{name}") for name in COLUMNS])
    writer.writerows(_row(one, lang) for one in found)
    return text.getvalue()


def to_xlsx(found: Sequence[Entry], lang: Language) -> bytes:
    """The dictionary as a workbook."""
    book = Workbook()
    del book["Sheet"]
    sheet = book.create_sheet("data dictionary")
    sheet.append([translate(lang, f"exchange.dictionary.{name}") for name in COLUMNS])
    for one in found:
        sheet.append(_row(one, lang))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for number, width in enumerate(WIDTHS):
        sheet.column_dimensions[chr(ord("A") + number)].width = width
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "C2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _row(one: Entry, lang: Language) -> list[str]:
    said = {name: getattr(one, name) for name in COLUMNS}
    said["required"] = translate(lang, "common.yes" if one.required else "common.no")
    said["codes"] = "; ".join(f"{code} = {words}" if words else code for code, words in one.codes)
    return [str(said[name]) for name in COLUMNS]


def _fields() -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    """Each field with its schema."""
    schema = json_schema()
    defs: Mapping[str, Any] = schema["$defs"]
    first = defs["AlertRecord"]["properties"]
    for field, shape in first.items():
        if field != "data":
            yield ENVELOPE, field, {"enum": [kind.value for kind in Kind]} if field == "kind" else shape, defs
    for kind, made in SHAPES.items():
        for field, shape in defs[made.__name__]["properties"].items():
            yield kind.value, field, shape, defs


def _entry(
    lang: Language, owner: str, kind: str, field: str, shape: Mapping[str, Any], defs: Mapping[str, Any]
) -> Entry:
    plain, nullable = _plain(shape, defs)
    type_ = _type(plain)
    key = words_of(kind, field)
    return Entry(
        kind=kind,
        field=field if kind == ENVELOPE else f"data.{field}",
        name=translate(lang, f"{key}.name"),
        meaning=translate(lang, f"{key}.meaning"),
        type=translate(lang, f"exchange.type.{type_}"),
        required=not nullable,
        unit=_unit(lang, field, type_),
        codes=tuple((code, _words(lang, field, code)) for code in _codes(field, plain, defs)),
        source=translate(lang, f"exchange.kind.{kind}.source"),
        owner=owner,
        update=translate(lang, f"exchange.kind.{kind}.update"),
        access=translate(lang, "exchange.dictionary.access_class"),
        retention=translate(lang, "exchange.dictionary.retention_of"),
        checks=translate(lang, f"exchange.kind.{kind}.checks"),
    )


def _plain(shape: Mapping[str, Any], defs: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """A schema without its reference and its null, and whether it had one."""
    options = [one for one in shape.get("anyOf", ()) if one.get("type") != "null"]
    nullable = len(options) < len(shape.get("anyOf", ()))
    found = options[0] if options else shape
    if "$ref" in found:
        found = defs[found["$ref"].rsplit("/", 1)[-1]]
    return found, nullable


def _type(shape: Mapping[str, Any]) -> str:
    if "enum" in shape or "const" in shape:
        return "code"
    by_format = {"date-time": "moment", "date": "day"}.get(str(shape.get("format")))
    if by_format is not None:
        return by_format
    pattern = str(shape.get("pattern", ""))
    if pattern.startswith("^[0-9a-f]{8}-"):
        return "uuid"
    return "code" if pattern else str(shape["type"])


def _unit(lang: Language, field: str, type_: str) -> str:
    unit = (
        None
        if field in NUMBERS
        else UNITS.get(field) or {"moment": "utc", "day": "local_day", "integer": "count"}.get(type_)
    )
    return "" if unit is None else translate(lang, f"exchange.unit.{unit}")


def _codes(field: str, shape: Mapping[str, Any], defs: Mapping[str, Any]) -> tuple[str, ...]:
    inner = _plain(shape["items"], defs)[0] if shape.get("type") == "array" else shape
    if "const" in inner:
        return (str(inner["const"]),)
    if "enum" in inner:
        return tuple(str(code) for code in inner["enum"])
    return OPEN_CODES.get(field, ())


def _words(lang: Language, field: str, code: str) -> str:
    for place in (*WORDS.get(field, ()), "exchange.code"):
        key = f"{place}.{code}.name" if place == "exchange.kind" else f"{place}.{code}"
        if has(lang, key):
            return translate(lang, key)
    return ""
