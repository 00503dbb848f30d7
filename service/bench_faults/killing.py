"""The service and its database killed at every step, and at random under load."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from service.bench_faults.cells import Cell, Database, Ground, Missing, Outcome
from service.bench_faults.house import House, house
from service.bench_faults.ledger import account

STEPS: Final = (
    "ingest.adopted", "ingest.written", "ingest.committed", "alert.written", "case.written", "alert.leased",
    "alert.handed", "alert.settled", "sign.reserved", "sign.rendered", "sign.written", "sign.committed", "send.leased",
    "send.handed", "send.settled", "receipt.stored", "copy.written", "exchange.written", "ledger.written",
    "night.begun", "night.done",
)  # fmt: skip
REACH_S: Final = 150.0
AWAY_S: Final = 1.5
RANDOM_KILLS: Final = 6
GATE: Final = "held"


def cells() -> list[Cell]:
    """Server and database, at each step."""
    found = [
        Cell("server killed", step, partial(kill_server, step, database), database, quick=_quick(step, database))
        for database in _databases()
        for step in STEPS
    ]
    found += [
        Cell("database killed", step, partial(kill_database, step), "postgresql", quick=step == "ingest.written")
        for step in STEPS
    ]
    found += [
        Cell("server killed", "at random", partial(kill_at_random, database), database) for database in _databases()
    ]
    found.append(Cell("database killed", "at random", kill_database_at_random, "postgresql"))
    return found


def _databases() -> tuple[Database, ...]:
    return ("sqlite", "postgresql")


def _quick(step: str, database: Database) -> bool:
    return database == "sqlite" and step == "ingest.written"


def kill_server(step: str, database: Database, ground: Ground) -> Outcome:
    """SIGKILL at a step; then the service is started again."""
    with house(ground.model(database), ground.folder, number=ground.number) as home:
        home.first_load()
        home.start(step)
        with home.officer():
            struck = died(home)
            home.second_load()
            home.start()
            home.wait_until_healthy()
            settled = home.settle()
        said = home.outages()
        left = [] if settled else waiting(home)
        if home.serve is not None:
            home.serve.end()
        return Outcome(account(home), struck, settled, said, notes={"left": left, "officer": dict(home.steps)})


def kill_database(step: str, ground: Ground) -> Outcome:
    """The database dies while the service stands at a step, and comes back."""
    made = ground.model("postgresql")
    postgres = made.postgres
    if postgres is None:
        raise Missing("PostgreSQL is not installed.")

    def strike() -> None:
        postgres.kill()

    return held_at(step, ground, "postgresql", strike, postgres.start)


def held_at(
    step: str, ground: Ground, database: Database, strike: Callable[[], None], mend: Callable[[], None],
    *, home: Path | None = None, more: str = "", away_s: float = AWAY_S, environment: Mapping[str, str] | None = None,
) -> Outcome:  # fmt: skip
    """Hold the service at a step, take something away, let it run into that, give it back, and account."""
    with house(
        ground.model(database), ground.folder, number=ground.number, home=home, more=more, environment=environment
    ) as struck_house:
        struck_house.happenings.making = struck_house.folder / "out"
        gate = struck_house.folder / GATE
        struck_house.first_load()
        struck_house.start(f"{step}@{gate}")
        with struck_house.officer():
            struck = held(struck_house)
            strike()
            gate.with_name(f"{GATE}.go").touch()
            struck_house.second_load()
            time.sleep(away_s)
            mend()
            refused = len(struck_house.happenings.refused)
            struck_house.happenings.again()
            settled = struck_house.settle()
        alive = struck_house.serve is not None and struck_house.serve.alive
        said = struck_house.outages() if alive else []
        left = [] if settled else waiting(struck_house)
        if struck_house.serve is not None:
            struck_house.serve.end()
        notes = {"left": left, "service went on": alive, "refused at first": refused}
        return Outcome(account(struck_house), struck, settled and alive, said, notes=notes)


def kill_at_random(database: Database, ground: Ground) -> Outcome:
    """SIGKILL again and again under load, whatever the service is at."""
    chance = random.Random(ground.number)  # noqa: S311  draws moments, guards nothing
    with house(ground.model(database), ground.folder, number=ground.number) as home:
        home.start()
        with home.officer():
            for _ in range(RANDOM_KILLS):
                home.first_load()
                time.sleep(chance.uniform(0.2, 3.0))
                if home.serve is not None:
                    home.serve.kill()
                home.second_load()
                home.start()
            if home.serve is not None:
                home.serve.kill()
            home.start()
            home.wait_until_healthy()
            settled = home.settle()
        left = [] if settled else waiting(home)
        said = home.outages()
        if home.serve is not None:
            home.serve.end()
        return Outcome(account(home), settled=settled, said=said, notes={"left": left, "kills": RANDOM_KILLS})


def kill_database_at_random(ground: Ground) -> Outcome:
    """The database killed again and again under load; the service lives on."""
    made = ground.model("postgresql")
    chance = random.Random(ground.number)  # noqa: S311  draws moments, guards nothing
    postgres = made.postgres
    if postgres is None:
        raise Missing("PostgreSQL is not installed.")
    with house(made, ground.folder, number=ground.number) as home:
        home.start()
        home.wait_until_healthy()  # one that finds no database as it begins ends, and its supervisor starts it again
        with home.officer():
            for _ in range(RANDOM_KILLS):
                home.first_load()
                time.sleep(chance.uniform(0.2, 3.0))
                postgres.kill()
                home.second_load()
                time.sleep(chance.uniform(0.1, 1.0))
                postgres.start()
            settled = home.settle()
        alive = home.serve is not None and home.serve.alive
        left = [] if settled else waiting(home)
        said = home.outages() if alive else []
        if home.serve is not None:
            home.serve.end()
        notes = {"left": left, "kills": RANDOM_KILLS, "service went on": alive}
        return Outcome(account(home), settled=settled and alive, said=said, notes=notes)


def died(home: House) -> bool:
    """Wait until the service has killed itself, playing the register meanwhile; whether it did."""
    return _until(home, lambda: home.serve is not None and not home.serve.alive)


def held(home: House) -> bool:
    """Wait until the service is held at its place."""
    return _until(home, (home.folder / GATE).exists)


def _until(home: House, true: Callable[[], bool]) -> bool:
    from service.ports.erap import FolderErap  # noqa: PLC0415

    register = FolderErap(home.settings.home / "demo-erap")
    end = time.monotonic() + REACH_S
    while time.monotonic() < end:
        if true():
            return True
        register.acknowledge()
        time.sleep(0.1)
    if home.serve is not None:
        home.serve.kill()
    return False


def waiting(home: House) -> list[str]:
    """What has not arrived in a house."""
    store = home.store()
    try:
        return home.waits(store)
    finally:
        store.close()
