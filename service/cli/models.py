"""`qyran models list|evaluate|train|export|quantise|pull`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qyran.errors import ConfigError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction
    from collections.abc import Mapping, Sequence

TRAINERS: Final = {
    "road": ("models.train", "road"),
    "road_small": ("models.train", "road_small"),
    "fire": ("models.train", "fire"),
    "plates": ("models.plate_finder",),
    "plate_reader": ("models.plates.train_reader",),
    "signals": ("models.signals.train",),
    "attributes": ("models.attributes.train",),
}
"""Module of the training environment that trains each shipped model, and its first words."""
EXPORTERS: Final = {name: ("models.ship", name) for name in ("road", "road_small", "fire")}
"""Module that makes the shipped files of a trained model."""


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("models", help="the model room: list, measure, train, export, quantise, install")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    shown = actions.add_parser("list", help="the shipped and the installed models")
    shown.add_argument("--json", action="store_true", help="as JSON, with hashes and all figures")
    shown.set_defaults(run=_list)

    measured = actions.add_parser("evaluate", help="figures of a model on held-out pictures, as JSON")
    measured.add_argument("model", metavar="NAME|CARD.json")
    measured.add_argument("--out", type=Path, metavar="DIR", help="folder for report.html and report.json")
    measured.add_argument("--data", type=Path, metavar="DIR", help="the data folder; default: ../shared/data")
    measured.add_argument("--threads", type=_threads, default=1, metavar="N")
    measured.add_argument("--engine", default="cpu", metavar="NAME", help="of a detector; default: cpu")
    measured.add_argument(
        "--yardsticks",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="measure also what could be downloaded, on the same pictures and machine (road alone)",
    )
    measured.add_argument("--write", action="store_true", help="put the figures into the card")
    measured.set_defaults(run=_evaluate)

    for name, run, what, words in (
        ("train", _train, "train a shipped model in the training environment", "NAME"),
        ("export", _export, "an Ultralytics .pt, or a trained model of ours, as ONNX with a card", "FILE.pt|NAME"),
        ("quantise", _quantise, "an 8-bit copy of a model, its card and what it loses", "CARD.json"),
    ):
        made = actions.add_parser(name, help=what)
        made.add_argument("model", metavar=words)
        made.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="options of the command behind")
        made.set_defaults(run=run)

    pulled = actions.add_parser("pull", help="install a model: a folder, a card, or the https address of a card")
    pulled.add_argument("source", metavar="SOURCE")
    pulled.set_defaults(run=_pull)


def _list(arguments: Namespace) -> int:
    from service.model_room import table  # noqa: PLC0415 - keeps `--help` fast
    from service.settings import load_settings  # noqa: PLC0415

    rows = table(load_settings().models_folder)
    sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n" if arguments.json else _as_text(rows))
    return 0


def _as_text(rows: Sequence[dict[str, Any]]) -> str:
    """A table for people."""
    head = ("NAME", "VERSION", "TASK", "CLASSES", "SIZE", "HASH", "KEY FIGURES")
    cells = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head) - 1)]
    lines = ["  ".join([*(f"{word:{width}}" for word, width in zip(line, widths, strict=False)), line[-1]])
             for line in cells]  # fmt: skip
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    from service.model_room import KEY_FIGURES  # noqa: PLC0415

    if "task" not in row:
        return row["name"], "", "", "", "", "wrong", str(row["fault"])
    classes = " ".join(row["classes"])
    size = "" if row["bytes"] is None else f"{row['bytes'] / 1e6:.1f} MB"
    figures = [figure for figure in row["figures"] if figure["value"] is not None]
    figures = [figure for figure in figures if figure.get("goal") is not None] or figures
    words = ", ".join(f"{figure['name']} {figure['value']:g} (n {figure['n']})" for figure in figures[:KEY_FIGURES])
    return (
        row["name"],
        row["version"],
        row["task"],
        classes if len(classes) <= 48 else f"{len(row['classes'])} classes",
        size,
        "right" if row["hash_ok"] else "wrong",
        words or "not measured",
    )


def _evaluate(arguments: Namespace) -> int:
    from service.model_room import evaluate  # noqa: PLC0415 - keeps `--help` fast
    from service.settings import load_settings  # noqa: PLC0415

    score = evaluate(
        arguments.model,
        load_settings().models_folder,
        data=arguments.data,
        out=arguments.out,
        threads=arguments.threads,
        engine=arguments.engine,
        yardsticks=arguments.yardsticks,
        write=arguments.write,
    )
    shown = {key: value for key, value in score.items() if key not in {"curves", "mistakes"}}
    sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=1, default=str) + "\n")
    return 0


def _train(arguments: Namespace) -> int:
    return _behind(TRAINERS, arguments, "be trained")


def _export(arguments: Namespace) -> int:
    from service.model_room import in_training  # noqa: PLC0415

    if arguments.model.endswith(".pt"):
        return in_training("models.export_own", [_absolute(arguments.model), *arguments.rest])
    return _behind(EXPORTERS, arguments, "be exported by name")


def _quantise(arguments: Namespace) -> int:
    from models.registry import find  # noqa: PLC0415
    from service.model_room import in_training  # noqa: PLC0415
    from service.settings import load_settings  # noqa: PLC0415

    path = find(arguments.model, load_settings().models_folder)
    return in_training("models.quantise_own", [_absolute(path), *arguments.rest])


def _behind(modules: Mapping[str, tuple[str, ...]], arguments: Namespace, verb: str) -> int:
    from service.model_room import in_training  # noqa: PLC0415

    if arguments.model not in modules:
        raise ConfigError(f"The model {arguments.model!r} cannot {verb}; give one of {', '.join(modules)}.")
    module, *words = modules[arguments.model]
    return in_training(module, [*words, *arguments.rest])


def _absolute(path: str | Path) -> str:
    """The path as the command behind, which runs in the checkout, finds it."""
    return str(Path(path).expanduser().absolute())


def _pull(arguments: Namespace) -> int:
    from models.pull import pull  # noqa: PLC0415 - keeps `--help` fast
    from service.settings import load_settings  # noqa: PLC0415

    folder = load_settings().models_folder
    card = pull(arguments.source, folder)
    sys.stdout.write(f"{card.name} is installed in {folder}; name it in --model or in a setting.\n")
    return 0


def _threads(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of threads; write for example 1")
    return int(text)
