"""`qyran soak --hours N`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "soak", help="hours of a moderate load on the real programs, and whether memory, files and threads stay flat"
    )
    parser.add_argument("--hours", type=float, default=1.0, metavar="N", help="how long; default: 1")
    parser.add_argument("--streams", type=int, default=2, metavar="N", help="cameras over real RTSP; default: 2")
    parser.add_argument(
        "--database-url", default="", metavar="URL", help="an empty PostgreSQL database; default: SQLite"
    )
    parser.add_argument("--nice", type=int, default=0, metavar="N", help="priority of the programs, 0 to 19")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the samples and the programs' logs are kept")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Soak, a table on stderr, JSON on stdout; 1 where something rises, or a program died."""
    from service.soak.run import soak, table  # noqa: PLC0415 - keeps `--help` fast

    report = soak(
        arguments.hours, streams=arguments.streams, database_url=arguments.database_url, nice=arguments.nice,
        keep=arguments.keep, tell=_tell,
    )  # fmt: skip
    _tell(table(report))
    sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    good = report["verdict"] != "rising" and not report["chain_faults"] and all(report["running_at_the_end"].values())
    return 0 if good else 1


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
