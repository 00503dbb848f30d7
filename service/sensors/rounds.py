"""What the service does for sensors all the time: hear the broker, notice silence, forget old messages."""

from __future__ import annotations

from datetime import datetime
from time import monotonic
from typing import Final

from service.sensors.listener import Listener
from service.sensors.settings import sensors_file
from service.sensors.silence import forget, watch_silence
from service.store.database import Store

SILENCE_S: Final = 5.0
FORGET_S: Final = 3600.0
IDLE_S: Final = 1.0
"""Between rounds of an installation that hears no broker."""


class SensorRounds:
    """The work of one thread; `round` is called over and over.

    Raises:
        ConfigError: the sensors file cannot be used.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._file = sensors_file(store.settings)
        self._began = store.clock()
        self._listener = Listener(store, self._file.mqtt) if self._file.mqtt is not None else None
        self._silence_at = self._forget_at = 0.0

    @property
    def wait_s(self) -> float:
        """How long to wait between rounds; a listener waits by itself while it looks at its line."""
        return IDLE_S if self._listener is None or self._listener.since is None else 0.0

    def round(self) -> None:
        """One round."""
        if self._listener is not None:
            self._listener.step()
        now = monotonic()
        if now >= self._silence_at:
            self._silence_at = now + SILENCE_S
            watch_silence(self._store, self._listening())
        if now >= self._forget_at:
            self._forget_at = now + FORGET_S
            forget(self._store, message_days=self._file.message_days, heartbeat_hours=self._file.heartbeat_hours)

    def close(self) -> None:
        """End the line to the broker."""
        if self._listener is not None:
            self._listener.close()

    def _listening(self) -> dict[str, datetime | None]:
        mqtt = self._began if self._listener is None else self._listener.since
        return {"http": self._began, "mqtt": mqtt}
