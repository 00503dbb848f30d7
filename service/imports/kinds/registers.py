"""Registers of the city: vehicles, parking places, stops; each file tells the whole state of a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from service.imports.columns import Column, Fault, Type
from service.imports.geometry import EAST, NORTH, SOUTH, WEST
from service.imports.kinds.base import Context, Kind, Record, Values, one_row, without_note

MOST_VEHICLES: Final = 20_000_000
"""Some four times as many as Kazakhstan has (5.3 million in 2024, stat.gov.kz)."""
MOST_PLACES: Final = 50_000
"""Of one car park."""
LONGITUDE: Final = Column("longitude", Type.NUMBER, unit="degree", least=-180, most=180)
LATITUDE: Final = Column("latitude", Type.NUMBER, unit="degree", least=-90, most=90)


def place_faults(values: Values) -> Iterable[Fault]:
    """A point lies in Kazakhstan and has both coordinates, or none."""
    lon, lat = values["longitude"], values["latitude"]
    if (lon is None) != (lat is None):
        yield Fault("part_absent", {}, "longitude" if lon is None else "latitude")
    elif lon is not None and not (WEST <= lon <= EAST and SOUTH <= lat <= NORTH):
        swapped = WEST <= lat <= EAST and SOUTH <= lon <= NORTH
        at = f"{lon:g} {lat:g}"
        yield Fault("coordinates_swapped" if swapped else "coordinates_outside", {"at": at}, "longitude", at)


def _placed(values: Values, _: Context) -> Iterable[Fault]:
    return place_faults(values)


def _parkings(records: Sequence[Record]) -> Record:
    return {"parkings": [without_note(one) for one in records]}


def _stops(records: Sequence[Record]) -> Record:
    return {"stops": [without_note(one) for one in records]}


VEHICLES: Final = Kind(
    name="registered_vehicles",
    columns=(
        Column("vehicles", Type.INTEGER, required=True, unit="vehicle", above=0, most=MOST_VEHICLES),
        Column("unit", Type.UNIT, choices=("vehicle",)),
    ),
    key=lambda _: "vehicles",
    whole=one_row,
    compose=lambda records: {"value": records[0]["vehicles"]},
    examples=({"vehicles": "612 345", "unit": "машин"},),
)

PARKINGS: Final = Kind(
    name="parking_places",
    columns=(
        Column("id", Type.CODE, required=True),
        Column("name", Type.TEXT, required=True),
        Column("places", Type.INTEGER, required=True, unit="place", above=0, most=MOST_PLACES),
        Column("automated", Type.YES_NO, required=True),
        LONGITUDE,
        LATITUDE,
    ),
    key=lambda values: str(values["id"]),
    check=_placed,
    compose=_parkings,
    examples=(
        {"id": "P-1", "name": "Абай 10", "places": "120", "automated": "да", "longitude": "76,9286",
         "latitude": "43,2567"},
        {"id": "P-2", "name": "Достық 5", "places": "40", "automated": "нет"},
    ),
)  # fmt: skip

STOPS: Final = Kind(
    name="public_transport_stops",
    columns=(
        Column("id", Type.CODE, required=True),
        Column("name", Type.TEXT, required=True),
        Column("video", Type.YES_NO, required=True),
        LONGITUDE,
        LATITUDE,
    ),
    key=lambda values: str(values["id"]),
    check=_placed,
    compose=_stops,
    examples=(
        {"id": "S-101", "name": "Байқоңыр", "video": "иә", "longitude": "76,9458", "latitude": "43,2383"},
        {"id": "S-102", "name": "Сайран", "video": "жоқ"},
    ),
)
