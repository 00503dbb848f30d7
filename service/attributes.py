"""The attributes beside a signed case: registration, delivery, payment, appeal, enforcement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from qyran.errors import TransitionError
from qyran.roles import Role
from service import law
from service.store.database import Work
from service.store.events import append_event
from service.store.tables import ViolationCase
from violations.case import FIRST, Attribute, check_attribute

CLERKS = frozenset({Role.SYSTEM, Role.SENIOR_OFFICER})


def begin(row: ViolationCase) -> None:
    """A case was signed: every attribute starts in its first state."""
    for attribute, value in FIRST.items():
        setattr(row, attribute, value)
    if row.penalty_kind == "warning":
        row.payment = "none_due"


def change(
    work: Work,
    row: ViolationCase,
    attribute: Attribute,
    target: str,
    *,
    at: datetime | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Move one attribute, append the event, set its times.

    Args:
        work: the unit of work.
        row: a signed case.
        attribute: which.
        target: the new value.
        at: the moment it happened outside; None means now.
        data: public facts (a number, a channel).

    Raises:
        TransitionError: the attribute's table does not allow it.
        AccessError: the actor writes no attributes.
    """
    source = getattr(row, attribute)
    if source is None:
        raise TransitionError("A case has these attributes once it is signed.")
    check_attribute(attribute, source, target, work.actor, appeal=row.appeal or "none")
    moment = at or work.now
    role = work.actor.acts_as(CLERKS) or Role.SYSTEM
    facts = {"at": moment.isoformat(), **(data or {})}
    append_event(work, row, attribute.value, role, target=target, data=facts)
    setattr(row, attribute, target)
    if target == "registered":
        row.t_registered, row.register_no = moment, facts.get("number")
    elif target == "notified":
        row.t_first_notification_sent = row.t_first_notification_sent or moment
        row.delivery_channel = facts.get("channel")
    elif target == "delivered":
        row.t_delivered = moment
        if row.payment == "due":
            row.payment_term_ends = law.payment_term_ends(work.store, moment)
    elif attribute is Attribute.PAYMENT:
        row.t_payment = moment
