"""Who may do what: roles checked in every use case, and the log of who looked at whose record."""

from __future__ import annotations

from typing import Final

from qyran.errors import AccessError
from qyran.roles import OFFICERS, Actor, Role
from service.store.database import Work
from service.store.tables import AccessLog

CASE_READERS = OFFICERS | {Role.AUDITOR, Role.DATA_PROTECTION_OFFICER}
QUEUE_READERS = CASE_READERS | {Role.CAMERA_OPERATOR}
ALERT_READERS = frozenset({Role.SITUATIONAL_OPERATOR, Role.SERVICE_DISPATCHER, Role.AUDITOR})
KPI_READERS = frozenset({Role.EVALUATOR, Role.AUDITOR, Role.SENIOR_OFFICER})
CAMERA_READERS = frozenset({Role.CAMERA_OPERATOR, Role.SITUATIONAL_OPERATOR, Role.ADMINISTRATOR, Role.AUDITOR})
STILL_READERS = frozenset({Role.CAMERA_OPERATOR, Role.SYSTEM})
"""A live picture shows people and plates: an administrator draws scenes without it."""
CAMERA_WRITERS = frozenset({Role.CAMERA_OPERATOR, Role.ADMINISTRATOR, Role.SYSTEM})

PURPOSES: Final = {
    Role.CAMERA_OPERATOR: "screening",
    Role.POLICE_OFFICER: "case_work",
    Role.SENIOR_OFFICER: "case_work",
    Role.SITUATIONAL_OPERATOR: "alarm_work",
    Role.SERVICE_DISPATCHER: "alarm_work",
    Role.EVALUATOR: "evaluation",
    Role.ADMINISTRATOR: "administration",
    Role.AUDITOR: "audit",
    Role.DATA_PROTECTION_OFFICER: "protection",
    Role.CENTRE: "exchange",
    Role.SYSTEM: "automatic",
}
"""What a role looks at records for, where no other reason is given."""


def require(actor: Actor, roles: frozenset[Role]) -> Role:
    """The role of `roles` the actor acts in.

    Raises:
        AccessError: the actor holds none of them.
    """
    role = actor.acts_as(roles)
    if role is None:
        raise AccessError(f"This needs one of these roles: {', '.join(sorted(roles))}.")
    return role


def log_access(
    work: Work, role: Role, action: str, record: str, *, reason: str | None = None, territory: str | None = None
) -> None:
    """Note that the actor looked at a record.

    Args:
        work: the unit of work.
        role: the role the actor acts in.
        action: what was done, a code.
        record: which record; never a plate, a name or a number of a person.
        reason: what for, a code; None gives the purpose the role has by itself.
        territory: of the record, where it has one.
    """
    work.session.add(
        AccessLog(
            at=work.now,
            actor=work.actor.id,
            role=role.value,
            action=action,
            record=record,
            reason=reason or PURPOSES.get(role),
            territory=territory,
        )
    )
