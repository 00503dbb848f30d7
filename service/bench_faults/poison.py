"""Poisoned jobs: items of the spool that are garbage, half-written or absurd, between good ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import uuid4

from service.bench_faults.cells import Cell, Database, Ground, Outcome
from service.bench_faults.happenings import Happenings
from service.bench_faults.house import house
from service.bench_faults.killing import waiting
from service.bench_faults.ledger import account

HUGE: Final = 2**70
ABSURD: Final[dict[str, dict[str, Any]]] = {
    "a huge track": {"track": HUGE},
    "a huge number of a lane's text": {"line": "x" * 100_000},
    "no number": {"score": float("nan")},
    "an endless number": {"score": 1e308},
    "a zero byte": {"line": "stop\u0000n"},
    "half a letter": {"plate": "\ud800"},
    "the year 9999": {"time": "9999-12-31T23:59:59.999999Z"},
    "the year 1": {"time": "0001-01-01T00:00:00Z"},
    "a camera's name of a novel": {"camera": "x" * 10_000},
    "seconds before the beginning": {"onset_s": -1e300},
    "an endless video": {"video_s": 1e300},
}
TYPES: Final = ("violation", "incident", "passage", "stream")


def cells() -> list[Cell]:
    """Garbage, and each absurd value in each type of event."""
    databases: tuple[Database, ...] = ("sqlite", "postgresql")
    found = [
        Cell("poisoned spool", name, partial(poisoned, put), database, quick=(database, name) == ("sqlite", "garbage"))
        for database in databases
        for name, put in (("garbage", _garbage), ("absurd values", _absurd))
    ]
    return [
        Cell(one.fault, one.step, partial(_on, one.database, one.run), one.database, one.quick) for one in found
    ]  # fmt: skip


def _on(database: Database, run: Callable[..., Outcome], ground: Ground) -> Outcome:
    return run(ground, database)


def poisoned(put: Callable[[Happenings], int], ground: Ground, database: Database) -> Outcome:
    """Put poison between good events; the good ones are stored, the others are put aside with a reason."""
    with house(ground.model(database), ground.folder, number=ground.number) as home:
        home.first_load()
        most = put(home.happenings)
        home.second_load()
        home.start()
        home.wait_until_healthy()
        with home.officer():
            settled = home.settle()
        left = [] if settled else waiting(home)
        said = home.outages()
        alive = home.serve is not None and home.serve.alive
        if home.serve is not None:
            home.serve.end()
        aside = home.happenings.spool.aside()
        ledger = account(home, aside=aside, strangers=most - aside)
        if not aside:
            ledger.faults.append("nothing was put aside")
        notes = {"left": left, "poison": most, "put aside": aside, "stored": most - aside}
        return Outcome(ledger, settled=settled and alive, said=said, notes=notes)


def _garbage(happenings: Happenings) -> int:
    """Items that are no events; how many."""
    new = happenings.spool.folder / "new"
    good = happenings.event("passage").to_line().encode()
    contents: tuple[bytes | None, ...] = (
        None, b"", b"\x00" * 100, b"{", b"[]", b"null", good[: len(good) // 2], b"\xff\xfe", b"9" * 2_000_000,
        b'{"id": ' * 5_000,
    )  # fmt: skip
    for number, content in enumerate(contents):
        item = new / f"{number:020d}-{uuid4()}"
        item.mkdir()
        if content is not None:
            (item / "event.json").write_bytes(content)
    (new / f"{len(contents):020d}-file").write_bytes(b"no folder")
    link = new / f"{len(contents) + 1:020d}-{uuid4()}"
    link.mkdir()
    (link / "event.json").symlink_to("/etc/hostname")
    loop = new / f"{len(contents) + 2:020d}-loop"
    loop.symlink_to(loop)
    return len(contents) + 3


def _absurd(happenings: Happenings) -> int:
    """Events of values that no camera sees; how many."""
    count = 0
    for type_ in TYPES:
        for changes in ABSURD.values():
            told = json.loads(happenings.event(type_, evidence=False).to_line()) | changes
            item = happenings.spool.folder / "new" / f"{count:020d}-{told['id']}"
            item.mkdir()
            (item / "event.json").write_text(json.dumps(told), encoding="utf-8")
            count += 1
    return count
