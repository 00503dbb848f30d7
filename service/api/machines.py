"""Which machine watches which camera."""

from __future__ import annotations

from fastapi import APIRouter

from service.api.deps import DeskOf
from service.cluster.overview import Overview, overview

router = APIRouter(prefix="/machines", tags=["machines that watch"])


@router.get("", summary="Machines that watch cameras under leases, and which watches what")
def machines(desk: DeskOf) -> Overview:
    """As the store knows it now; a cluster's own view is `qyran cluster status`."""
    with desk.read() as work:
        return overview(work)
