"""The register of addresses: taken from an import, and the nearest one to a place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, insert, select

from qyran.earth import distance_m
from service.places.grid import cell_of, cells_around
from service.store.database import Work
from service.store.import_tables import CityImport
from service.store.place_tables import Address

KIND: Final = "addresses"
"""The kind of import that brings them."""
NEAR_M: Final = 250.0
"""An address farther off says nothing about a place in a city; no more than a cell of the grid is wide."""
KEPT: Final = 2
"""So many files of addresses stay looked up at once: the one that stands, and the one before it should that be
withdrawn."""
CHUNK: Final = 5_000


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest address.

    Attributes:
        words: street and house by language.
        metres: how far off it is.
    """

    words: Mapping[str, str]
    metres: float


def take_addresses(work: Work, import_id: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Make a file of addresses the register; what only older files hold is forgotten."""
    made = (
        {
            "import_id": import_id,
            "code": one["id"],
            "cell": cell_of(one["latitude"], one["longitude"]),
            "latitude": one["latitude"],
            "longitude": one["longitude"],
            **{lang: one[f"address_{lang}"] for lang in ("kk", "ru", "en")},
        }
        for one in records
    )
    for some in _chunks(made):
        work.session.execute(insert(Address), some)
    kept = select(CityImport.id).where(CityImport.kind == KIND, CityImport.withdrawn_at.is_(None))
    newest = work.session.scalars(
        kept.order_by(CityImport.as_of.desc(), CityImport.entered_at.desc()).limit(KEPT)
    ).all()
    work.session.execute(delete(Address).where(Address.import_id.not_in([*newest, import_id])))


def undo_addresses(work: Work, import_id: str) -> None:
    """Forget the addresses of a file that was withdrawn."""
    work.session.execute(delete(Address).where(Address.import_id == import_id))


def nearest(work: Work, latitude: float, longitude: float) -> Near | None:
    """The nearest address within `NEAR_M`; None where the register holds none."""
    standing = standing_import(work)
    if standing is None:
        return None
    query = select(Address.id, Address.latitude, Address.longitude).where(
        Address.import_id == standing, Address.cell.in_(cells_around(latitude, longitude))
    )
    here, found = (latitude, longitude), work.session.execute(query).all()
    metres, best = min(((distance_m(here, (lat, lon)), id_) for id_, lat, lon in found), default=(math.inf, 0))
    if metres > NEAR_M:
        return None
    row = work.session.get_one(Address, best)
    return Near({"kk": row.kk, "ru": row.ru, "en": row.en}, metres)


def standing_import(work: Work) -> str | None:
    """The file whose addresses stand: the newest that was not withdrawn and is held."""
    held = select(Address.import_id).where(Address.import_id == CityImport.id).exists()
    query = select(CityImport.id).where(CityImport.kind == KIND, CityImport.withdrawn_at.is_(None), held)
    return work.session.scalar(query.order_by(CityImport.as_of.desc(), CityImport.entered_at.desc()).limit(1))


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterable[Sequence[dict[str, Any]]]:
    found: list[dict[str, Any]] = []
    for one in rows:
        found.append(one)
        if len(found) == CHUNK:
            yield found
            found = []
    if found:
        yield found
