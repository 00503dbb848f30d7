"""Fault points: named places where a test kills the process as a power cut would, or holds it while others fail.

A place calls `reach(store, name)`. Nothing happens unless the store is a demo store and ``QYRAN_FAULT_POINT`` names the
place (``name`` or ``name:3`` for its third time): then the process is killed with SIGKILL, so that neither `finally`
nor a database driver can tidy up. With ``name:3@FILE`` it lives: it writes FILE and waits until ``FILE.go`` is there,
so that whoever asked can take away the database, the disk or the network at this very moment. A real store ignores
the variable.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from service.store.database import Store

VARIABLE: Final = "QYRAN_FAULT_POINT"
POINTS: Final = (
    "door.part",  # a piece of a machine's file is written down, more may follow
    "door.whole",  # every file came and is what its hash says, the event is not in the spool
    "door.put",  # the event is in the spool, its machine does not know
    "ingest.adopted",  # an event's evidence lies in its final place, no transaction is open
    "ingest.written",  # what came of an event is written, the transaction is open
    "ingest.committed",  # an event is stored and waits in the spool still
    "alert.written",  # an alert is raised and told to the console, the transaction is open
    "case.written",  # a case is screened, the transaction is open
    "sign.reserved",  # the number is held, nothing is rendered
    "sign.rendered",  # the document is signed, in memory only
    "sign.written",  # its file lies in its place, the transaction is open
    "sign.committed",  # the case is signed, its messages are queued
    "resolution.written",  # an appeal is answered, its resolution lies in its place, the transaction is open
    "send.leased",  # a message is taken, nothing left the house
    "send.leaving",  # a letter's content is about to leave by a channel that cannot count it once
    "send.handed",  # the channel has it, the store does not know
    "send.settled",  # the store knows
    "receipt.stored",  # a receipt is stored, the channel does not know
    "alert.leased",  # messages about alerts are taken, nothing left the house
    "alert.handed",  # a receiver has one, the store does not know
    "alert.settled",  # the store knows
    "batch.written",  # letters are printed, the transaction is open
    "copy.written",  # a masked copy lies in its place, the store does not know
    "exchange.written",  # what changed is told in the feed, the transaction is open
    "ledger.written",  # a root is signed, the transaction is open
    "night.begun",  # a night's job is begun, its account says so
    "night.done",  # its work is done, its account does not say so
)
HELD_S: Final = 60.0
"""So long a place is held at most where nobody lets it go."""
LOOK_S: Final = 0.01
_reached: dict[str, int] = {}


def reach(store: Store, name: str) -> None:
    """Die here, or wait here, if a test asked for it."""
    wanted = os.environ.get(VARIABLE)
    if wanted is None or not store.demo:
        return
    _reached[name] = _reached.get(name, 0) + 1
    place, _, gate = wanted.partition("@")
    point, _, turn = place.partition(":")
    if point != name or _reached[name] != int(turn or 1):
        return
    if gate:
        _hold(Path(gate), name)
    else:
        os.kill(os.getpid(), signal.SIGKILL)


def _hold(gate: Path, name: str) -> None:
    gate.write_text(name, encoding="ascii")
    end = time.monotonic() + HELD_S
    while not gate.with_name(f"{gate.name}.go").exists() and time.monotonic() < end:
        time.sleep(LOOK_S)
