"""When nobody answers: who is told next, and when. Pure; the ladder is a dated file (`service.alerting.due`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from incidents.alert import AlertState
from incidents.severity import Attention, attention


class Wait(StrEnum):
    """What an alert can wait for in vain."""

    UNACKNOWLEDGED = "unacknowledged"
    UNDECIDED = "undecided"
    NOT_DISPATCHED = "not_dispatched"
    NOT_DEPARTED = "not_departed"


WAITS: Final[dict[AlertState, Wait]] = {
    AlertState.RAISED: Wait.UNACKNOWLEDGED,
    AlertState.NOTIFIED: Wait.UNACKNOWLEDGED,
    AlertState.REOPENED: Wait.UNACKNOWLEDGED,
    AlertState.ACKNOWLEDGED: Wait.UNDECIDED,
    AlertState.VERIFYING: Wait.UNDECIDED,
    AlertState.CONFIRMED: Wait.NOT_DISPATCHED,
    AlertState.DISPATCHED: Wait.NOT_DEPARTED,
}
"""What each state waits for; in the others nobody is waited for."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder.

    Attributes:
        id: its name in events.
        when: what the alert waits for.
        attention: how soon such an alert has to be looked at; empty means all.
        kinds: of alert; empty means all.
        after: since it began to wait.
        tell: lists of people (`senior_shift`) and services (`112`).
        repeat: between two turns; None tells once.
        most: how many turns at most.
    """

    id: str
    when: Wait
    after: timedelta
    tell: tuple[str, ...]
    attention: frozenset[Attention] = frozenset()
    kinds: frozenset[str] = frozenset()
    repeat: timedelta | None = None
    most: int = 1

    def holds(self, when: Wait, kind: str) -> bool:
        """Whether it is for an alert of this kind that waits for this."""
        return (
            self.when is when
            and (not self.attention or attention(kind) in self.attention)
            and (not self.kinds or kind in self.kinds)
        )


@dataclass(frozen=True, slots=True)
class Ladder:
    """All steps, and where they come from."""

    name: str
    valid_from: date
    source: str
    rungs: tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """A moment of the ladder for one alert: so long after it began to wait this step is taken for the n-th time."""

    after: timedelta
    rung: Rung
    number: int


def turns(ladder: Ladder, state: AlertState, kind: str) -> tuple[Turn, ...]:
    """Every turn for an alert of this kind in this state, the earliest first."""
    when = WAITS.get(state)
    if when is None:
        return ()
    found = [
        Turn(rung.after + (rung.repeat or timedelta(0)) * number, rung, number + 1)
        for rung in ladder.rungs
        if rung.holds(when, kind)
        for number in range(rung.most if rung.repeat is not None else 1)
    ]
    return tuple(sorted(found, key=lambda turn: (turn.after, turn.rung.id)))


def due(every: tuple[Turn, ...], done: int, waited: timedelta) -> tuple[int, tuple[Turn, ...]]:
    """How many turns are over now, and which of them to take.

    Of the turns of one step that came due at once (the service stood still) only the last is taken: nobody is helped by
    five messages in a row.
    """
    over = done + sum(1 for turn in every[done:] if turn.after <= waited)
    last = {turn.rung.id: turn for turn in every[done:over]}
    return over, tuple(turn for turn in every[done:over] if last[turn.rung.id] is turn)
