"""The inference process as its supervisor starts it."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
from dataclasses import dataclass
from typing import Final

from qyran.errors import InferenceError
from vision.inference.turn import ALONE, Batches

GATHERED: Final = Batches(most=16, wait_s=0.003)
"""On a graphics card: sixteen inputs of 640x384 take it little longer than four, and a picture is 40 ms old anyway."""
CARD_WORKERS: Final = 2
"""On a graphics card: the inputs of one batch travel while another is looked at."""
CARDS: Final = ("cuda", "tensorrt")
"""Engines that gain from batches."""
BACKLOG: Final = 1024
"""Wires that may wait while the inference process is begun anew."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How an inference process works.

    Attributes:
        engine: one of `vision.engine.ENGINES`.
        workers: runs at once.
        batches: what runs together.
        padded: whether batches are filled up to powers of two: TensorRT prepares itself for every size.
        niceness: of what runs the networks, as nice(1).
    """

    engine: str
    workers: int
    batches: Batches = ALONE
    padded: bool = False
    niceness: int = 0


def plan(engine: str, cores: int | None = None, niceness: int = 0) -> Plan:
    """What suits an engine.

    A processor runs one input a core, each in one thread, and gains nothing from batches: two inputs together take as
    long as two inputs. A graphics card gains much.

    Args:
        engine: one of `vision.engine.ENGINES`.
        cores: of the processor that may be used; by default those that this process may.
        niceness: as of the plan.
    """
    if engine in CARDS:
        return Plan(engine, CARD_WORKERS, GATHERED, padded=engine == "tensorrt", niceness=niceness)
    return Plan(engine, cores or len(os.sched_getaffinity(0)), niceness=niceness)


def listen() -> tuple[socket.socket, str]:
    """A socket for the wires of cameras, and its address: a name that no folder lists and nobody guesses.

    Whoever supervises keeps it open over deaths of the inference process: cameras that come meanwhile wait in it.

    Raises:
        InferenceError: the machine gives no socket.
    """
    address = f"\0qyran-inference-{secrets.token_hex(16)}"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        raise InferenceError("This machine gives no socket for the inference process.") from error
    return listener, address


def serve(listener: socket.socket, how: Plan) -> None:
    """Body of the inference process; never returns."""
    from vision.inference.server import InferenceServer  # noqa: PLC0415 - a supervisor runs no networks

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # nothing here is to be kept
    logging.getLogger(__name__).info(
        "inference with the engine %s, %d at once, up to %d together", how.engine, how.workers, how.batches.most
    )
    InferenceServer(listener, how.engine, how.workers, how.batches, padded=how.padded, niceness=how.niceness).run()
