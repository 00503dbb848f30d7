"""Parsing, logging and exit codes common to all subcommands."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final, NoReturn

from qyran import __version__
from qyran.errors import IntegrityError, QyranError
from service.logs import set_up

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final = (
    "analyse", "detect", "kpi", "verify", "serve", "worker", "demo", "bench", "screenshots", "user", "keys", "camera",
    "ledger", "models", "offences", "devices", "exemptions", "registers", "evidence", "outbox", "signing", "fines",
    "jobs", "exchange", "receivers", "backup", "papers",
    "settings", "objects", "ingest", "sizing", "doctor", "import", "sensors", "video", "cluster", "worker-token",
    "soak",
)  # fmt: skip
MODULES: Final = {"import": "imports", "worker-token": "worker_token"}
"""Modules of commands whose name no module can have."""
OK, DIFFERS, REFUSED = 0, 1, 2
"""Exit codes: done; evidence or a figure is not what it should be; the input or the installation was refused."""


class _Parser(argparse.ArgumentParser):
    """One sentence on stderr and exit status 2, without the usage text before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(REFUSED, f"{self.prog}: {message}; `{self.prog} --help` explains.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; the exit code."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    parser = _Parser(prog="qyran", description="Watches a city's cameras: violations, incidents, fires, KPIs.")
    parser.add_argument("--version", action="version", version=f"qyran {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    # Only the chosen command's module is loaded in full: `kpi score` must not wait for OpenCV.
    chosen = next((word for word in argv if not word.startswith("-")), None)
    for name in COMMANDS:
        if chosen in COMMANDS and name != chosen:
            subparsers.add_parser(name)
        else:
            import_module(f"service.cli.{MODULES.get(name, name)}").add(subparsers)
    namespace = parser.parse_args(argv)
    try:
        set_up(serves=getattr(namespace, "serves", False))
        return int(namespace.run(namespace))
    except IntegrityError as error:
        return _say(error, DIFFERS)
    except QyranError as error:
        return _say(error, REFUSED)
    except BrokenPipeError:
        sys.stderr.close()
        return OK
    except KeyboardInterrupt:
        sys.stderr.write("qyran: stopped.\n")
        return 130


def _say(error: QyranError, code: int) -> int:
    """The error as one line; exit `code`."""
    sys.stderr.write(f"qyran: {' '.join(str(error).split())}\n")
    return code
