"""Imports a file and is killed before its n-th word to the database, for each n until one import ends by itself.

Prints, a line a try, whether it was killed and how many imports and rows the store then holds.
"""

from __future__ import annotations

import json
import sys

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.imports.intake import take
from service.settings import load_settings
from service.store.database import open_store
from service.store.import_tables import CityImport, CityImportRow
from service.store.tables import Personal
from tests.killing import KILLED, die_before, forked
from tests.service.imports.test_intake import upload

PLACES = ("flush", "execute", "commit", "scalars", "scalar")
MOST = 60


def attempt(settings, step: int) -> None:
    store = open_store(settings)
    die_before(step, [(Session, name) for name in PLACES])
    with store.write() as work:
        take(work, upload("fire_calls", {"object_id": None}, {"call_id": "2", "object_id": None}))


def held(settings) -> list[int]:
    store = open_store(settings)
    with store.read() as work:
        tables = (CityImport, CityImportRow, Personal)
        found = [work.session.scalar(select(func.count()).select_from(one)) or 0 for one in tables]
    store.close()
    return found


def main() -> None:
    settings = load_settings(home=sys.argv[1])
    held(settings)
    for step in range(1, MOST):
        killed = forked(attempt, settings, step) == KILLED
        sys.stdout.write(json.dumps([killed, held(settings)]) + "\n")
        if not killed:
            return


if __name__ == "__main__":
    main()
