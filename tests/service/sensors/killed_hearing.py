"""A process that hears sensors until it is killed: `python killed_hearing.py HOME SENSORS_FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

from service.sensors.rounds import SensorRounds
from service.settings import load_settings
from service.store.database import open_store

if __name__ == "__main__":
    store = open_store(load_settings(home=Path(sys.argv[1]), sensors_file=Path(sys.argv[2])))
    rounds = SensorRounds(store)
    while True:
        rounds.round()
