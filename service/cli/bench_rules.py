"""`qyran bench rules`: precision and recall of every rule over rendered happenings."""

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
        "rules",
        help="precision and recall of every rule over rendered happenings, from pixels; JSON, a table on stderr",
    )
    parser.add_argument("--per-rule", type=int, default=100, metavar="N", help="happenings of each rule (default 100)")
    parser.add_argument("--rules", default="", metavar="A,B", help="kinds; default: all that pictures can show")
    parser.add_argument("--conditions", default="day,rain,night", metavar="A,B", help="default: day,rain,night")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of everything (default 1)")
    parser.add_argument("--jobs", type=int, default=1, metavar="J", help="processes (default 1)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the clips and their camera files there")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Render, analyse, score; JSON to stdout, a table to stderr."""
    from service.bench_rules import bench_rules, table  # noqa: PLC0415 - keeps `--help` fast

    report = bench_rules(
        _listed(arguments.rules), arguments.per_rule, _listed(arguments.conditions), arguments.seed,
        jobs=arguments.jobs, keep=arguments.keep,
    )  # fmt: skip
    sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    sys.stderr.write(table(report) + "\n")
    return 0


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
