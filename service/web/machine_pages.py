"""Machines that watch cameras: which watches what, and who is silent."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from service.cluster.overview import overview
from service.web.rendering import page
from service.web.visit import Person

router = APIRouter(include_in_schema=False)
PATH: Final = "/machines"


@router.get(PATH)
def machines(visit: Person) -> Response:
    """All of them."""
    with visit.store.read(visit.actor) as work:
        found = overview(work)
    return page(visit, "machines.html", found=found)
