"""Four attributes and the enforcement beside a signed case: a small table each, and when nothing more will happen.

Pure like `violations.case`: they say whether a change is allowed, and change nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from qyran.errors import AccessError, TransitionError
from qyran.roles import Actor, Role
from violations.case_parts import CaseState


class Attribute(StrEnum):
    """What runs beside a signed case."""

    REGISTRATION = "registration"
    DELIVERY = "delivery"
    PAYMENT = "payment"
    APPEAL = "appeal"
    ENFORCEMENT = "enforcement"


_CLERK: Final = frozenset({Role.SYSTEM, Role.SENIOR_OFFICER})
_PAID: Final = ("half", "full", "part", "overpaid", "late")

ATTRIBUTES: dict[Attribute, dict[str, tuple[str, ...]]] = {
    # One register number for ever; a refusal is repaired and sent again.
    Attribute.REGISTRATION: {
        "pending": ("sent",), "sent": ("registered", "refused"), "refused": ("sent",), "registered": (),
    },
    # An undeliverable notice goes out again by another channel or address.
    Attribute.DELIVERY: {
        "pending": ("notified",), "notified": ("delivered", "undeliverable"), "undeliverable": ("notified",),
        "delivered": (),
    },
    # The balance of what came in and went back, at any time, also after enforcement began: any value can follow any
    # other, since a payment assigned wrongly is taken back and an appeal changes the amount (violations.fine_account).
    Attribute.PAYMENT: {
        "due": (*_PAID, "none_due"),
        **{paid: ("due", *(other for other in _PAID if other != paid), "refunded", "none_due") for paid in _PAID},
        "refunded": ("due", *_PAID), "none_due": ("due", "overpaid"),
    },
    # A higher instance can be asked after every answer but a cancellation.
    Attribute.APPEAL: {
        "none": ("filed",), "filed": ("upheld", "changed", "cancelled"), "upheld": ("filed",), "changed": ("filed",),
        "cancelled": (),
    },
    Attribute.ENFORCEMENT: {
        "none": ("resolved",), "resolved": ("enforcement", "ended"), "enforcement": ("ended",), "ended": (),
    },
}  # fmt: skip

FIRST = {attribute: next(iter(table)) for attribute, table in ATTRIBUTES.items()}


def check_attribute(attribute: Attribute, source: str, target: str, actor: Actor, *, appeal: str = "none") -> None:
    """Whether an attribute may change; an appeal that runs stops enforcement.

    Raises:
        TransitionError: the table has no such change.
        AccessError: only the system and a senior officer write attributes.
    """
    if actor.acts_as(_CLERK) is None:
        raise AccessError(f"The {attribute} of a case is written by the system or a senior officer.")
    if target not in ATTRIBUTES[attribute].get(source, ()):
        raise TransitionError(f"The {attribute} of a case cannot go from {source} to {target}.")
    if attribute is Attribute.ENFORCEMENT and target != "ended" and appeal == "filed":
        raise TransitionError("Enforcement waits until the appeal is answered.")


def has_ended(state: CaseState, penalty_kind: str | None, attributes: dict[Attribute, str]) -> bool:
    """Whether nothing more will happen to a decided case, so that it can be closed and its retention starts."""
    if state in {CaseState.OFFICER_REJECTED, CaseState.NON_PAYABLE, CaseState.EXPIRED}:
        return True
    if attributes[Attribute.APPEAL] == "filed":
        return False
    if state is CaseState.CANCELLED:
        return attributes[Attribute.PAYMENT] not in _PAID  # what was paid is paid back first
    sent = attributes[Attribute.REGISTRATION] == "registered" and attributes[Attribute.DELIVERY] == "delivered"
    if attributes[Attribute.PAYMENT] == "overpaid":
        return False  # the rest is paid back first
    paid = attributes[Attribute.PAYMENT] in {"half", "full", "late"}
    return sent and (paid or penalty_kind == "warning" or attributes[Attribute.ENFORCEMENT] == "ended")
