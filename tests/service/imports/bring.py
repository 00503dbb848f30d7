"""Files of imports for tests: the same rows in every form, and what a judge knows."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from service.imports.columns import Refused
from service.imports.judging import Judged, header_words, judge, refused_file
from service.imports.kinds import KINDS, Context
from service.imports.reading import read_table
from service.imports.templates import write_csv, write_xlsx

FORMS = ("csv", "xlsx", "json")
CONTEXT = Context(
    zone=ZoneInfo("Asia/Almaty"),
    now=datetime(2026, 11, 22, 7, 0, tzinfo=UTC),
    as_of=date(2026, 11, 20),
    category="regional",
    cameras=frozenset({"abay-12"}),
    objects=frozenset({"UTO-17"}),
)
GOOD = {
    "kpi_values": {"kpi_id": "2.2", "period": "2026-10", "value": "87,5", "unit": "%"},
    "registered_vehicles": {"vehicles": "612 345", "unit": "машин"},
    "roads": {"id": "R-1", "name": "Абай даңғылы", "road_class": "street", "length_km": "8,4", "unit": "км"},
    "camera_coverage": {"camera_id": "abay-12", "geometry": "LINESTRING (76.90 43.24, 76.91 43.24)"},
    "parking_places": {"id": "P-1", "name": "Абай 10", "places": "120", "automated": "да"},
    "public_transport_stops": {"id": "S-1", "name": "Сайран", "video": "жоқ"},
    "objects": {"id": "UTO-17", "kind": "education", "name": "№ 12 мектеп", "address": "Абай, 45"},
    "sensors": {"sensor_id": "D-1", "object_id": "UTO-17", "working_from": "2026-01-10 09:00"},
    "fire_calls": {"call_id": "1", "received": "2026-11-02 14:05:10",
                   "departed": "02.11.2026 14:06", "object_id": "UTO-17"},
    "ambulance_arrivals": {"call_id": "1", "received": "2026-11-02 10:00", "arrived": "2026-11-02 10:09:30"},
    "phone_notifications": {"notification_id": "1", "sent": "2026-11-02 14:06", "recipient": "fire_service"},
    "surveys": {"survey_id": "Q3", "closed_on": "2026-09-28", "question": "Баға?", "n": "10", "score_9": "10"},
    "fire_norm": {"minutes": "10", "event": "arrive", "unit": "мин"},
    "payments": {"covers_from": "2026-10-01", "covers_until": "31.10.2026"},
    "addresses": {"id": "A-1", "longitude": "76,9286", "latitude": "43,2567", "address_ru": "улица Достык, 5"},
}  # fmt: skip
"""A row of each kind that can be taken."""


def as_file(kind: str, rows: list[dict], form: str) -> bytes:
    """The rows as a file."""
    if form == "json":
        return json.dumps(rows, ensure_ascii=False).encode()
    write = write_csv if form == "csv" else write_xlsx
    return write(KINDS[kind], "kk", rows)


def judged(kind: str, data: bytes, context: Context = CONTEXT, stored: dict[str, str] | None = None) -> Judged:
    """A file judged against what is stored."""
    there = stored or {}
    try:
        table = read_table(data, header_words(KINDS[kind]))
    except Refused as error:
        return refused_file(error)
    return judge(table, KINDS[kind], context, lambda keys: {key: there[key] for key in keys if key in there})


def codes(found: Judged) -> list[tuple[int | None, str | None, str]]:
    """Row, column and reason of each refusal."""
    return [(one.row, one.column, one.code) for one in found.refusals]
