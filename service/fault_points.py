"""Fault points: named places where a test kills the process as a power cut would.

A place calls `reach(store, name)`. Nothing happens unless the store is a demo store and ``QYRAN_FAULT_POINT`` names the
place (``name`` or ``name:3`` for its third time): then the process is killed with SIGKILL, so that neither `finally`
nor a database driver can tidy up. A real store ignores the variable.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from service.store.database import Store

VARIABLE: Final = "QYRAN_FAULT_POINT"
POINTS: Final = (
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
)
_reached: dict[str, int] = {}


def reach(store: Store, name: str) -> None:
    """Die here if a test asked for it."""
    wanted = os.environ.get(VARIABLE)
    if wanted is None or not store.demo:
        return
    _reached[name] = _reached.get(name, 0) + 1
    point, _, turn = wanted.partition(":")
    if point == name and _reached[name] == int(turn or 1):
        os.kill(os.getpid(), signal.SIGKILL)
