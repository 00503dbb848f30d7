"""The map of alerts as GeoJSON."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from service.api.deps import DeskOf
from service.i18n import Language
from service.places.features import LAYERS, Layer, collection

router = APIRouter(prefix="/alerts", tags=["alerts"])


class GeoJson(JSONResponse):
    """A collection of features (RFC 7946)."""

    media_type = "application/geo+json"


@router.get("/map", summary="What the map shows", response_class=GeoJson)
def features(
    desk: DeskOf,
    layer: Annotated[list[Layer] | None, Query(description="Only these; all where none is named.")] = None,
    also: Annotated[UUID | None, Query(description="An alert to show though it is closed or merged.")] = None,
    lang: Annotated[Language | None, Query(description="Of the words; the reader's own where not given.")] = None,
) -> GeoJson:
    """GeoJSON of what the reader may see: alerts with where they can be, cameras, protected objects, roads.

    A dispatcher sees his service's alerts and the roads. A look at protected objects is logged.
    """
    asked = layer or LAYERS
    words, shown = lang or desk.login.user.language, None if also is None else str(also)
    if "objects" in asked:
        with desk.write() as work:
            found: dict[str, Any] = collection(work, asked, words, also=shown)
    else:
        with desk.read() as work:
            found = collection(work, asked, words, also=shown)
    return GeoJson(found)
