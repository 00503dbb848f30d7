"""What a span of time adds to the security KPIs, as integers: the tally of two spans is the sum of their tallies.

Counts are whole numbers by name. A spread is a multiset of intervals in microseconds, sorted and packed, from which
sum, mean, median and percentiles follow exactly. Cameras keep their own times, since how many there were is no sum.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

PACKED: Final = np.dtype("<i8")
"""How one interval of a spread is kept: microseconds, little-endian."""
MICROSECOND: Final = timedelta(microseconds=1)
LARGEST: Final = 2**63 - 1


class Part(StrEnum):
    """What is tallied together, because it changes together."""

    CASES = "cases"  # by their detection, decision, signature, first notification
    TERMS = "terms"  # terms of payment by their end
    ITEMS = "items"  # happenings by their first detection, cases and alerts together
    ALERTS = "alerts"  # incidents by their first detection, fire alerts by theirs
    NOTIFICATIONS = "notifications"
    CALLS = "calls"  # of the fire service's journal
    CAMERAS = "cameras"
    VEHICLES = "vehicles"  # distinct ones, of whole months alone: they do not add up


@dataclass(frozen=True, slots=True)
class CameraHours:
    """A camera's times within a span, microseconds.

    Attributes:
        planned: in commission.
        received: of it, with video.
        analysed: of that, with analytics at work.
        logged, beating: whether a log of its video, and of its analytics, is there at all.
    """

    planned: int
    received: int
    analysed: int
    logged: bool
    beating: bool

    def __add__(self, other: CameraHours) -> CameraHours:
        """Both spans together."""
        return CameraHours(
            self.planned + other.planned,
            self.received + other.received,
            self.analysed + other.analysed,
            self.logged or other.logged,
            self.beating or other.beating,
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """What one span adds.

    Attributes:
        counts: numbers by name ("9.3.numerator"); no zeros.
        spreads: packed intervals by name ("9.4.sent"); none empty. See `packed`.
        cameras: times by camera.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    spreads: Mapping[str, bytes] = field(default_factory=dict)
    cameras: Mapping[str, CameraHours] = field(default_factory=dict)

    def count(self, name: str) -> int:
        """A number; 0 where nothing was counted."""
        return self.counts.get(name, 0)

    def spread(self, name: str) -> Spread:
        """A multiset of intervals."""
        return Spread(np.frombuffer(self.spreads.get(name, b""), PACKED))


NOTHING: Final = Tally()


def tally(
    counts: Mapping[str, int] | None = None,
    spreads: Mapping[str, Iterable[int]] | None = None,
    cameras: Mapping[str, CameraHours] | None = None,
) -> Tally:
    """A tally of numbers and intervals (microseconds) as they come."""
    return Tally(
        {name: number for name, number in sorted((counts or {}).items()) if number},
        {name: bytes_ for name, values in sorted((spreads or {}).items()) if (bytes_ := packed(values))},
        dict(sorted((cameras or {}).items())),
    )


def packed(values: Iterable[int]) -> bytes:
    """Intervals, microseconds, sorted and packed."""
    return np.sort(np.fromiter(values, PACKED)).tobytes()


def spread_of(values: Iterable[int]) -> Spread:
    """Intervals, microseconds, as a spread."""
    return Spread(np.frombuffer(packed(values), PACKED))


def merged(tallies: Iterable[Tally]) -> Tally:
    """The tally of several spans that share no moment, together."""
    counts: Counter[str] = Counter()
    spreads: defaultdict[str, list[bytes]] = defaultdict(list)
    cameras: dict[str, CameraHours] = {}
    for one in tallies:
        counts.update(one.counts)
        for name, given in one.spreads.items():
            spreads[name].append(given)
        for camera, hours in one.cameras.items():
            cameras[camera] = cameras[camera] + hours if camera in cameras else hours
    return Tally(
        {name: number for name, number in sorted(counts.items()) if number},
        {name: given[0] if len(given) == 1 else _joined(given) for name, given in sorted(spreads.items())},
        dict(sorted(cameras.items())),
    )


def _joined(given: list[bytes]) -> bytes:
    # runs that are sorted already: a stable sort merges them
    return np.sort(np.frombuffer(b"".join(given), PACKED), kind="stable").tobytes()


def microseconds(span: timedelta) -> int:
    """A length of time as a whole number of microseconds."""
    return span // MICROSECOND


class Spread:
    """A sorted multiset of intervals, microseconds."""

    __slots__ = ("values",)

    def __init__(self, values: NDArray[np.int64]) -> None:
        self.values = values

    def __len__(self) -> int:
        """How many."""
        return len(self.values)

    @property
    def forward(self) -> Spread:
        """Those of 0 or more; the rest ended before they began, by a clock at fault."""
        return Spread(self.values[np.searchsorted(self.values, 0) :])

    @property
    def total(self) -> int:
        """Their exact sum, microseconds."""
        if not len(self):
            return 0
        widest = max(abs(int(self.values[0])), abs(int(self.values[-1])))
        if widest * len(self) <= LARGEST:
            return int(self.values.sum())
        return sum(self.values.tolist())

    def up_to(self, most: int) -> int:
        """How many are no longer than this, microseconds."""
        return int(np.searchsorted(self.values, most, side="right"))

    def at(self, place: int) -> int:
        """The interval at a place of the order, from 0, microseconds."""
        return int(self.values[place])


def as_json(one: Tally) -> tuple[dict[str, Any], bytes]:
    """A tally to keep: its JSON-ready part, and its spreads in the order in which that names them."""
    content = {
        "counts": dict(one.counts),
        "spreads": {name: len(given) for name, given in one.spreads.items()},
        "cameras": {
            camera: [hours.planned, hours.received, hours.analysed, int(hours.logged), int(hours.beating)]
            for camera, hours in one.cameras.items()
        },
    }
    return content, b"".join(one.spreads.values())


def from_json(content: Mapping[str, Any], spreads: bytes) -> Tally:
    """A kept tally."""
    found, start = {}, 0
    for name, length in content["spreads"].items():
        found[name] = spreads[start : start + length]
        start += length
    cameras = {
        camera: CameraHours(planned, received, analysed, bool(logged), bool(beating))
        for camera, (planned, received, analysed, logged, beating) in content["cameras"].items()
    }
    return Tally(content["counts"], found, cameras)
