"""What a supervisor is told of a program that it runs."""

from __future__ import annotations

import logging
import os
import socket

log = logging.getLogger(__name__)


def notify(state: str) -> None:
    """Tell systemd how it goes, where it asked to be told (sd_notify(3)); nowhere else anything happens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.connect(f"\0{address[1:]}" if address.startswith("@") else address)
            told.sendall(state.encode())
    except OSError as error:
        log.warning("systemd could not be told %s: %s.", state, error.strerror)
