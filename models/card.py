"""The machine-readable card of a shipped model: what it is, what it was made of, where its threshold lies."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

from qyran.errors import ConfigError, IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping

WEIGHTS: Final = Path(__file__).parent / "weights"
"""Folder of the shipped weights and their cards."""

PRECISIONS: Final = frozenset({"fp32", "int8-qdq"})


@dataclass(frozen=True, slots=True)
class DataSource:
    """One data set a model was trained, validated or tested on.

    Attributes:
        name: short name of the set.
        source: where it was published.
        licence: its licence as stated by the publisher.
        attribution: whom the licence asks to be named.
        used_for: ``training``, ``validation``, ``evaluation`` or several, comma separated.
        n: number of pictures used.
    """

    name: str
    source: str
    licence: str
    attribution: str
    used_for: str
    n: int


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a detector has to know about its weights, and what a reader has to know about its making.

    Attributes:
        name: ``road`` or ``fire``.
        version: version of the weights.
        file: file name of the weights beside the card.
        sha256: of that file, lower-case hex.
        classes: class names in the order of the output channels.
        long_side: default length of the longer input side, pixels.
        stride: both input sides are multiples of this.
        nms_iou: intersection over union above which the weaker box of a class is dropped.
        threshold: raw score of each class at which a detection counts; calibrated scores put it at 0.5.
        precision: ``fp32`` or ``int8-qdq``.
        metrics: results of ``python -m models.evaluate``.
        data: data sets behind the weights and the figures.
        licence: SPDX id of the weights' licence.
        made_by: the commands that make the weights again.
        path: absolute path of the weights.
    """

    name: str
    version: str
    file: str
    sha256: str
    classes: tuple[str, ...]
    long_side: int
    stride: int
    nms_iou: float
    threshold: Mapping[str, float]
    precision: str
    metrics: Mapping[str, Any]
    data: tuple[DataSource, ...]
    licence: str
    made_by: str
    path: Path


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def load_card(path: Path, *, verify: bool = True) -> ModelCard:
    """Read a card and check the weights beside it.

    Args:
        path: the card, ``.../road.json``.
        verify: compare the SHA-256 of the weights with the card's.

    Raises:
        ConfigError: the card or the weights are missing, unreadable or incomplete.
        IntegrityError: the weights are not those of the card.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"the model card {path.name} is missing; reinstall the package or run `python -m models.train`"
        raise ConfigError(message) from error
    except ValueError as error:
        message = f"the model card {path.name} is no JSON; restore it from the release"
        raise ConfigError(message) from error
    card = _parse(raw, path)
    if not card.path.is_file():
        message = f"the weights {card.file} named by {path.name} are missing; reinstall the package"
        raise ConfigError(message)
    if verify and (found := file_sha256(card.path)) != card.sha256:
        message = (
            f"the weights {card.file} are not those of their card (SHA-256 {found[:12]}, card {card.sha256[:12]}); "
            "restore both from one release"
        )
        raise IntegrityError(message)
    return card


def _parse(raw: object, path: Path) -> ModelCard:
    try:
        fields = cast("dict[str, Any]", raw)
        classes = tuple(str(name) for name in fields["classes"])
        card = ModelCard(
            name=str(fields["name"]),
            version=str(fields["version"]),
            file=str(fields["file"]),
            sha256=str(fields["sha256"]),
            classes=classes,
            long_side=int(fields["long_side"]),
            stride=int(fields["stride"]),
            nms_iou=float(fields["nms_iou"]),
            threshold=MappingProxyType({name: float(fields["threshold"][name]) for name in classes}),
            precision=str(fields["precision"]),
            metrics=MappingProxyType(dict(fields["metrics"])),
            data=tuple(DataSource(**entry) for entry in fields["data"]),
            licence=str(fields["licence"]),
            made_by=str(fields["made_by"]),
            path=(path.parent / str(fields["file"])).resolve(),
        )
    except (KeyError, TypeError, ValueError) as error:
        message = f"the model card {path.name} is incomplete or wrong ({error}); restore it from the release"
        raise ConfigError(message) from error
    _check(card, path)
    return card


def _check(card: ModelCard, path: Path) -> None:
    faults = {
        "file must be a plain name": Path(card.file).name != card.file,
        "classes must be named once each": not card.classes or len(set(card.classes)) != len(card.classes),
        "long_side must be a positive multiple of stride": card.stride <= 0
        or card.long_side <= 0
        or card.long_side % card.stride != 0,
        "nms_iou must lie in (0, 1]": not 0.0 < card.nms_iou <= 1.0,
        "each threshold must lie inside (0, 1)": not all(0.0 < value < 1.0 for value in card.threshold.values()),
        f"precision must be one of {', '.join(sorted(PRECISIONS))}": card.precision not in PRECISIONS,
    }
    for fault, present in faults.items():
        if present:
            message = f"the model card {path.name} is wrong: {fault}"
            raise ConfigError(message)
