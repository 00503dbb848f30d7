"""Runs the night's jobs or a rotation of keys and is killed before its n-th durable step: for test_nights_killed.

Reads jobs as JSON lines; each runs in a fork of its own, so that Python and its libraries are loaded once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm.session import SessionTransaction

from service import key_rotation
from service.job_register import nightly
from service.settings import load_settings
from service.store.database import open_store

PLACES = (
    (os, "fsync"), (os, "rename"), (os, "replace"), (os, "unlink"), (SessionTransaction, "commit"), (Path, "rename"),
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
    now = datetime.fromisoformat(job["now"])
    store = open_store(settings, clock=lambda: now)
    for place, name in PLACES:
        setattr(place, name, watched(getattr(place, name)))
    left = int(job["step"])
    if job["what"] == "night":
        nightly(store, retry=timedelta(0))
        return
    key_rotation.BATCH = 2
    if job["what"] == "begin":
        key_rotation.begin(store)
    key_rotation.reseal(store)


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
