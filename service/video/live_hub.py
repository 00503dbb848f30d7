"""Live views on the service's side: one connection a camera, shared by all its viewers.

A camera of this host is read from its socket; one of another machine from the line that `live_door` has to it. A viewer
who reads too slowly loses what waits for him and goes on at the newest key frame; nobody waits for another.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from vision.live_feed import FRAGMENT, HEAD, INIT, STATE, STILL, short, socket_path

if TYPE_CHECKING:
    from service.video.live_door import Line, LiveDoor

VIEWER_BYTES: Final = 6 << 20
"""Bytes that may wait for one viewer, some 10 s at 4.8 Mbit/s; a slower one is dropped to the newest key frame."""
LONGEST: Final = 32 << 20
"""A message longer than this is none of ours."""
LINGER_S: Final = 3.0
"""The connection is kept so long after the last viewer left: he often comes back at once."""
RETRY_S: Final = 0.5
NO_WORKER: Final = "no_worker"
"""Nobody reads the camera."""
AWAY: Final = "machine_away"
"""The machine that reads the camera does not ask what is wanted of it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a camera: kind and payload, and whether a viewer may begin with it."""

    kind: int
    payload: bytes = field(repr=False)

    @property
    def key(self) -> bool:
        """A fragment that begins with a key frame."""
        return self.kind == FRAGMENT and self.payload[:1] == b"\x01"


class Viewer:
    """What waits for one viewer of one camera; `changed` is set when something comes."""

    def __init__(self, changed: asyncio.Event, *, stills: bool) -> None:
        self.stills = stills
        self.dropped = 0
        self.state = _state("wait", None)
        self._waiting: deque[Said] = deque()
        self._bytes = 0
        self._awaits_key = False
        self._changed = changed

    def put(self, said: Said) -> None:
        """Take a message of the camera; never waits."""
        if said.kind == STATE:
            self.state = said
        if (said.kind == STILL) is not self.stills and said.kind in {FRAGMENT, STILL, INIT}:
            return
        if self._awaits_key and said.kind == FRAGMENT:
            if not said.key:
                self.dropped += 1
                return
            self._awaits_key = False
        if said.kind in {FRAGMENT, STILL} and self._bytes + len(said.payload) > VIEWER_BYTES:
            self._fall_back()
            if not said.key:
                return
            self._awaits_key = False
        self._waiting.append(said)
        self._bytes += len(said.payload)
        self._changed.set()

    def take(self) -> list[Said]:
        """Everything that waits."""
        found = list(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        return found

    def _fall_back(self) -> None:
        """Drop what was not read yet; fragments follow again from the next key frame."""
        kept = [one for one in self._waiting if one.kind not in {FRAGMENT, STILL}]
        self.dropped += len(self._waiting) - len(kept)
        self._waiting = deque(kept)
        self._bytes = sum(len(one.payload) for one in kept)
        self._awaits_key = not self.stills


class _Source:
    """The connection to one camera's process, here or on another machine."""

    def __init__(self, folder: Path, camera: str, door: LiveDoor | None) -> None:
        self._path = socket_path(folder, camera)
        self._camera, self._door = camera, door
        self._line: Line | None = None
        self.viewers: set[Viewer] = set()
        self._init: Said | None = None
        self._group: list[Said] = []
        self._state = _state("wait", None)
        self._writer: asyncio.StreamWriter | None = None
        self.task = asyncio.create_task(self._run(), name=f"live {camera}")

    def add(self, viewer: Viewer) -> None:
        """A viewer begins with the newest key frame."""
        self.viewers.add(viewer)
        for said in (self._state, *([self._init] if self._init else ()), *self._group):
            viewer.put(said)
        self._wish()

    def _wish(self) -> None:
        video = any(not one.stills for one in self.viewers)
        stills = any(one.stills for one in self.viewers)
        if self._line is not None:
            self._line.wish(video=video, stills=stills)
        writer = self._writer
        if writer is None:
            return
        with contextlib.suppress(OSError, RuntimeError):
            writer.write((b"V" if video else b"v") + (b"S" if stills else b"s"))

    async def _run(self) -> None:
        idle_s = 0.0
        while idle_s < LINGER_S:
            try:
                await self._read()
            except (FileNotFoundError, ConnectionRefusedError):
                await self._read_elsewhere()
            except (OSError, asyncio.IncompleteReadError, ValueError):
                self._lost(NO_WORKER)
            idle_s = 0.0 if self.viewers else idle_s + RETRY_S
            await asyncio.sleep(RETRY_S)

    async def _read(self) -> None:
        with short(self._path) as name:
            reader, self._writer = await asyncio.open_unix_connection(name)
        try:
            self._wish()
            watched_at = monotonic()
            while monotonic() - watched_at < LINGER_S:
                try:
                    self._hear(await asyncio.wait_for(_next(reader), LINGER_S))
                except TimeoutError:
                    log.debug("The camera %s says nothing.", self._camera)
                if self.viewers:
                    watched_at = monotonic()
        finally:
            self._writer.close()
            self._writer = None

    async def _read_elsewhere(self) -> None:
        """Hear of the machine that holds the camera, as long as it does and somebody watches."""
        door = self._door
        machine = None if door is None else await door.holder(self._camera)
        if door is None or machine is None:
            self._lost(NO_WORKER)
            return
        with door.line(machine, self._camera, self._hear) as self._line:
            self._wish()
            watched_at = monotonic()
            while monotonic() - watched_at < LINGER_S:
                if not door.present(machine):
                    self._lost(NO_WORKER if door.is_own(machine) else AWAY)
                    break
                await asyncio.sleep(RETRY_S)
                if self._path.exists() or await door.holder(self._camera) != machine:
                    self._init, self._group = None, []  # the next one begins anew
                    break
                if self.viewers:
                    watched_at = monotonic()
        self._line = None

    def _hear(self, said: Said) -> None:
        if said.kind == STATE:
            self._state = said
        elif said.kind == INIT:
            self._init, self._group = said, []
        elif said.kind == FRAGMENT:
            if said.key:
                self._group = []
            if said.key or self._group:
                self._group.append(said)
        for viewer in self.viewers:
            viewer.put(said)

    def _lost(self, reason: str) -> None:
        """The camera's process is away: what it gave is of another life."""
        self._init, self._group = None, []
        if json.loads(self._state.payload).get("reason") != reason:
            self._state = _state("down", reason)
            for viewer in self.viewers:
                viewer.put(self._state)


class LiveHub:
    """The cameras that somebody watches through this process.

    Args:
        folder: sockets of the cameras that this host reads.
        door: knows those that other machines read; None where there are none.
    """

    def __init__(self, folder: Path, door: LiveDoor | None = None) -> None:
        self._folder, self._door = folder, door
        self._sources: dict[str, _Source] = {}

    @contextlib.asynccontextmanager
    async def watching(self, camera: str, changed: asyncio.Event, *, stills: bool = False) -> AsyncIterator[Viewer]:
        """A viewer of a camera; the connection is shared with all others."""
        source = self._sources.get(camera)
        if source is None or source.task.done():
            source = self._sources[camera] = _Source(self._folder, camera, self._door)
        viewer = Viewer(changed, stills=stills)
        source.add(viewer)
        try:
            yield viewer
        finally:
            source.viewers.discard(viewer)
            source._wish()  # noqa: SLF001 - the hub's own part

    async def close(self) -> None:
        """Let go of every camera."""
        for source in self._sources.values():
            source.task.cancel()
        await asyncio.gather(*(one.task for one in self._sources.values()), return_exceptions=True)
        self._sources.clear()


async def wait(changed: asyncio.Event, timeout_s: float) -> bool:
    """Wait until something came for one of the viewers that share an event; False where the time was over."""
    came = True
    try:
        await asyncio.wait_for(changed.wait(), timeout_s)
    except TimeoutError:
        came = False
    changed.clear()
    return came


def hub_of(app: Any) -> LiveHub:
    """The hub of an application; made with the first viewer."""
    hub: LiveHub | None = getattr(app.state, "live_hub", None)
    if hub is None:
        hub = app.state.live_hub = LiveHub(app.state.store.settings.live_folder, app.state.live_door)
    return hub


def init_parts(said: Said) -> tuple[dict[str, Any], bytes]:
    """What an init message says, and the init segment."""
    size = int.from_bytes(said.payload[:2], "big")
    return json.loads(said.payload[2 : 2 + size]), said.payload[2 + size :]


def _state(state: str, reason: str | None) -> Said:
    since = datetime.now(UTC).isoformat(timespec="milliseconds")
    return Said(STATE, json.dumps({"state": state, "reason": reason, "since": since}).encode())


async def _next(reader: asyncio.StreamReader) -> Said:
    kind, size = HEAD.unpack(await reader.readexactly(HEAD.size))
    if size > LONGEST:
        raise ValueError("no message of a camera")
    return Said(kind, await reader.readexactly(size))
