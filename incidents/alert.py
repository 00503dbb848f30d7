"""The life of an alert, for road and public-space incidents and for smoke and fire.

One table: who may move an alert where, and which time each step sets. Pure functions; nothing is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qyran.errors import AccessError, TransitionError
from qyran.roles import Actor, Role


class AlertState(StrEnum):
    """Where an alert stands."""

    CANDIDATE = "candidate"
    RAISED = "raised"
    NOTIFIED = "notified"
    ACKNOWLEDGED = "acknowledged"
    VERIFYING = "verifying"
    CONFIRMED = "confirmed"
    FALSE = "false"
    UNDETERMINED = "undetermined"
    DISPATCHED = "dispatched"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    RESOLVED = "resolved"
    CLOSED = "closed"
    MERGED = "merged"
    SUPPRESSED = "suppressed"
    TEST = "test"
    CANCELLED = "cancelled"
    REOPENED = "reopened"


class Verdict(StrEnum):
    """What a person found the alert to be."""

    TRUE = "true"
    FALSE = "false"
    UNDETERMINED = "undetermined"


SERVICES = ("101", "102", "103", "112")
"""Fire, police, ambulance, the single emergency number."""


@dataclass(frozen=True, slots=True)
class AlertView:
    """What the conditions look at.

    Attributes:
        state: None before the alert exists.
        verdict: what a person found, if anybody looked.
        services: which services it was sent to since it was raised or reopened.
        told: services that the system told of it by itself.
    """

    state: AlertState | None
    verdict: Verdict | None = None
    services: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertStep:
    """A step somebody wants to take.

    Attributes:
        target: the state wanted.
        reason: reason code where the table asks for one.
        service: the service sent out, for `dispatched`.
    """

    target: AlertState
    reason: str | None = None
    service: str | None = None


REASONS: dict[str, tuple[str, ...]] = {
    "suppress": ("maintenance", "known_works", "second_look"),
    "cancel": ("drill_announced", "operator_mistake", "camera_serviced"),
    "false": ("shadow_or_light", "weather", "reflection", "steam_or_dust", "lawful_stop", "no_event", "camera_fault",
              "other_object"),
    "part": ("another_happening", "another_place", "operator_mistake"),
    "correct": ("new_information", "operator_mistake"),
    "close": ("handled", "ended_by_itself", "not_confirmed", "passed_on", "drill", "duplicate"),
}  # fmt: skip
"""Reason codes by step; the words stand in `incidents/texts` under `[reason]`."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table; `name` is the step's name and the key into `REASONS`."""

    name: str
    sources: tuple[AlertState | None, ...]
    target: AlertState
    roles: frozenset[Role]


_S = AlertState
_FIRST = frozenset({Role.DETECTOR, Role.SITUATIONAL_OPERATOR})
_SYSTEM = frozenset({Role.SYSTEM})
_OPERATOR = frozenset({Role.SITUATIONAL_OPERATOR})
_PEOPLE = frozenset({Role.SITUATIONAL_OPERATOR, Role.SERVICE_DISPATCHER})
_CREW = _PEOPLE | {Role.FEED}
SERVICE_ROLES = frozenset({Role.SERVICE_DISPATCHER, Role.FEED})
"""A service's dispatcher and its machine: both act for their own service only."""

TRANSITIONS: tuple[Transition, ...] = (
    # A person who sees something on the wall, or takes a call, raises an alert as a camera does.
    Transition("detect", (None,), _S.CANDIDATE, _FIRST),
    Transition("raise", (_S.CANDIDATE,), _S.RAISED, _SYSTEM),
    Transition("merge", (_S.CANDIDATE,), _S.MERGED, _SYSTEM),
    # Two alerts that only a person knows to be one; a crew that was sent to one would be lost with it.
    Transition("join", (_S.RAISED, _S.NOTIFIED, _S.REOPENED, _S.ACKNOWLEDGED, _S.VERIFYING, _S.CONFIRMED,
                        _S.UNDETERMINED), _S.MERGED, _OPERATOR),
    Transition("part", (_S.MERGED,), _S.RAISED, _OPERATOR),
    # Held back by announced works, or because a second look saw nothing; a person may let it through all the same.
    Transition("suppress", (_S.CANDIDATE,), _S.SUPPRESSED, _SYSTEM),
    Transition("raise", (_S.SUPPRESSED,), _S.RAISED, _OPERATOR),
    Transition("test", (_S.CANDIDATE,), _S.TEST, _SYSTEM),
    Transition("notify", (_S.RAISED, _S.REOPENED), _S.NOTIFIED, _SYSTEM),
    # A channel may fail while the operator already sees the alert in the list: he is not made to wait for it.
    Transition("acknowledge", (_S.RAISED, _S.NOTIFIED, _S.REOPENED), _S.ACKNOWLEDGED, _CREW),
    Transition("verify", (_S.ACKNOWLEDGED,), _S.VERIFYING, _OPERATOR),
    # New information can turn any verdict before the alert is closed.
    Transition("correct", (_S.CONFIRMED, _S.FALSE, _S.UNDETERMINED), _S.VERIFYING, _OPERATOR),
    Transition("true", (_S.VERIFYING,), _S.CONFIRMED, _OPERATOR),
    Transition("false", (_S.VERIFYING,), _S.FALSE, _OPERATOR),
    # A crew that finds nothing on the spot says so; otherwise a false alarm would be counted as true.
    Transition("false", (_S.DISPATCHED, _S.DEPARTED, _S.ARRIVED), _S.FALSE, _PEOPLE),
    # A crew sent to an undetermined alert says what it found; who sees it on the picture meanwhile may say so too.
    Transition("true", (_S.DISPATCHED, _S.DEPARTED, _S.ARRIVED), _S.CONFIRMED, _PEOPLE),
    Transition("undetermined", (_S.VERIFYING,), _S.UNDETERMINED, _OPERATOR),
    # Smoke nobody can judge from the picture is worth a crew: the verdict then comes from the spot.
    # A second service is sent while the first is under way.
    Transition("dispatch", (_S.CONFIRMED, _S.UNDETERMINED, _S.DISPATCHED, _S.DEPARTED, _S.ARRIVED), _S.DISPATCHED,
               _OPERATOR),
    # A service that was told by the system goes out without waiting for an operator.
    Transition("go_out", (_S.RAISED, _S.NOTIFIED, _S.REOPENED, _S.ACKNOWLEDGED, _S.VERIFYING), _S.DISPATCHED,
               SERVICE_ROLES),
    # Confirmed meanwhile from the picture, a crew still leaves and arrives.
    Transition("depart", (_S.DISPATCHED, _S.CONFIRMED), _S.DEPARTED, _CREW),
    # A patrol near by arrives without a separate departure.
    Transition("arrive", (_S.DISPATCHED, _S.DEPARTED, _S.CONFIRMED), _S.ARRIVED, _CREW),
    # A confirmed congestion or a driver who turned back ends without a crew, and a crew may be called off.
    Transition("resolve", (_S.CONFIRMED, _S.DISPATCHED, _S.DEPARTED, _S.ARRIVED), _S.RESOLVED, _CREW),
    Transition("cancel", (_S.RAISED, _S.NOTIFIED, _S.ACKNOWLEDGED, _S.VERIFYING), _S.CANCELLED, _OPERATOR),
    Transition("close", (_S.RESOLVED, _S.FALSE, _S.UNDETERMINED, _S.CANCELLED), _S.CLOSED, _OPERATOR),
    Transition("close", (_S.MERGED, _S.TEST), _S.CLOSED, _SYSTEM | _OPERATOR),
    Transition("reopen", (_S.CLOSED, _S.RESOLVED), _S.REOPENED, _SYSTEM | _OPERATOR),
)  # fmt: skip

TIMES: dict[AlertState, str] = {
    _S.CANDIDATE: "t_detect",
    _S.RAISED: "t_raised",
    _S.NOTIFIED: "t_notify_sent",
    _S.ACKNOWLEDGED: "t_ack",
    _S.VERIFYING: "t_verify_start",
    _S.CONFIRMED: "t_verdict",
    _S.FALSE: "t_verdict",
    _S.UNDETERMINED: "t_verdict",
    _S.DISPATCHED: "t_dispatch",
    _S.DEPARTED: "t_depart",
    _S.ARRIVED: "t_arrive",
    _S.RESOLVED: "t_control",
    _S.CLOSED: "t_closed",
}
"""The time each state sets. The first one stands, except for a verdict and a closing, where the last one does."""

LAST_STANDS = frozenset({"t_verdict", "t_closed"})

VERDICTS: dict[AlertState, Verdict] = {
    _S.CONFIRMED: Verdict.TRUE,
    _S.FALSE: Verdict.FALSE,
    _S.UNDETERMINED: Verdict.UNDETERMINED,
}

WAITING = frozenset({_S.RAISED, _S.NOTIFIED, _S.REOPENED})
"""Nobody has answered yet."""
UNDER_WAY = frozenset({_S.DISPATCHED, _S.DEPARTED, _S.ARRIVED})

OPEN = frozenset(_S) - {_S.CLOSED, _S.MERGED, _S.SUPPRESSED, _S.TEST, _S.CANCELLED}
"""States in which somebody still has something to do."""


def find(source: AlertState | None, target: AlertState) -> Transition:
    """The row from one state to another.

    Raises:
        TransitionError: there is none.
    """
    for row in TRANSITIONS:
        if source in row.sources and row.target is target:
            return row
    raise TransitionError(f"An alert that is {source or 'new'} cannot become {target}.")


def check(alert: AlertView, step: AlertStep, actor: Actor) -> Transition:
    """The row of the table this step follows; nothing is changed.

    Raises:
        TransitionError: the state, the reason code or the service forbids it.
        AccessError: none of the actor's roles may take it, or the alert is not his service's.
    """
    row = find(alert.state, step.target)
    role = actor.acts_as(row.roles)
    if role is None:
        raise AccessError(f"The step {row.name} needs one of these roles: {', '.join(sorted(row.roles))}.")
    if actor.acts_as(row.roles - SERVICE_ROLES) is None and actor.service not in (*alert.services, *alert.told):
        raise AccessError("A dispatcher acts on the alerts sent to his own service.")
    codes = REASONS.get(row.name)
    if codes is not None and step.reason not in codes:
        raise TransitionError(f"The step {row.name} needs a reason code: {', '.join(codes)}.")
    _conditions(row, alert, step, actor)
    return row


def _conditions(row: Transition, alert: AlertView, step: AlertStep, actor: Actor) -> None:
    if row.name == "go_out" and step.service != actor.service:
        raise AccessError("A service goes out by its own decision only.")
    if row.name in {"depart", "arrive"} and not alert.services:
        raise TransitionError("No service was sent to this alert.")
    if row.name == "join" and alert.services:
        raise TransitionError("An alert to which a service was sent is not joined to another.")
    if step.target is _S.DISPATCHED:
        if step.service not in SERVICES:
            raise TransitionError(f"A dispatch names its service: {', '.join(SERVICES)}.")
        if step.service in alert.services:
            raise TransitionError(f"The service {step.service} was sent already.")
    if step.target is _S.RESOLVED and alert.verdict is not Verdict.TRUE:
        raise TransitionError("An alert is resolved after somebody found it true.")
