"""The attributes beside a signed case: registration, delivery, payment, appeal, enforcement."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from qyran.errors import InputError, NotFound, TransitionError
from qyran.roles import Role
from service import law
from service.ports.erap import Answer, Erap, Parcel
from service.records import load
from service.store.database import Store, Work
from service.store.events import append_event
from service.store.tables import Decision, ViolationCase
from violations.case import FIRST, Attribute, CaseState, check_attribute

log = logging.getLogger(__name__)

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


def send_signed(store: Store, erap: Erap) -> int:
    """Hand every signed decision that waits to the register; how many."""
    with store.read() as work:
        query = ViolationCase.state == CaseState.SIGNED, ViolationCase.registration.in_(("pending", "refused"))
        waiting = [row.id for row in work.session.query(ViolationCase).filter(*query)]
    for case_id in waiting:
        with store.write() as work:
            row = load(work, ViolationCase, case_id)
            decision = work.session.get_one(Decision, case_id)
            erap.send(
                Parcel(
                    case_id=case_id,
                    document_no=decision.document_no,
                    document_sha256=decision.sha256,
                    document=decision.file,
                    package_sha256=decision.package_sha256,
                    signed_at=decision.signed_at,
                )
            )
            change(work, row, Attribute.REGISTRATION, "sent", data={"to": erap.name})
    return len(waiting)


def take_answers(store: Store, erap: Erap) -> int:
    """Store what the register answered; how many answers changed something."""
    changed = 0
    for name, answer in erap.answers():
        try:
            with store.write() as work:
                changed += _take(work, erap, answer)
        except (InputError, NotFound, TransitionError) as error:
            log.warning("An answer of %s was put aside: %s", erap.name, error)
            erap.refused(name)
        else:
            erap.seen(name)
    return changed


def _take(work: Work, erap: Erap, answer: Answer) -> bool:
    row = load(work, ViolationCase, answer.case_id)
    registering = answer.kind in {"registered", "refused"}
    attribute = Attribute.REGISTRATION if registering else Attribute.DELIVERY
    if getattr(row, attribute) == answer.kind:
        return False  # told twice
    if row.t_signed is None or answer.time < row.t_signed:
        raise InputError(f"{erap.name} answered for the case {row.id} before it was signed.")
    given = answer.model_dump(include={"number", "channel", "reason"}, exclude_none=True)
    change(work, row, attribute, answer.kind, at=answer.time, data={"from": erap.name, **given})
    return True
