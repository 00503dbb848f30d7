"""Confirmed cases with real evidence, ready to be signed; one package serves many of them."""

from __future__ import annotations

from sqlalchemy import select

from qyran.roles import DETECTOR, Actor, Role
from service.evidence_copies import masked_pictures
from service.store.events import STATE, append_event
from service.store.tables import Evidence
from tests.service.sent import new_case
from tests.service.world import World


def a_confirmed(world: World, officer: Actor, package: Evidence | None = None) -> str:
    """A case that an officer confirmed; the first makes its package, others share it."""
    shared = package or _package(world)
    with world.store.write(DETECTOR) as work:
        row = new_case(work)
        append_event(
            work, row, STATE, Role.POLICE_OFFICER, target="officer_confirmed", payload={"plate_read": "123ABC02"}
        )
        row.decided_by, row.verdict, row.t_officer_decision, row.score = officer.id, "true", work.now, 0.9
        kept = {one.name: getattr(shared, one.name) for one in Evidence.__table__.columns}
        work.session.add(Evidence(**{**kept, "event_id": row.id, "record": row.id}))
        return row.id


def _package(world: World) -> Evidence:
    with world.store.read() as work:
        found = work.session.scalar(select(Evidence).limit(1))
    if found is not None:
        return found
    world.case()
    with world.store.read() as work:
        package = work.session.scalars(select(Evidence)).one()
    masked_pictures(world.store, package)  # once, before several cases rest on it at once
    return package
