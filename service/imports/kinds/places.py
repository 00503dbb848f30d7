"""The register of addresses, by which an alert says in words where it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from service.i18n import LANGUAGES
from service.imports.columns import Column, Fault, Type
from service.imports.kinds.base import Context, Kind, Record, Values
from service.imports.kinds.registers import LATITUDE, LONGITUDE, place_faults

MOST_ROWS: Final = 400_000
"""Of one file: twice the buildings of the largest city."""
MOST_MIB: Final = 128
"""Of one file: so many addresses in three languages."""


def _check(values: Values, _: Context) -> Iterable[Fault]:
    yield from place_faults(values)
    if all(values[f"address_{lang}"] is None for lang in LANGUAGES):
        yield Fault("part_absent", {}, "address_ru")


def _record(values: Values, _: Context) -> Record:
    """Street and house in all languages; one that the file leaves out is said in one that it has."""
    spare = next(words for lang in ("ru", "kk", "en") if (words := values[f"address_{lang}"]) is not None)
    said = {f"address_{lang}": values[f"address_{lang}"] or spare for lang in LANGUAGES}
    return {"id": values["id"], "longitude": values["longitude"], "latitude": values["latitude"], **said}


ADDRESSES: Final = Kind(
    name="addresses",
    columns=(
        Column("id", Type.CODE, required=True),
        replace(LONGITUDE, required=True),
        replace(LATITUDE, required=True),
        *(Column(f"address_{lang}", Type.TEXT) for lang in LANGUAGES),
    ),
    key=lambda values: str(values["id"]),
    check=_check,
    record=_record,
    most_rows=MOST_ROWS,
    most_mib=MOST_MIB,
    examples=(
        {"id": "A-1", "longitude": "76,9286", "latitude": "43,2567", "address_kk": "Абай даңғылы, 10",
         "address_ru": "проспект Абая, 10", "address_en": "10 Abay Avenue"},
        {"id": "A-2", "longitude": "76,9301", "latitude": "43,2570", "address_ru": "улица Достык, 5"},
    ),
)  # fmt: skip
