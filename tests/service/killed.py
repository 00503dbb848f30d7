"""Takes a spool into a store, puts an event, or passes alerts on, and is killed at the given step."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sqlalchemy.orm import Session

from service.alerting.escalating import escalate
from service.event import Event
from service.ingest import ingest
from service.settings import load_settings
from service.spool import Spool
from service.store.database import open_store
from tests.killing import answer, die_before

PLACES = (
    (os, "fsync"), (os, "rename"), (os, "mkdir"), (os, "unlink"), (os, "rmdir"), (shutil, "rmtree"),
    (Session, "commit"), (Session, "flush"),
)  # fmt: skip


def run(job: dict) -> None:
    settings = load_settings(home=job["home"], database_url=job["database_url"], second_look_share=0)
    store = open_store(settings) if job["what"] in {"ingest", "escalate"} else None
    die_before(job["step"], PLACES)
    if store is not None and job["what"] == "escalate":
        escalate(store)
    elif store is not None:
        ingest(Spool(settings.spool_folder), store)
    else:
        Spool(settings.spool_folder).put(Event.from_line(job["event"]), Path(job["evidence"]))


if __name__ == "__main__":
    answer(run)
