"""Sends a machine's spool to a service in the same process, and both are killed at the given step."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
from pathlib import Path

from sqlalchemy.orm import Session

from service.forwarding.arrivals import Arrivals
from service.forwarding.client import _continued, _entries
from service.forwarding.envelope import Envelope, read_line
from service.forwarding.forwarder import forward
from service.settings import load_settings
from service.spool import Spool
from service.store.database import open_store
from tests.killing import answer, die_before

PLACES = (
    (os, "fsync"), (os, "rename"), (os, "mkdir"), (os, "unlink"), (os, "rmdir"), (shutil, "rmtree"),
    (Path, "rename"), (Session, "commit"),
)  # fmt: skip


class Door:
    """The service's door without the line to it: what the client and the route do, step by step."""

    def __init__(self, store) -> None:
        self.arrivals = Arrivals(store, "east")

    def deliver(self, event, folder) -> None:
        if self.arrivals.known(event.id):
            return
        held = self.arrivals.held(event.id)
        files = tuple(_continued(one, held.get(one.name, 0)) for one in _entries(folder)) if folder else ()
        envelope = read_line(Envelope(event=event, files=files).line())
        self.arrivals.check(envelope.event)
        with self.arrivals.taking(envelope) as arrival:
            for one in files:
                arrival.feed((folder / one.name).read_bytes()[one.start :])
            arrival.finish()


def run(job: dict) -> None:
    settings = STORE.settings.model_copy(update={"spool": Path(job["service"])})
    spool = Spool(Path(job["machine"]))
    door = Door(dataclasses.replace(STORE, settings=settings))
    die_before(job["step"], PLACES)
    sent = forward(spool, door)
    if sent.away or sent.aside or sent.held_up:
        raise RuntimeError(str(sent))


if __name__ == "__main__":
    STORE = open_store(load_settings(home=sys.argv[1]))
    STORE.engine.dispose()  # each fork connects by itself
    answer(run)
