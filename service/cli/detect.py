"""`qyran detect --task road|fire|plates|signal FILE...`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qyran.errors import InputError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("detect", help="what a shipped model sees in pictures, as JSON")
    parser.add_argument("--task", required=True, choices=("road", "fire", "plates", "signal"))
    parser.add_argument("--long-side", type=int, metavar="PX", help="input size of the network; default: the card's")
    parser.add_argument("--model", metavar="CARD.json", help="card or name of another model than the installation's")
    parser.add_argument(
        "--engine", metavar="NAME", help="auto (the default), cpu, cuda, tensorrt, openvino, openvino-bf16"
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Detect and write JSON to stdout."""
    from service.detect import detect  # noqa: PLC0415 - keeps `--help` fast
    from service.settings import load_settings  # noqa: PLC0415

    if arguments.task == "signal" and arguments.model:
        raise InputError("The task signal takes no --model; leave it out.")
    given = {f"{arguments.task}_model": arguments.model, "engine": arguments.engine}
    settings = load_settings(**{name: value for name, value in given.items() if value})
    items = detect(arguments.task, arguments.files, long_side=arguments.long_side, models=settings.model_choice)
    sys.stdout.write(json.dumps(items, ensure_ascii=False) + "\n")
    return 0
