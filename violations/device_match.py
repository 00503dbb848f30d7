"""Which of the passages our camera saw a device's record is about: a pure choice with a score.

A passage fits by its moment, its plate (signs that look alike count as little), its lane, its direction and its
auxiliary speed. Where two passages fit nearly as well, the answer is "ambiguous", and nobody is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from violations.devices import DeviceRecord

WINDOW_S: Final = 3.0
"""Seconds between the device's moment and the passage: two clocks and the way from one line to the other."""
LEAST: Final = 0.4
"""Score from which a passage fits."""
APART: Final = 0.15
"""Two that fit and lie nearer than this are ambiguous."""
FAR_PLATE: Final = 3.0
"""Distance of plates at which they are of different vehicles."""
UNREAD: Final = 0.55
"""Share of the score where the camera read no plate."""
OTHER_LANE: Final = 0.6
"""Share of the score for another lane: a vehicle changes lanes, and lanes are told by its foot."""
LATE: Final = 0.3
"""Share of the score that the moment decides."""
SPEED_FLOOR_KMH: Final = 3.0
"""Two speeds of one vehicle may differ by this anyhow: the device measures at another place."""
SPEED_FREE, SPEED_SLOPE, SPEED_LEAST = 2.0, 0.2, 0.4
"""Uncertainties that cost nothing, the cost of each further one, and the least that remains."""

LOOK_ALIKE: Final = frozenset(
    frozenset(pair) for pair in ("O0", "Q0", "D0", "OQ", "OD", "I1", "B8", "S5", "Z2", "G6", "T7", "L1", "IL")
)
"""Signs that readers take for one another."""
ALIKE_COST: Final = 0.35

Status = Literal["matched", "ambiguous", "none"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A passage as our camera saw it.

    Attributes:
        id: of the passage.
        time: of the crossing.
        plate: as read, None where it was not.
        lane, direction: where known.
        speed_kmh, sigma_kmh: auxiliary video speed and its standard uncertainty.
    """

    id: str
    time: datetime
    plate: str | None = None
    lane: str | None = None
    direction: str | None = None
    speed_kmh: float | None = None
    sigma_kmh: float | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The answer: `seen` is the passage where one matched, `score` the best one's."""

    status: Status
    seen: str | None = None
    score: float = 0.0


def match(record: DeviceRecord, passages: Iterable[Seen]) -> Match:
    """The passage a record is about, or that there are two, or none."""
    scored = sorted(((_score(record, one), one.id) for one in passages), reverse=True)
    fitting = [(score, name) for score, name in scored if score >= LEAST]
    if not fitting:
        return Match("none", None, scored[0][0] if scored else 0.0)
    best, name = fitting[0]
    if len(fitting) > 1 and best - fitting[1][0] < APART:
        return Match("ambiguous", None, best)
    return Match("matched", name, best)


def plate_distance(one: str, other: str) -> float:
    """Edit distance in which signs that look alike are near; symmetric, 0 for equal plates only."""
    row = [float(k) for k in range(len(other) + 1)]
    for i, left in enumerate(one, start=1):
        above, row = row, [float(i)]
        for j, right in enumerate(other, start=1):
            row.append(min(above[j] + 1.0, row[j - 1] + 1.0, above[j - 1] + _exchange(left, right)))
    return row[-1]


def _exchange(left: str, right: str) -> float:
    if left == right:
        return 0.0
    return ALIKE_COST if frozenset((left, right)) in LOOK_ALIKE else 1.0


def _score(record: DeviceRecord, seen: Seen) -> float:
    apart = abs((seen.time - record.time).total_seconds())
    if apart > WINDOW_S or _differ(record.direction, seen.direction):
        return 0.0
    plate = UNREAD
    if seen.plate is not None:
        plate = max(0.0, 1.0 - plate_distance(record.plate, seen.plate) / FAR_PLATE)
    lane = OTHER_LANE if _differ(record.lane, seen.lane) else 1.0
    return plate * lane * (1.0 - LATE * apart / WINDOW_S) * _speed(record, seen)


def _speed(record: DeviceRecord, seen: Seen) -> float:
    if record.measured_kmh is None or seen.speed_kmh is None or record.kind != "speeding":
        return 1.0
    sigma = max(seen.sigma_kmh or 0.0, SPEED_FLOOR_KMH)
    off = abs(record.measured_kmh - seen.speed_kmh) / sigma
    return min(1.0, max(SPEED_LEAST, 1.0 - SPEED_SLOPE * (off - SPEED_FREE)))


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other
