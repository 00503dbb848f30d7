"""Issues decisions, answers appeals or delivers, and is killed at a fault point: for test_delivery_killed.

Reads jobs as JSON lines; each runs in a fork of its own, so that Python and its libraries are loaded once.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

from qyran.roles import SYSTEM, Actor, Role
from service import appeals, fault_points, signing
from service.courier import collect, deliver
from service.delivery_post import print_batch
from service.settings import load_settings
from service.store.database import open_store


def run(job: dict) -> None:
    home = Path(job["home"])
    files = {"delivery_file": home / "delivery.toml", "city_file": home / "city.toml"}
    store = open_store(load_settings(home=home, database_url=job["database_url"], second_look_share=0, **files))
    os.environ[fault_points.VARIABLE] = job["point"]
    if job["what"] == "issue":
        signing.issue(store, Actor(job["officer"], frozenset({Role.POLICE_OFFICER})), job["case"])
    elif job["what"] == "answer":
        given = appeals.Answer("upheld", "act_proven", "As the pictures show.", None)
        with store.write(Actor(job["senior"], frozenset({Role.SENIOR_OFFICER}))) as work:
            appeals.answer(work, job["appeal"], given)
    elif job["what"] == "deliver":
        deliver(store)
        collect(store)
    else:
        with store.write(SYSTEM) as work:
            print_batch(work)


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
