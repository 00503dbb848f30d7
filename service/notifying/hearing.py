"""Which receiver hears which step of which alert; pure."""

from __future__ import annotations

from typing import Final

from incidents.alert import AlertState
from incidents.cap.message import Certainty, Severity
from service.notifying.facts import AlertFacts
from service.notifying.routing import Receiver

STEPS: Final[dict[AlertState, str]] = {
    AlertState.NOTIFIED: "raised",
    AlertState.REOPENED: "reopened",
    AlertState.ACKNOWLEDGED: "acknowledged",
    AlertState.VERIFYING: "verifying",
    AlertState.CONFIRMED: "confirmed",
    AlertState.UNDETERMINED: "undetermined",
    AlertState.FALSE: "false",
    AlertState.CANCELLED: "cancelled",
    AlertState.MERGED: "merged",
    AlertState.SUPPRESSED: "suppressed",
    AlertState.DISPATCHED: "dispatched",
    AlertState.DEPARTED: "departed",
    AlertState.ARRIVED: "arrived",
    AlertState.RESOLVED: "resolved",
    AlertState.CLOSED: "closed",
}
"""What the change to a state is called; a candidate is told to nobody."""
WITHDRAWN: Final = frozenset({"false", "cancelled", "merged", "suppressed"})
ENDED: Final = frozenset({"resolved", "closed"})
MATERIAL: Final = frozenset(
    {"raised", "reopened", "confirmed", "undetermined", "dispatched", "departed", "arrived", "resolved", "updated",
     "escalated"}
)  # fmt: skip
"""Steps that change what a crew does; that an operator looks is not among them."""
FIRST: Final[dict[str, str]] = {
    "raised": "raised",
    "reopened": "raised",
    "updated": "raised",  # a sensor agrees, the place is known: now it may be of his certainty or territory
    "escalated": "raised",
    "confirmed": "confirmed",
    "undetermined": "undetermined",
    "dispatched": "dispatched",
}
"""By step: what has to be among a receiver's steps for a first message about an alert."""
SEVERITIES: Final = (Severity.UNKNOWN, Severity.MINOR, Severity.MODERATE, Severity.SEVERE, Severity.EXTREME)
CERTAINTIES: Final = (
    Certainty.UNKNOWN, Certainty.UNLIKELY, Certainty.POSSIBLE, Certainty.LIKELY, Certainty.OBSERVED,
)  # fmt: skip


def hears(receiver: Receiver, facts: AlertFacts, step: str, service: str | None = None, *, told: bool) -> bool:
    """Whether a receiver is told.

    Args:
        receiver: who.
        facts: the alert now.
        step: what happened.
        service: the service that was sent out, for `dispatched`; who is told next, for `escalated`.
        told: whether it was told of this alert before.
    """
    if facts.is_drill and not receiver.drills:
        return False
    if step == "escalated" and service is not None and service in {receiver.service, receiver.id}:
        return True  # the ladder names him: whatever else he hears
    if told:
        return _hears_more(receiver, step)
    if step == "dispatched" and receiver.service is not None:
        # The operator sends this service: of what kind the alert is, he has seen himself.
        return "dispatched" in receiver.steps and service == receiver.service and _of_its_place(receiver, facts)
    wanted = FIRST.get(step)
    if wanted is None and "every" in receiver.steps and step not in WITHDRAWN | ENDED:
        wanted = "every"
    return (wanted in receiver.steps or "every" in receiver.steps) and wanted is not None and _fits(receiver, facts)


def _hears_more(receiver: Receiver, step: str) -> bool:
    """Whoever was told of an alert is told that there is none."""
    if step in WITHDRAWN:
        return True
    if "every" in receiver.steps or ("updates" in receiver.steps and step in MATERIAL):
        return True
    if step in ENDED:
        return "ended" in receiver.steps
    return step in receiver.steps


def _fits(receiver: Receiver, facts: AlertFacts) -> bool:
    return (
        (not receiver.kinds or facts.kind in receiver.kinds)
        and _reaches(SEVERITIES, facts.severity, receiver.least_severity)
        and _reaches(CERTAINTIES, facts.certainty, receiver.least_certainty)
        and _of_its_place(receiver, facts)
    )


def _of_its_place(receiver: Receiver, facts: AlertFacts) -> bool:
    return (not receiver.territories or facts.territory in receiver.territories) and (
        not receiver.objects or facts.object_id in receiver.objects
    )


def _reaches(order: tuple[str, ...], value: str, least: str | None) -> bool:
    return least is None or (value in order and order.index(value) >= order.index(least))
