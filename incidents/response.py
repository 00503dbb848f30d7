"""What one service does about an alert: told, call received, departed, arrived, finished.

The state is what the times say, so reports may come late, twice or out of order: each fills in its own time. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final, Literal

from qyran.errors import InputError

Clock = Literal["device", "server", "external", "typed"]
"""Whose clock a time is of: the camera's or sensor's, ours, the service's own system, a person's watch."""
TRUST: Final[dict[Clock, int]] = {"device": 0, "server": 0, "typed": 1, "external": 2}
"""A time by a better source replaces one by a worse: the service's own journal knows best when its crew left."""
AHEAD: Final = timedelta(minutes=2)
"""Others' clocks may be ahead of ours by so much; NTP keeps them far closer, hand-set ones do not."""
OLDEST: Final = timedelta(hours=24)
"""A call from longer before the alert is another call."""


class ResponseState(StrEnum):
    """Where a service stands with an alert."""

    SENT = "sent"
    RECEIVED = "received"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    FINISHED = "finished"
    CALLED_OFF = "called_off"


class ResponseStep(StrEnum):
    """What a service reports."""

    RECEIVE = "receive"
    DEPART = "depart"
    ARRIVE = "arrive"
    FINISH = "finish"
    CALL_OFF = "call_off"


MOMENTS: Final[dict[ResponseStep, str]] = {
    ResponseStep.RECEIVE: "t_call_received",
    ResponseStep.DEPART: "t_depart",
    ResponseStep.ARRIVE: "t_arrive",
    ResponseStep.FINISH: "t_resolved",
    ResponseStep.CALL_OFF: "t_called_off",
}
"""The time each step sets."""
ON_THE_WAY: Final = tuple(MOMENTS.values())[:4]
"""Times that follow one another."""
_STATES: Final = (
    ("t_resolved", ResponseState.FINISHED),
    ("t_called_off", ResponseState.CALLED_OFF),
    ("t_arrive", ResponseState.ARRIVED),
    ("t_depart", ResponseState.DEPARTED),
    ("t_call_received", ResponseState.RECEIVED),
)


@dataclass(frozen=True, slots=True)
class Response:
    """What is known of one service at one alert: its times, and the clock each is of."""

    t_call_received: datetime | None = None
    t_depart: datetime | None = None
    t_arrive: datetime | None = None
    t_resolved: datetime | None = None
    t_called_off: datetime | None = None
    clocks: tuple[tuple[str, Clock], ...] = ()

    @property
    def state(self) -> ResponseState:
        """The furthest step that has a time."""
        return next((state for name, state in _STATES if getattr(self, name) is not None), ResponseState.SENT)

    def clock(self, moment: str) -> Clock | None:
        """Whose clock a time is of."""
        return dict(self.clocks).get(moment)


def reported(response: Response, step: ResponseStep, at: datetime, clock: Clock) -> Response:
    """What is known after a report; the same object where it says nothing new.

    Raises:
        InputError: by one and the same clock the step lies before one that comes first, or after one that comes later.
    """
    name = MOMENTS[step]
    there, known = getattr(response, name), response.clock(name)
    if there is not None and known is not None and (there == at or not _better(clock, known)):
        return response
    clocks = {**dict(response.clocks), name: clock}
    after = replace(response, **{name: at}, clocks=tuple(sorted(clocks.items())))
    for first, second in _out_of_order(after):
        if name in {first, second}:
            raise InputError(f"The time {second} cannot lie before {first}; correct one of them.")
    return after


def _better(clock: Clock, known: Clock) -> bool:
    """Whether a time by one clock replaces one by another; what was told may be told anew, our own clock was right."""
    return TRUST[clock] > TRUST[known] or (TRUST[clock] == TRUST[known] and clock not in {"device", "server"})


def in_reach(at: datetime, detected: datetime, now: datetime) -> None:
    """Whether a time that somebody tells can be one of this alert.

    Raises:
        InputError: it lies in the future, or long before the alert.
    """
    if at > now + AHEAD:
        raise InputError("The time lies in the future; check the clock it is of.")
    if at < detected - OLDEST:
        raise InputError("The time lies more than 24 hours before the alert; it belongs to another one.")


def _out_of_order(response: Response) -> Iterator[tuple[str, str]]:
    """Pairs of times of which the later step lies earlier; times of two clocks may differ by as much as clocks do."""
    told = [name for name in ON_THE_WAY if getattr(response, name) is not None]
    for first, second in pairwise(told):
        allowed = timedelta(0) if response.clock(first) == response.clock(second) else AHEAD
        if getattr(response, second) < getattr(response, first) - allowed:
            yield first, second
