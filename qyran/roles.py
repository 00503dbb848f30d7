"""Who acts: the roles every life cycle names, and the actor who holds them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A role a person can be given, or one of a machine's: the detector, a feed of others, the system."""

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
    SYSTEM = "system"


MACHINE_ROLES = frozenset({Role.DETECTOR, Role.FEED, Role.SYSTEM})
PERSON_ROLES = frozenset(Role) - MACHINE_ROLES
OFFICERS = frozenset({Role.POLICE_OFFICER, Role.SENIOR_OFFICER})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who takes a step.

    Attributes:
        id: the user's id, or the name of the machine's part.
        roles: what the actor may act as.
        territories: districts a police officer decides in; empty means the whole city.
        service: 101, 102, 103 or 112 for a service dispatcher.
    """

    id: str
    roles: frozenset[Role]
    territories: frozenset[str] = frozenset()
    service: str | None = None

    def acts_as(self, roles: frozenset[Role]) -> Role | None:
        """The role of `roles` this actor holds, the first by name, or None."""
        held = sorted(self.roles & roles)
        return held[0] if held else None


SYSTEM = Actor("system", frozenset({Role.SYSTEM}))
DETECTOR = Actor("detector", frozenset({Role.DETECTOR}))
