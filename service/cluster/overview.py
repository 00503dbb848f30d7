"""Which machine watches which camera, for people: who is silent, who follows, and what was refused from whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel
from sqlalchemy import func, select

from qyran.roles import Role
from service.access import require
from service.cluster.leases import store_now
from service.store.database import Work
from service.store.lease_tables import CameraLease, LeaseHolder, LeaseRefusal

READERS: Final = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
FORGOTTEN: Final = timedelta(days=7)
"""A machine that holds nothing and was silent for so long is shown no more."""


class MachineView(BaseModel):
    """A machine.

    Attributes:
        name: of the machine.
        version: of its program.
        heard_at: when it was last heard.
        silent: whether its leases have run out.
        cameras: how many it holds.
        ahead_s: how far its clock is ahead of the service's, seconds.
    """

    name: str
    version: str
    heard_at: datetime
    silent: bool
    cameras: int
    ahead_s: float


class CameraStanding(BaseModel):
    """Who watches a camera.

    Attributes:
        camera: its id.
        machine: who holds it; None where its machine let go of it.
        epoch: how many terms there were.
        since: when this one began.
        heir: who makes ready to follow.
        silent: whether its machine is.
        refused: events that were refused in all its terms, because their machine did not hold the camera any more.
    """

    camera: str
    machine: str | None
    epoch: int
    since: datetime
    heir: str | None
    silent: bool
    refused: int


class Overview(BaseModel):
    """All machines and cameras that are or were watched under leases."""

    machines: tuple[MachineView, ...]
    cameras: tuple[CameraStanding, ...]


def overview(work: Work) -> Overview:
    """How it is now.

    Raises:
        AccessError: the actor keeps no machines.
    """
    require(work.actor, READERS)
    now = store_now(work)
    leases = list(
        work.session.scalars(select(CameraLease).where(CameraLease.ended.is_(None)).order_by(CameraLease.camera_id))
    )
    count = {row.holder: 0 for row in leases}
    for row in leases:
        count[row.holder] += not row.released
    holders = list(work.session.scalars(select(LeaseHolder).order_by(LeaseHolder.name)))
    silent = {row.name: row.until <= now for row in holders}
    refused = dict(
        work.session.execute(
            select(LeaseRefusal.camera_id, func.sum(LeaseRefusal.events)).group_by(LeaseRefusal.camera_id)
        ).all()
    )
    machines = tuple(
        MachineView(
            name=row.name, version=row.version, heard_at=row.heard_at, silent=silent[row.name],
            cameras=count.get(row.name, 0), ahead_s=round(row.ahead_s, 3),
        )
        for row in holders
        if count.get(row.name) or row.heard_at > now - FORGOTTEN
    )  # fmt: skip
    cameras = tuple(
        CameraStanding(
            camera=row.camera_id, machine=None if row.released else row.holder, epoch=row.epoch, since=row.since,
            heir=row.heir, silent=silent.get(row.holder, True), refused=int(refused.get(row.camera_id, 0)),
        )
        for row in leases
    )  # fmt: skip
    return Overview(machines=machines, cameras=cameras)
