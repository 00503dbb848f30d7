"""`qyran kpi`: scores of given values, the catalogue, and published periods."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qyran.errors import InputError
from service.cli import kpi_catalogue, kpi_periods, kpi_rating, kpi_report

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("kpi", help="score KPI values by order 469/НҚ; publish, explain and check periods")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    score = actions.add_parser("score", help="scores of given values as JSON")
    score.add_argument("values", type=Path, metavar="VALUES.json")
    score.set_defaults(run=run)
    kpi_catalogue.add(actions)
    kpi_rating.add(actions)
    kpi_periods.add(actions)
    kpi_report.add(actions)


def run(arguments: Namespace) -> int:
    """Score the values of a file."""
    from kpi_catalog.values import score_values  # noqa: PLC0415 - keeps `--help` fast

    path: Path = arguments.values
    try:
        payload = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The values file {path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"The values file {path} is no JSON: {error}.") from None
    try:
        scores = score_values(payload)
    except InputError as error:
        raise InputError(f"The values file {path} is wrong: {error}.") from None
    sys.stdout.write(json.dumps(scores, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    return 0
