"""Gives the service what somebody there wants to see live of this machine's cameras; the machine asks, nobody calls it.

One request waits for wishes; what the cameras give goes in others, one after another, with whatever came meanwhile: a
slow line gets fewer and larger ones, and a viewer beyond it loses what does not fit (`live_hub.Viewer`), up to the
newest key frame. While nobody watches, nothing is read and nothing is sent.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import httpx
from pydantic import ValidationError

from service.backoff import doubled, spread
from service.forwarding.live_batch import BATCH, MEDIA_TYPE, Wishes, packed
from service.video.live_hub import LiveHub, Viewer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.forwarding.client import ServiceClient

PATH: Final = "/live"
PAUSE_S: Final = 0.1
"""Between two requests with video: half the length of a fragment."""
ASKS: Final = httpx.Timeout(40.0, connect=5.0)
"""The service answers a wish that does not change after 20 s."""
FIRST: Final = timedelta(seconds=0.5)
LONGEST: Final = timedelta(seconds=15)
STOP_S: Final = 0.5

log = logging.getLogger(__name__)
Key = tuple[int, str, bool]
"""Number of a line, its camera, and whether pictures are wished instead of video."""


@dataclass(slots=True)
class LiveLine:
    """Serves wishes for ever.

    Attributes:
        folder: sockets of this machine's cameras.
        client: speaks to the service.
        stop: set to end.
    """

    folder: Path
    client: ServiceClient
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Until told to stop; whatever fails here must not stop the machine, which watches."""
        while not self.stop.is_set():
            try:
                asyncio.run(self._run())
            except Exception:
                log.exception("Live views of this machine's cameras failed; they begin anew.")
                self.stop.wait(LONGEST.total_seconds())

    async def _run(self) -> None:
        hub = LiveHub(self.folder)
        async with self.client.live() as http:
            serving = _Serving(http, hub)
            tasks = [asyncio.create_task(serving.ask()), asyncio.create_task(serving.send())]
            try:
                while not self.stop.is_set():
                    done, _ = await asyncio.wait(tasks, timeout=STOP_S, return_when=asyncio.FIRST_EXCEPTION)
                    for one in done:
                        one.result()
            finally:
                for task in (*tasks, *serving.watches.values()):
                    task.cancel()
                await asyncio.gather(*tasks, *serving.watches.values(), return_exceptions=True)
                await hub.close()


@dataclass(slots=True)
class _Serving:
    http: httpx.AsyncClient
    hub: LiveHub
    watches: dict[Key, asyncio.Task[None]] = field(default_factory=dict)
    _viewers: dict[Key, Viewer] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self) -> None:
        """Hear what is wished, and watch that."""
        known, tries = "", 0
        while True:
            try:
                answer = await self.http.get(PATH, params={"known": known}, timeout=ASKS)
                answer.raise_for_status()
                wishes = Wishes.model_validate_json(answer.content)
            except (httpx.HTTPError, ValidationError) as error:
                log.debug("Nobody says what is watched live (%s).", type(error).__name__)
                known = ""
                self._follow(())
                await asyncio.sleep(spread(doubled(FIRST, LONGEST, tries)).total_seconds())
                tries += 1
                continue
            known, tries = wishes.version, 0
            keys = [
                (one.line, one.camera, stills)
                for one in wishes.lines
                for stills, wished in ((False, one.video), (True, one.stills))
                if wished
            ]
            self._follow(keys)

    async def send(self) -> None:
        """Send what the cameras give, as it comes."""
        tries = 0
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                for body in _bodies(self._viewers):
                    answer = await self.http.post(PATH, content=body, headers={"Content-Type": MEDIA_TYPE})
                    answer.raise_for_status()
            except httpx.HTTPError as error:
                log.debug("Live video was lost on its way (%s).", type(error).__name__)
                await asyncio.sleep(spread(doubled(FIRST, LONGEST, tries)).total_seconds())
                await self._begin_anew()
                tries += 1
            else:
                tries = 0
                await asyncio.sleep(PAUSE_S)

    def _follow(self, keys: list[Key] | tuple[()]) -> None:
        for key in set(self.watches) - set(keys):
            self.watches.pop(key).cancel()
        for key in keys:
            if key not in self.watches:
                self.watches[key] = asyncio.create_task(self._watch(key), name=f"live line {key[1]}")

    async def _begin_anew(self) -> None:
        """What was lost may have been a beginning: begin every view again, with its init segment and key frame."""
        keys = list(self.watches)
        gone = list(self.watches.values())
        self._follow(())
        await asyncio.gather(*gone, return_exceptions=True)
        self._follow(keys)

    async def _watch(self, key: Key) -> None:
        _, camera, stills = key
        async with self.hub.watching(camera, self._changed, stills=stills) as viewer:
            self._viewers[key] = viewer
            try:
                await asyncio.Event().wait()  # until cancelled
            finally:
                del self._viewers[key]


def _bodies(viewers: dict[Key, Viewer]) -> Iterator[bytes]:
    """Everything that waits, in requests of a moderate size."""
    gathered = bytearray()
    for (line, _, _), viewer in list(viewers.items()):
        for said in viewer.take():
            if gathered and len(gathered) + len(said.payload) > BATCH:
                yield bytes(gathered)
                gathered.clear()
            gathered += packed(line, said.kind, said.payload)
    if gathered:
        yield bytes(gathered)
