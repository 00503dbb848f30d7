"""The server of the service: one process, stopped in good order.

Told to stop (SIGTERM, SIGINT) it first says that it is not ready any more, ends what would never end by itself (lists
of alarms and live views, which connect again elsewhere), lets requests finish for `GRACE_S` and then leaves. A second
signal leaves at once. SIGHUP reads the configuration files anew.
"""

from __future__ import annotations

import logging
import signal
import socket
from types import FrameType
from typing import Final

import uvicorn
from fastapi import FastAPI

from service.supervised import notify

GRACE_S: Final = 20
"""Seconds that requests in hand have to finish; supervisors should wait half as long again before they kill."""

log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """Uvicorn's server, which tells the application that it is being stopped."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and tell the supervisor so."""
        await super().startup(sockets)
        if self.started:
            notify("READY=1")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The supervisor wants it to end."""
        self._app.state.readiness.closing.set()
        notify("STOPPING=1")
        log.info("Stopping: %s.", signal.Signals(sig).name)
        super().handle_exit(sig, frame)


def server_of(app: FastAPI, host: str, port: int) -> Server:
    """The server of an application: our own lines instead of uvicorn's, which would hold addresses of people."""
    config = uvicorn.Config(
        app, host=host, port=port, access_log=False, log_config=None, timeout_graceful_shutdown=GRACE_S,
        server_header=False, date_header=True,
    )  # fmt: skip
    return Server(config, app)
