"""Issues decisions, answers appeals or delivers, and is killed at a fault point: for test_delivery_killed."""

from __future__ import annotations

import os
from pathlib import Path

from qyran.roles import SYSTEM, Actor, Role
from service import appeals, fault_points, signing
from service.courier import collect, deliver
from service.delivery_post import print_batch
from service.settings import load_settings
from service.store.database import open_store
from tests.killing import answer


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


if __name__ == "__main__":
    answer(run)
