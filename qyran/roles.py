"""Who acts: the roles every life cycle names, the actor who holds them, and what is denied to him."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A role a person can be given, or one of a machine's: the detector, a feed of others, the centre, the system."""

    CAMERA_OPERATOR = "camera_operator"
    POLICE_OFFICER = "police_officer"
    SENIOR_OFFICER = "senior_officer"
    SITUATIONAL_OPERATOR = "situational_operator"
    SERVICE_DISPATCHER = "service_dispatcher"
    EVALUATOR = "evaluator"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    DETECTOR = "detector"
    FEED = "feed"
    CENTRE = "centre"
    SYSTEM = "system"


MACHINE_ROLES = frozenset({Role.DETECTOR, Role.FEED, Role.CENTRE, Role.SYSTEM})
PERSON_ROLES = frozenset(Role) - MACHINE_ROLES
OFFICERS = frozenset({Role.POLICE_OFFICER, Role.SENIOR_OFFICER})
ALONE = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
"""Roles that go with no other: who gives rights uses none of them, who watches over others does not act."""


@dataclass(frozen=True, slots=True)
class Denied:
    """What an actor may not see or do, whatever his roles and territories grant.

    Attributes:
        functions: of `service.doors.FUNCTIONS`.
        territories: codes.
        vehicles: keyed tokens of plates: his own car, that of his family, one somebody asked to keep from him.
    """

    functions: frozenset[str] = frozenset()
    territories: frozenset[str] = frozenset()
    vehicles: frozenset[str] = frozenset()


NOTHING_DENIED = Denied()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who takes a step.

    Attributes:
        id: the user's id, or the name of the machine's part.
        roles: what the actor may act as.
        territories: districts a police officer decides in; empty means the whole city.
        service: 101, 102, 103 or 112 for a service dispatcher.
        denied: what is kept from the actor all the same.
    """

    id: str
    roles: frozenset[Role]
    territories: frozenset[str] = frozenset()
    service: str | None = None
    denied: Denied = NOTHING_DENIED

    def acts_as(self, roles: frozenset[Role]) -> Role | None:
        """The role of `roles` this actor holds, the first by name, or None."""
        held = sorted(self.roles & roles)
        return held[0] if held else None

    def sees(self, territory: str | None) -> bool:
        """Whether what happened in a territory is the actor's to see; a denial beats every grant."""
        if territory is None:
            return True
        return territory not in self.denied.territories and (not self.territories or territory in self.territories)


def conflict(roles: Iterable[Role]) -> str | None:
    """Why one person cannot hold these roles together, or None."""
    given = frozenset(roles)
    if not given or given & MACHINE_ROLES:
        return "A user needs one or more of the roles that people have."
    if Role.ADMINISTRATOR in given and given & OFFICERS:
        return "One person cannot be administrator and officer."
    for role in sorted(given & ALONE):
        if len(given) > 1:
            return f"The role {role} goes with no other; give the person a user of his own for it."
    return None


SYSTEM = Actor("system", frozenset({Role.SYSTEM}))
DETECTOR = Actor("detector", frozenset({Role.DETECTOR}))
