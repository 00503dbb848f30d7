"""`qyran settings show | table`: what an installation has set, and all there is to set."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("settings", help="what is set, and all there is to set")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser("show", help="each value and where it comes from; of secrets only where they lie")
    show.add_argument("--set", action="store_true", help="only what the environment says")
    show.add_argument("--json", action="store_true", help="as JSON")
    show.set_defaults(run=run_show)
    table = actions.add_parser("table", help="the page docs/settings.md")
    table.set_defaults(run=run_table)


def run_show(arguments: Namespace) -> int:
    """Say what is set; 1 where a variable means nothing.

    Raises:
        ConfigError: a setting is wrong.
    """
    from service.settings import load_settings  # noqa: PLC0415 - keeps `--help` fast
    from service.settings_view import mistakes, shown  # noqa: PLC0415

    rows = [one for one in shown(load_settings()) if one.source == "environment" or not arguments.set]
    faults = mistakes()
    if arguments.json:
        said = {"settings": [asdict(one) for one in rows], "mistakes": faults}
        sys.stdout.write(f"{json.dumps(said, ensure_ascii=False, indent=2)}\n")
    else:
        width = max((len(one.variable) for one in rows), default=0)
        for one in rows:
            sys.stdout.write(f"{one.variable:<{width}}  {one.source:<11}  {one.value}\n")
    for fault in faults:
        sys.stderr.write(f"qyran: {fault}\n")
    return 1 if faults else 0


def run_table(_: Namespace) -> int:
    """Print the page."""
    from service.settings_view import table  # noqa: PLC0415 - keeps `--help` fast

    sys.stdout.write(table())
    return 0
