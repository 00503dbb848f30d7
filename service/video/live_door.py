"""Live views of cameras that other machines read: what is watched here, for them to ask, and what they send of it.

Machines ask and send (`service.forwarding.live_line`); the service connects to none of them. A camera's video leaves
its machine only while somebody watches, and once, whoever watches. All of this runs in the event loop of the service.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from anyio.to_thread import run_sync
from sqlalchemy.exc import SQLAlchemyError

from qyran.errors import QyranError
from qyran.roles import SYSTEM
from service.cluster.leases import holder_of
from service.forwarding.live_batch import Wish, Wishes
from service.video.live_hub import Said, wait

if TYPE_CHECKING:
    from service.store.database import Store

PRESENT_S: Final = 10.0
"""A machine that asked nothing for so long is away."""
HOLDER_S: Final = 2.0
"""How long it is believed who holds a camera."""
SLICE_S: Final = 1.0
"""How often a machine that waits is looked after: whether the service is told to stop."""
LINE_BITS: Final = 31

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Line:
    """The way of one camera from its machine; its number is of no other line of this or the last service.

    Attributes:
        number: what the machine sends under.
        machine: who may send.
        camera: of which.
        hear: takes what comes.
        changed: called when something else is wished.
        video, stills: what is wished.
    """

    number: int
    machine: str
    camera: str
    hear: Callable[[Said], None] = field(repr=False)
    changed: Callable[[str], None] = field(repr=False)
    video: bool = False
    stills: bool = False

    def wish(self, *, video: bool, stills: bool) -> None:
        """Have the machine send fragments, pictures a second, both or none."""
        if (video, stills) != (self.video, self.stills):
            self.video, self.stills = video, stills
            self.changed(self.machine)


class LiveDoor:
    """The lines to all machines.

    Args:
        store: where it stands who holds which camera.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._mark = secrets.token_hex(8)
        self._number = secrets.randbits(LINE_BITS - 1)
        self._lines: dict[int, Line] = {}
        self._turns: Counter[str] = Counter()
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._asked_at: dict[str, float] = {}
        self._holders: dict[str, tuple[float, str | None]] = {}

    async def holder(self, camera: str) -> str | None:
        """The machine that holds a camera's lease; of some seconds ago, and for as long as the store says nothing."""
        at, known = self._holders.get(camera, (-HOLDER_S, None))
        if monotonic() - at < HOLDER_S:
            return known
        try:
            known = await run_sync(_holder, self._store, camera)
        except (SQLAlchemyError, QyranError) as error:
            log.warning("Who holds the camera %s is not known: %s", camera, type(error).__name__)
        self._holders[camera] = (monotonic(), known)
        return known

    @contextlib.contextmanager
    def line(self, machine: str, camera: str, hear: Callable[[Said], None]) -> Iterator[Line]:
        """A line to a camera; nothing is sent before something is wished."""
        self._number = (self._number + 1) % (1 << LINE_BITS)
        made = self._lines[self._number] = Line(self._number, machine, camera, hear, self._changed)
        try:
            yield made
        finally:
            del self._lines[made.number]
            self._changed(machine)

    def is_own(self, machine: str) -> bool:
        """Whether a machine is the service's: its cameras have their sockets here."""
        return machine == self._store.settings.machine_name

    def present(self, machine: str) -> bool:
        """Whether a machine asks what is wished of it."""
        return bool(self._bells.get(machine)) or monotonic() - self._asked_at.get(machine, -PRESENT_S) < PRESENT_S

    def wishes(self, machine: str) -> Wishes:
        """What is wished of a machine now."""
        lines = tuple(
            Wish(line=one.number, camera=one.camera, video=one.video, stills=one.stills)
            for one in self._lines.values()
            if one.machine == machine and (one.video or one.stills)
        )
        return Wishes(version=f"{self._mark}-{self._turns[machine]}", lines=lines)

    async def ask(self, machine: str, known: str, patience_s: float, stop: Callable[[], bool]) -> Wishes:
        """What is wished of a machine, as soon as it is other than what it knows.

        Args:
            machine: who asks.
            known: version of the wishes it has.
            patience_s: how long it waits for others.
            stop: whether it should be answered at once.
        """
        bell = asyncio.Event()
        bells = self._bells.setdefault(machine, set())
        bells.add(bell)
        until = monotonic() + patience_s
        try:
            while (wishes := self.wishes(machine)).version == known and monotonic() < until and not stop():
                await wait(bell, SLICE_S)
            return wishes
        finally:
            bells.discard(bell)
            self._asked_at[machine] = monotonic()

    def hear(self, machine: str, number: int, said: Said) -> None:
        """Take what a machine sends; of a line that is no more, or of another machine's, nothing."""
        line = self._lines.get(number)
        if line is not None and line.machine == machine:
            line.hear(said)

    def _changed(self, machine: str) -> None:
        self._turns[machine] += 1
        for bell in self._bells.get(machine, ()):
            bell.set()


def door_of(app: Any) -> LiveDoor:
    """The door of an application."""
    door: LiveDoor = app.state.live_door
    return door


def _holder(store: Store, camera: str) -> str | None:
    with store.read(SYSTEM) as work:
        return holder_of(work, camera)
