"""`qyran ingest`: takes passages and reports of analysis beside the service, in as many processes as are started."""

from __future__ import annotations

import json
import signal
import sys
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

LOOK_S: Final = 0.05
AGAIN_S: Final = 5.0


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "ingest", help="take passages from the spool beside the service; start as many as you like"
    )
    parser.add_argument("--once", action="store_true", help="end when nothing waits any more")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Take until told to end.

    Raises:
        ConfigError: the store cannot be opened.
    """
    import logging  # noqa: PLC0415 - keeps `--help` fast

    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from service.ingest import Taken, ingest_segments  # noqa: PLC0415
    from service.settings import load_settings  # noqa: PLC0415
    from service.spool import Spool  # noqa: PLC0415
    from service.store.database import open_store  # noqa: PLC0415

    settings, stop = load_settings(), threading.Event()
    store, spool, total = open_store(settings), Spool(settings.spool_folder), Taken()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        while not stop.is_set():
            try:
                total += ingest_segments(spool, store)
            except (OSError, SQLAlchemyError):
                logging.getLogger(__name__).exception("Passages were not taken; they wait in the spool.")
                stop.wait(AGAIN_S)
            if arguments.once:
                break
            stop.wait(LOOK_S)
    finally:
        store.close()
    sys.stdout.write(json.dumps({"stored": total.stored, "repeated": total.repeated}) + "\n")
    return 0
