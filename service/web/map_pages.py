"""What the map of alarms fetches beside its data: the signs of kinds, and tiles of the city's own map file."""

from __future__ import annotations

from functools import cache
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from qyran.errors import NotFound
from service.access import ALERT_READERS, require
from service.places.tiles import tile
from service.web.rendering import drawings
from service.web.visit import Person

router = APIRouter(prefix="/map", include_in_schema=False)

A_DAY: Final = "private, max-age=86400"
SVG: Final = "image/svg+xml"


@router.get("/symbols.svg")
def symbols(visit: Person) -> Response:
    """The pages' icons as symbols, by name."""
    require(visit.actor, ALERT_READERS)
    return Response(_sprite(), media_type=SVG, headers={"cache-control": A_DAY})


@router.get("/tiles/{z}/{x}/{y}")
def tiles(visit: Person, z: int, x: int, y: int) -> Response:
    """One tile."""
    require(visit.actor, ALERT_READERS)
    path = visit.store.settings.map_file
    if path is None:
        raise NotFound("This installation has no map file (QYRAN_MAP_FILE).")
    found = tile(path, z, x, y)
    headers = {"cache-control": A_DAY} | ({"content-encoding": "gzip"} if found.gzipped else {})
    return Response(found.data, media_type=found.media_type, headers=headers)


@cache
def _sprite() -> str:
    parts = "".join(f'<symbol id="{name}" viewBox="0 0 24 24">{drawn}</symbol>' for name, drawn in drawings().items())
    return f'<svg xmlns="http://www.w3.org/2000/svg">{parts}</svg>'
