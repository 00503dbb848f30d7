"""Runs the night's jobs or a rotation of keys and is killed before its n-th durable step: for test_nights_killed."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm.session import SessionTransaction

from service import key_rotation
from service.job_register import nightly
from service.settings import load_settings
from service.store.database import open_store
from tests.killing import answer, die_before

PLACES = (
    (os, "fsync"), (os, "rename"), (os, "replace"), (os, "unlink"), (SessionTransaction, "commit"), (Path, "rename"),
)  # fmt: skip


def run(job: dict) -> None:
    settings = load_settings(home=job["home"], database_url=job["database_url"], second_look_share=0)
    now = datetime.fromisoformat(job["now"])
    store = open_store(settings, clock=lambda: now)
    die_before(job["step"], PLACES)
    if job["what"] == "night":
        nightly(store, retry=timedelta(0))
        return
    key_rotation.BATCH = 2
    if job["what"] == "begin":
        key_rotation.begin(store)
    key_rotation.reseal(store)


if __name__ == "__main__":
    answer(run)
