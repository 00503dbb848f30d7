"""`qyran models`: what is there, how good it is, and the way to the training environment."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from models.card import DetectorCard, ModelCard, file_sha256, load_card, parse_card, read_json
from models.data.places import CHECKOUT, shared
from models.registry import find, installed, shipped
from models.report import met, write_report
from models.spec import spec_of
from models.timing import machine
from qyran.errors import ConfigError, InputError
from service.detectors import EXPECTED
from vision.detector import Detector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TRAIN_PYTHON: Final = CHECKOUT / ".venv-train" / "bin" / "python"
KEY_FIGURES: Final = 3
"""Figures of a model that the list shows."""
FIGURE_KEYS: Final = ("figures", "tables", "yardsticks", "time", "machine")
"""What of a score goes into a card."""


def table(folder: Path) -> list[dict[str, Any]]:
    """The shipped and the installed models, one row each; what is wrong with one stands in ``fault``."""
    rows = []
    for origin, cards in (("shipped", shipped()), ("installed", installed(folder))):
        rows += [_row(name, path, origin) for name, path in cards.items()]
    return rows


def _row(name: str, path: Path, origin: str) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "origin": origin, "card": str(path), "fault": None}
    try:
        card = parse_card(read_json(path), path)
    except ConfigError as error:
        return {**row, "fault": str(error)}
    there = card.path.is_file()
    right = there and file_sha256(card.path) == card.sha256
    fault = None if right else f"The weights {card.file} are {'not those of the card' if there else 'missing'}."
    figures = card.metrics.get("figures") or ()
    return {
        **row,
        "version": card.version,
        "task": card.task,
        "classes": list(card.classes),
        "bytes": card.path.stat().st_size if there else None,
        "precision": card.precision,
        "sha256": card.sha256,
        "hash_ok": right,
        "figures": [{key: figure.get(key) for key in ("name", "value", "n", "goal")} for figure in figures],
        "fault": fault,
    }


def evaluate(
    named: str, folder: Path, *, data: Path | None, out: Path | None, threads: int = 1, engine: str = "cpu",
    yardsticks: bool = True, write: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Measure a model on held-out pictures.

    Args:
        named: name of a shipped or installed model, or the path of a card.
        folder: of the installed models.
        data: the data folder; by default that of the checkout's neighbour.
        out: folder for the report; none by default.
        threads: of the processor.
        engine: that runs a detector of road users or fire, one of `vision.engine.ENGINES`.
        yardsticks: measure also what could be downloaded (road alone).
        write: put the figures into the card.

    Returns:
        The score, see `models.measure`, with ``model`` and ``machine``.

    Raises:
        ConfigError: the model or its card cannot be used, or the data are not there.
        InputError: the report cannot be written.
    """
    path = find(named, folder)
    card = load_card(path)
    data = shared() / "data" if data is None else data
    if not data.is_dir():
        raise InputError(f"The data folder {data} does not exist; name the one that holds road/, fire/ and the others.")
    score = _score(card, path, data, threads, engine)
    if yardsticks and isinstance(card, DetectorCard) and _place(card) == "road":
        score["yardsticks"] = _yardsticks(data, data.parent / "weights", threads)
    about = {"machine": machine(), "measured": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), "threads": threads,
             "engine": engine}  # fmt: skip
    if out is not None:
        write_report(out, card, score, about, data)
    if write:
        _write(path, {**score, "machine": about["machine"]})
    return {"model": card.name, "sha256": card.sha256, **about, **score}


def _place(card: DetectorCard) -> str:
    """Which of the shipped detectors a card's model could replace."""
    for place, classes in EXPECTED.items():
        if set(card.finds) & set(classes):
            return place
    raise ConfigError(f"The model {card.name} finds nothing that is measured here.")


def _score(card: ModelCard, path: Path, data: Path, threads: int, engine: str) -> dict[str, Any]:
    # Each score needs its own data and code: only the one that is asked for is loaded.
    if isinstance(card, DetectorCard):
        place = _place(card)
        if place in {"road", "fire"}:
            detector = Detector(spec_of(card, classes=EXPECTED[place]), threads=threads, engine=engine)  # type: ignore[index]
            if place == "fire":
                from models import score_fire  # noqa: PLC0415

                return score_fire.score(detector, data)
            from models import score_road  # noqa: PLC0415

            return score_road.score(detector, data, small=card.name == "road_small")
        from models.score_plates_found import found_figures  # noqa: PLC0415

        return {"figures": found_figures(data, path, threads)}
    return _score_of({"read": "plates", "classify": card.name}[card.task], path, data, threads)


def _score_of(task: str, path: Path, data: Path, threads: int) -> dict[str, Any]:
    """The score of a task that has a module of its own."""
    module = f"models.score_{task}"
    if importlib.util.find_spec(module) is None:
        raise ConfigError(f"There is no measure for the model {path.stem!r}: it is none of the shipped tasks.")
    own = None if path in shipped().values() else path
    score: dict[str, Any] = importlib.import_module(module).score(data, own, threads)
    return score


def _yardsticks(data: Path, weights: Path, threads: int) -> list[dict[str, Any]]:
    """Measured here where OpenVINO is installed, else in the training environment, else as far as they run here."""
    from models import yardsticks  # noqa: PLC0415 - only a road detector is compared

    if importlib.util.find_spec("openvino") is not None or not TRAIN_PYTHON.is_file():
        return yardsticks.measured(data, weights, threads)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "yardsticks.json"
        words = ["--data", data, "--weights", weights, "--out", out, "--threads", threads]
        if in_training("models.yardsticks", [str(word) for word in words]):
            raise ConfigError("The yardsticks could not be measured; leave them out by --no-yardsticks.")
        rows: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))
    return rows


def _write(path: Path, score: Mapping[str, Any]) -> None:
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw["metrics"] = {**raw.get("metrics", {}), **{key: score[key] for key in FIGURE_KEYS if key in score}}
    path.write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def unmet(score: Mapping[str, Any]) -> list[str]:
    """Names of the figures that miss their goal."""
    return [str(row["name"]) for row in score["figures"] if met(row) is False]


def in_training(module: str, words: Sequence[str]) -> int:
    """Run a module in the training environment, its output going where ours goes; its exit status.

    Raises:
        ConfigError: the environment is not there.
    """
    if not TRAIN_PYTHON.is_file():
        raise ConfigError(
            f"The training environment {TRAIN_PYTHON.parents[1]} is absent; `make setup-train` builds it."
        )
    return subprocess.run([str(TRAIN_PYTHON), "-m", module, *words], cwd=CHECKOUT, check=False).returncode  # noqa: S603
