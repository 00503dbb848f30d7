"""What the cameras of a city say, at a fixed rate: passages, reports of analysis, now and then a case or an alarm.

Each process stands for a machine that puts what its cameras saw in the last tenth of a second by one durable write.
Vehicles are drawn as a city's are: a tenth of them makes half the passages.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

from service.bench_faults.happenings import Happenings
from service.bench_passages.city import camera_id, plate
from service.event import Event
from service.settings import load_settings
from service.spool import Spool

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event as Flag

TICK_S: Final = 0.1
READ: Final = 0.92
"""Share of passages whose plate was read."""
BUSY: Final = 0.1
"""Share of the vehicles that make half of the passages."""
REPORT_S: Final = 30.0
"""A camera reports so often which stretch was analysed."""
CASES: Final = 1 / 5000
"""Violations a passage: some four a camera and day, as `qyran sizing` assumes."""
ALERTS: Final = 1 / 25_000
"""Incidents a passage."""
KINDS: Final = (("car", "car"), ("car", "van"), ("bus", "bus"), ("truck", "truck"))
WEIGHTS: Final = (82, 8, 4, 6)
COLOURS: Final = ("white", "grey", "black", "red", "yellow", "green", "blue")


@dataclass(frozen=True, slots=True)
class Feed:
    """One feeding process: which share of the cameras it is, of how many, and how fast."""

    home: str
    number: int
    of: int
    cameras: int
    vehicles: int
    rate: float
    seconds: float


def feed(given: Feed, go: Flag, put: Any, late: Any) -> None:
    """Put events for a while.

    Args:
        given: what, where, how fast.
        go: set when the clock starts.
        put: counts what was put, shared.
        late: seconds by which this process fell behind its own clock, shared.
    """
    settings = load_settings(home=given.home)
    spool = Spool(settings.spool_folder)
    happen = Happenings(settings.home, spool, making=settings.home / "out" / str(given.number))
    maker = _Maker(given)
    go.wait()
    start, tick, owed = time.monotonic(), 0, 0.0
    while tick * TICK_S < given.seconds:
        wait = start + tick * TICK_S - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        late.value = max(0.0, -wait)
        owed += given.rate * TICK_S
        count = int(owed)
        owed -= count
        now = datetime.now(UTC)
        events = [*maker.passages(count, now), *maker.reports(tick, now)]
        spool.put_many(events)
        put.value += len(events)
        for _ in range(maker.drawn(count * CASES)):
            happen.tell("violation", camera=maker.camera(), plate=maker.plate())
            put.value += 1
        for _ in range(maker.drawn(count * ALERTS)):
            happen.tell("incident", camera=maker.camera())
            put.value += 1
        happen.put.clear()
        tick += 1


class _Maker:
    """Draws events."""

    def __init__(self, given: Feed) -> None:
        self._given = given
        self._dice = random.Random(given.number)  # noqa: S311  draws a benchmark's events
        self._cameras = [camera_id(n) for n in range(given.number, given.cameras, given.of)]
        self._space, self._count = UUID(int=self._dice.getrandbits(128), version=4), 0
        self._said = dict[str, datetime]()

    def camera(self) -> str:
        """One of the cameras."""
        return self._dice.choice(self._cameras)

    def plate(self) -> str:
        """Of a vehicle: half of the passages are those of a few."""
        share = BUSY if self._dice.random() < 0.5 else 1.0
        return plate(self._dice.randrange(int(self._given.vehicles * share)))

    def drawn(self, mean: float) -> int:
        """A whole number of a mean below one."""
        return int(mean) + (self._dice.random() < mean % 1)

    def passages(self, count: int, now: datetime) -> list[Event]:
        """So many vehicles over control lines in the tick that ends now."""
        dice = self._dice
        found = []
        for number in range(count):
            self._count += 1
            class_, type_ = dice.choices(KINDS, WEIGHTS)[0]
            read = dice.random() < READ
            found.append(
                Event.model_construct(
                    id=uuid5(self._space, str(self._count)),
                    type="passage",
                    kind="control",
                    camera=dice.choice(self._cameras),
                    time=now - timedelta(seconds=TICK_S * (count - number - 1) / count),
                    video_s=round(self._count / 25, 3),
                    track=self._count,
                    class_=class_,
                    line="count",
                    lane=dice.choice(("left", "middle", "right")),
                    direction=dice.choice(("forward", "backward")),
                    speed_kmh=round(dice.gauss(48, 12), 1),
                    speed_uncertainty_kmh=1.6,
                    plate=self.plate() if read else None,
                    plate_score=round(0.8 + 0.2 * dice.random(), 3) if read else None,
                    plate_uncertain=() if read else None,
                    vehicle_type=type_,
                    colour=dice.choice(COLOURS),
                )
            )
        return found

    def reports(self, tick: int, now: datetime) -> list[Event]:
        """Of the cameras whose turn it is: which stretch was analysed since they last said."""
        turns = round(REPORT_S / TICK_S)
        found = []
        for camera in self._cameras[tick % turns :: turns]:
            before = self._said.get(camera, now - timedelta(seconds=REPORT_S))
            self._said[camera] = now
            self._count += 1
            found.append(
                Event.model_construct(
                    id=uuid5(self._space, str(self._count)),
                    type="stream",
                    kind="analysed",
                    camera=camera,
                    time=now,
                    video_s=(now - before).total_seconds(),
                    onset_s=0.0,
                )
            )
        return found
