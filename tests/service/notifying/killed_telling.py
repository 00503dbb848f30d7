"""Delivers messages about alerts and is killed at a fault point: for test_telling_killed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from service import fault_points
from service.notifying import deliver
from service.settings import load_settings
from service.store.database import open_store


def main() -> None:
    home, database_url, point = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    store = open_store(load_settings(home=home, database_url=database_url, alerts_file=home / "alerts.toml"))
    os.environ[fault_points.VARIABLE] = point
    deliver(store)


if __name__ == "__main__":
    main()
