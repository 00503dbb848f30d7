"""`qyran kpi report`: the report of a period as PDF, XLSX or CSV."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qyran.errors import InputError
from service.cli.opened import system_store

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

FORMATS = ("pdf", "xlsx", "csv")
LANGUAGES = ("kk", "ru", "en")


def add(actions: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = actions.add_parser("report", help="report of a period as PDF, XLSX or CSV")
    parser.add_argument(
        "--period", required=True, metavar="PERIOD", help="2026, 2026-Q4, 2026-10, 2026-W43, 2026-10-05"
    )
    parser.add_argument("--format", choices=FORMATS, default="pdf")
    parser.add_argument("--scope", choices=("sphere", "city"), default="sphere", help="the security sphere or all 118")
    parser.add_argument("--lang", choices=LANGUAGES, default=None, help="language; the installation's by default")
    parser.add_argument("--category", default=None, help="republican, regional or district; the city's own by default")
    parser.add_argument("--out", type=Path, default=None, metavar="FILE", help="a file or folder; here by default")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Make the report and say where it is."""
    from qyran.roles import SYSTEM  # noqa: PLC0415 - keeps `--help` fast
    from service.reports.content import report_of  # noqa: PLC0415
    from service.reports.making import form_of  # noqa: PLC0415

    with system_store() as store:
        lang = arguments.lang or store.settings.language
        report = report_of(store, arguments.scope, arguments.period, lang, category=arguments.category, actor=SYSTEM)
    made = form_of(arguments.format).make(report)
    name = f"{report.name}.{arguments.format}"
    out: Path = arguments.out or Path(name)
    target = out / name if out.is_dir() else out
    try:
        target.write_bytes(made)
    except OSError as error:
        raise InputError(f"The report cannot be written to {target}: {error.strerror}.") from None
    sys.stdout.write(f"{target}\n")
    return 0
