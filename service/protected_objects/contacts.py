"""Whom to call at an object: shown while an alert at it is open, to the system that tells them, and never unlogged."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlalchemy import select

from incidents.alert import OPEN
from qyran.errors import AccessError
from qyran.roles import Actor, Role
from service.access import log_access, require
from service.protected_objects import sealed
from service.protected_objects.model import Contact
from service.protected_objects.register import READERS, load
from service.store.alert_tables import Alert
from service.store.database import Work

ALWAYS: Final = frozenset({Role.ADMINISTRATOR, Role.AUDITOR, Role.SYSTEM})
"""Who sees contacts though nothing burns: who keeps them, who watches over all, and the machine that sends."""
IN_NEED: Final = frozenset({Role.SITUATIONAL_OPERATOR, Role.SERVICE_DISPATCHER})
"""Who sees them while an alert at the object is open."""
SEERS: Final = READERS | IN_NEED


def contacts(work: Work, object_id: str, actor: Actor | None = None) -> tuple[Contact, ...]:
    """The staff of an object; the look is logged.

    Args:
        work: the unit of work; one that writes.
        object_id: of the object.
        actor: who asks; None takes who works.

    Raises:
        NotFound: there is no such object.
        AccessError: the actor sees no contacts, or none now.
    """
    who = actor or work.actor
    role = require(who, SEERS)
    row = load(work, object_id)
    if not may_see(work, object_id, who):
        raise AccessError("Contacts of an object are shown while an alert at it is open.")
    log_access(replace(work, actor=who), role, "object_contacts_seen", object_id)
    return sealed.contacts_of(work, row.version_id)


def may_see(work: Work, object_id: str, actor: Actor) -> bool:
    """Whether somebody sees an object's contacts now."""
    if actor.acts_as(ALWAYS) is not None:
        return True
    return actor.acts_as(IN_NEED) is not None and bool(open_alerts(work, object_id, actor))


def open_alerts(work: Work, object_id: str, actor: Actor) -> tuple[Alert, ...]:
    """Open alerts at an object that somebody may see: a dispatcher those that his service was sent to."""
    query = select(Alert).where(Alert.object_id == object_id, Alert.state.in_(OPEN)).order_by(Alert.t_detect.desc())
    found = work.session.scalars(query).all()
    if actor.acts_as(SEERS - {Role.SERVICE_DISPATCHER}) is not None:
        return tuple(found)
    return tuple(one for one in found if actor.service in one.services)
