"""Takes a spool into a store, or puts an event, and is killed at the given step: for test_ingest.

Reads jobs as JSON lines; each runs in a fork of its own, so that Python and its libraries are loaded once.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import traceback
from pathlib import Path

from sqlalchemy.orm import Session

from service.event import Event
from service.ingest import ingest
from service.settings import load_settings
from service.spool import Spool
from service.store.database import open_store

PLACES = (
    (os, "fsync"), (os, "rename"), (os, "mkdir"), (os, "unlink"), (os, "rmdir"), (shutil, "rmtree"),
    (Session, "commit"), (Session, "flush"),
)  # fmt: skip
left = 0


def watched(function):
    """Die just before the function when its turn has come."""

    def step(*given, **named):
        global left  # noqa: PLW0603
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **named)

    return step


def run(job: dict[str, str]) -> None:
    global left  # noqa: PLW0603
    settings = load_settings(home=job["home"], database_url=job["database_url"], second_look_share=0)
    store = open_store(settings) if job["what"] == "ingest" else None
    for place, name in PLACES:
        setattr(place, name, watched(getattr(place, name)))
    left = int(job["step"])
    if store is not None:
        ingest(Spool(settings.spool_folder), store)
    else:
        Spool(settings.spool_folder).put(Event.from_line(job["event"]), Path(job["evidence"]))


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                run(json.loads(line))
                code = 0
            finally:
                if code:
                    traceback.print_exc()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
