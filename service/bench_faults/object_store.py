"""The object store killed while evidence and pictures go into it: a real S3 server over HTTP.

Afterwards everything that lies here lies there too, by its SHA-256, and nothing else.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Literal

from evidence.canonical import file_sha256
from service.bench_faults.cells import Cell, Database, Ground, Missing, Outcome
from service.bench_faults.house import house
from service.bench_faults.killing import held_at
from service.bench_faults.ledger import account
from service.bench_faults.programs import Program, answers, free_port, until
from service.objects_store.folders import ROOTS
from service.objects_store.s3 import S3Objects
from service.settings import load_settings

STEPS: Final = ("ingest.adopted", "ingest.written", "ingest.committed")
STORED: Final[tuple[Literal["evidence", "passages"], ...]] = ("evidence", "passages")
KEY: Final = "of-the-cell"
KILLS: Final = 5
AWAY_S: Final = 0.6
LONG_S: Final = 6.0
"""Longer than the tries of one request together: whoever needs the store meets that it is gone."""
NAMED: Final = "disk:object store"


def cells() -> list[Cell]:
    """The object store at each step of taking evidence in, and at random."""
    databases: tuple[Database, ...] = ("sqlite", "postgresql")
    found = [
        Cell("object store killed", step, partial(kill_object_store, step, database), database,
             quick=(step, database) == ("ingest.adopted", "sqlite"))
        for database in databases
        for step in STEPS
    ]  # fmt: skip
    found.append(Cell("object store killed", "at random", kill_at_random))
    return found


def kill_object_store(step: str, database: Database, ground: Ground) -> Outcome:
    """The object store dies while the service stands at a step, and comes back with what it had acknowledged."""
    with object_store(ground.folder / f"objects-{ground.number}") as (line, objects, environment):
        done = held_at(step, ground, database, line.kill, lambda: started(line), environment=environment, away_s=LONG_S)
        return compared(done, ground, objects)


def kill_at_random(ground: Ground) -> Outcome:
    """The object store killed again and again under load; the service lives on."""
    chance = random.Random(ground.number)  # noqa: S311  draws moments, guards nothing
    with object_store(ground.folder / f"objects-{ground.number}") as (line, objects, environment):
        with house(ground.model("sqlite"), ground.folder, number=ground.number, environment=environment) as home:
            home.start()
            home.wait_until_healthy()
            with home.officer():
                for _ in range(KILLS):
                    home.first_load()
                    time.sleep(chance.uniform(0.0, 1.0))
                    line.kill()
                    home.second_load()
                    time.sleep(AWAY_S)
                    started(line)
                settled = home.settle()
            alive = home.serve is not None and home.serve.alive
            said = home.outages() if alive else []
            if home.serve is not None:
                home.serve.end()
            done = Outcome(account(home), settled=settled and alive, said=said, notes={"kills": KILLS})
        return compared(done, ground, objects)


def compared(done: Outcome, ground: Ground, objects: S3Objects) -> Outcome:
    """The same, with what the object store lacks counted as lost and what it holds besides as a fault."""
    settings = load_settings(home=ground.folder / f"cell-{ground.number}" / "home")
    count = 0
    for kind in STORED:
        root = ROOTS[kind](settings)
        here = {f"{kind}/{path.relative_to(root).as_posix()}": path for path in root.rglob("*") if path.is_file()}
        there = {one.key for one in objects.find(f"{kind}/")}
        wrong = [key for key, path in here.items() if objects.hash_of(key) != file_sha256(path)]
        done.ledger.lost += [f"object {key}" for key in wrong]
        done.ledger.faults += [f"an object that nobody knows: {key}" for key in sorted(there - set(here))]
        count += len(here)
    if not count:
        done.ledger.faults.append("nothing went into the object store")
    if not any(one.startswith(NAMED) for one in done.said):
        done.unsaid.append(NAMED)
    done.notes["objects"] = count
    return done


@contextmanager
def object_store(folder: Path) -> Iterator[tuple[Program, S3Objects, Mapping[str, str]]]:
    """An S3 server behind a line that can be killed, how it is asked past the line, and what a service is told of it.

    Raises:
        Missing: moto or boto3 is not installed.
    """
    try:
        import boto3  # noqa: PLC0415  an extra
        from moto.server import ThreadedMotoServer  # noqa: PLC0415  of the tests
    except ImportError:
        raise Missing("moto is not installed.") from None
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    folder.mkdir()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        target = int(server.get_host_and_port()[1])
        bucket = folder.parent.name.lower().replace("_", "-") + f"-{folder.name}"
        boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{target}", region_name="us-east-1", aws_access_key_id=KEY,
            aws_secret_access_key=KEY,
        ).create_bucket(Bucket=bucket)  # fmt: skip
        port = free_port()
        command = [sys.executable, "-m", "service.bench_faults.line", str(port), str(target)]
        line = Program("object store", command, dict(os.environ), folder / "log")
        started(line)
        environment = {
            "QYRAN_OBJECT_STORE": f"s3://{bucket}?endpoint=http://127.0.0.1:{port}",
            "QYRAN_OBJECT_STORE_KEY": "env:FAULTS_SECRET", "QYRAN_OBJECT_STORE_SECRET": "env:FAULTS_SECRET",
        }  # fmt: skip
        try:
            yield line, S3Objects(f"s3://{bucket}?endpoint=http://127.0.0.1:{target}", KEY, KEY), environment
        finally:
            line.kill()
    finally:
        server.stop()


def started(line: Program) -> None:
    """Start it and wait until it listens."""
    line.start()
    port = int(line.command[-2])
    until(lambda: answers(port), "The line to the object store does not start.")
