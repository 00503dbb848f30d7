"""The road register and what of it the cameras see, as geometry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from service.imports.columns import Column, Fault, Type, shown
from service.imports.geometry import length_km
from service.imports.kinds.base import Context, Kind, Record, Values, plain

CLASSES: Final = (
    "national_road", "regional_road", "district_road", "main_street", "street", "local", "other",
)  # fmt: skip
LONGEST_ROAD_KM: Final = 500.0
"""Of one road within a city's bounds."""
DISAGREES: Final = 1.5
"""A told length and that of the line may differ by this ratio: carriageways, bends that a line cuts."""


def _check(values: Values, _: Context) -> Iterable[Fault]:
    told, shape = values["length_km"], values["geometry"]
    if told is None and shape is None:
        yield Fault("length_or_line", {}, "length_km")
    if told is not None and shape is not None:
        drawn = length_km(shape.lines)
        if max(told, drawn) > DISAGREES * min(told, drawn):
            yield Fault("length_disagrees", {"drawn": round(drawn, 3)}, "length_km", shown(told))


def _record(values: Values, context: Context) -> Record:
    found = plain(values, context)
    if values["length_km"] is None:
        found["length_km"] = round(length_km(values["geometry"].lines), 6)
    return found


def _compose(records: Sequence[Record]) -> Record:
    """Length and lines as the KPIs want them, and the roads that the lines belong to."""
    lines: list[Any] = []
    roads = []
    for one in records:
        drawn = one.get("geometry", {}).get("lines", [])
        told: Record = {name: one[name] for name in ("id", "name", "road_class", "length_km") if name in one}
        roads.append({**told, "first_line": len(lines), "lines": len(drawn)})
        lines += drawn
    return {"length_km": round(sum(one["length_km"] for one in records), 6), "lines": lines, "roads": roads}


ROADS: Final = Kind(
    name="roads",
    columns=(
        Column("id", Type.CODE, required=True),
        Column("name", Type.TEXT, required=True),
        Column("road_class", Type.CHOICE, choices=CLASSES),
        Column("length_km", Type.NUMBER, unit="km", above=0, most=LONGEST_ROAD_KM),
        Column("unit", Type.UNIT, choices=("km",)),
        Column("geometry", Type.LINE, longest=1 << 20),
    ),
    key=lambda values: str(values["id"]),
    check=_check,
    record=_record,
    compose=_compose,
    examples=(
        {"id": "R-1", "name": "Абай даңғылы", "road_class": "main_street", "unit": "км",
         "geometry": "LINESTRING (76.9000 43.2400, 76.9200 43.2395, 76.9400 43.2390)"},
        {"id": "R-2", "name": "Достық даңғылы", "road_class": "street", "length_km": "8,4", "unit": "км"},
    ),
)  # fmt: skip


def _camera(values: Values, context: Context) -> Iterable[Fault]:
    if values["camera_id"] not in context.cameras:
        yield Fault("camera_unknown", {}, "camera_id", values["camera_id"])


def _coverage(records: Sequence[Record]) -> Record:
    return {
        "cameras": [
            {"camera_id": one["camera_id"], "lines": one["geometry"]["lines"], "view": one["geometry"]["ring"]}
            for one in records
        ]
    }


COVERAGE: Final = Kind(
    name="camera_coverage",
    columns=(
        Column("camera_id", Type.CODE, required=True),
        Column("geometry", Type.SHAPE, required=True, longest=1 << 20),
    ),
    key=lambda values: str(values["camera_id"]),
    check=_camera,
    compose=_coverage,
    examples=(
        {"camera_id": "abay-12", "geometry": "LINESTRING (76.9000 43.2400, 76.9010 43.2400)"},
        {"camera_id": "dostyk-5",
         "geometry": "POLYGON ((76.95 43.24, 76.951 43.24, 76.951 43.241, 76.95 43.241, 76.95 43.24))"},
    ),
)  # fmt: skip
