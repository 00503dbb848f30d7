"""What a stricter score would have done to alerts that were judged. Pure; nothing is ever applied by it.

The alerts that were raised are replayed against every score they had: those below it would not have been raised. A
threshold is proposed only where it would have kept every alert that was found true, and where enough of them speak for
it; what it says of the future is the upper bound of the share of true alerts that it would lose.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from qyran.wilson import wilson

LEAST_TRUE: Final = 10
"""True alerts without which nothing is proposed: with none lost of 10, up to 28 % may be (Wilson, 95 %)."""
LEAST_FALSE: Final = 3
"""False alerts a threshold has to remove: fewer are no reason to move it."""
DIGITS: Final = 3  # a threshold is written with


@dataclass(frozen=True, slots=True)
class Judged:
    """An alert a person judged: its score, 0 to 1, and whether it was found true."""

    score: float
    true: bool


@dataclass(frozen=True, slots=True)
class Point:
    """With alerts raised from `score` on only: how many false ones stay away, and how many true ones are lost."""

    score: float
    false_removed: int
    true_lost: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A threshold that would have kept every true alert.

    Attributes:
        score: the threshold, 0 to 1.
        removed: false alerts it would have kept away, of `false`.
        true: alerts found true, none of which it would have lost.
        lost_at_most: upper bound (95 %) of the share of true alerts it loses in the long run, 0 to 1.
    """

    score: float
    removed: int
    false: int
    true: int
    lost_at_most: float


def curve(judged: Iterable[Judged]) -> tuple[Point, ...]:
    """What each score as a threshold would have done, the lowest first; the first removes nothing."""
    false, true = _scores(judged)
    return tuple(Point(one, bisect_left(false, one), bisect_left(true, one)) for one in sorted({*false, *true}))


def proposal(judged: Iterable[Judged]) -> Proposal | None:
    """The strictest score that would have kept every true alert; None where too little speaks for it."""
    false, true = _scores(judged)
    if len(true) < LEAST_TRUE:
        return None
    removed = bisect_left(false, true[0])
    if removed < LEAST_FALSE:
        return None
    below, above = false[removed - 1], true[0]
    middle = round((below + above) / 2, DIGITS)
    score = middle if below < middle <= above else above
    return Proposal(score, removed, len(false), len(true), wilson(0, len(true))[1])


def _scores(judged: Iterable[Judged]) -> tuple[list[float], list[float]]:
    found: tuple[list[float], list[float]] = ([], [])
    for one in judged:
        found[one.true].append(one.score)
    return sorted(found[0]), sorted(found[1])
