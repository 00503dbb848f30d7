"""The machine-readable card of a model: what it is, what goes in and comes out, what it was made of.

A card is a JSON file beside its weights. Four fields are required of every card (`name`, `file`, `sha256`,
`classes`); the rest has defaults that fit an Ultralytics export, so that a user's own model needs few lines. What a
shipped card must say beyond that (data, licence, figures, how to make it again) is held by a test.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from models.card_fields import Fields
from models.coco import COCO_CLASSES
from qyran.errors import ConfigError
from vision.classes import FIRE_CLASSES, PLATE_CLASSES, ROAD_CLASSES
from vision.letterbox import Pixels
from vision.outputs import OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Mapping

WEIGHTS: Final = Path(__file__).parent / "weights"
"""Folder of the shipped weights and their cards."""

Task = Literal["detect", "read", "classify"]
TASKS: Final[tuple[Task, ...]] = ("detect", "read", "classify")
PRECISIONS: Final = frozenset({"fp32", "int8-qdq"})
KNOWN_CLASSES: Final = (*ROAD_CLASSES, *FIRE_CLASSES, *PLATE_CLASSES)
"""What a detector may find; everything else the pipeline has no use for."""
LEAST_THRESHOLD: Final = 0.25
"""Raw score that counts where a card names no threshold: the default of Ultralytics."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What every card says.

    Attributes:
        name: of the model: ``road``, ``fire``, or the user's own word.
        version: version of the weights.
        file: file name of the weights beside the card.
        sha256: of that file, lower-case hex.
        task: ``detect``, ``read`` or ``classify``.
        classes: names in the order of the network's channels; a reader's are its alphabet (CTC's blank is channel 0
            and not listed).
        precision: ``fp32`` or ``int8-qdq``.
        metrics: measured results.
        data: data sets behind the weights and the figures.
        licence: SPDX id of the weights' licence.
        made_by: the commands that make the weights again, separated by ``; ``.
        machine: which machine made the weights, in words.
        path: absolute path of the weights.
    """

    name: str
    version: str
    file: str
    sha256: str
    task: Task
    classes: tuple[str, ...]
    precision: str
    metrics: Mapping[str, Any]
    data: tuple[DataSource, ...]
    licence: str
    made_by: str
    machine: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorCard(ModelCard):
    """The card of a model that finds boxes.

    Attributes:
        long_side: default length of the longer input side, pixels.
        most_pixels: most pixels of the input, None for no limit: the picture is scaled to `long_side` or less.
        stride: both input sides are multiples of this.
        nms_iou: intersection over union above which the weaker box of a class is dropped.
        output: what the network's output means, a key of `vision.outputs.OUTPUTS`.
        pixels: how pictures go in.
        classes_as: our class of each class of the network that is kept.
        threshold: raw score of each of our classes at which a detection counts; calibrated scores put it at 0.5.
        bfloat16: whether its figures were measured to hold where a processor computes in bfloat16, so that the engine
            `auto` may do so.
    """

    long_side: int
    most_pixels: int | None
    stride: int
    nms_iou: float
    output: str
    pixels: Pixels
    classes_as: Mapping[str, str]
    threshold: Mapping[str, float]
    bfloat16: bool

    @property
    def finds(self) -> tuple[str, ...]:
        """Our classes the model finds, each once, in the order of its channels."""
        return tuple(dict.fromkeys(self.classes_as[name] for name in self.classes if name in self.classes_as))


@dataclass(frozen=True, slots=True, kw_only=True)
class CropCard(ModelCard):
    """The card of a model that reads or classifies a crop.

    Attributes:
        width, height, channels: of the input, pixels and 1 (grey) or 3.
        heads: class names by output of a network with several outputs, in the order of the outputs; else one head
            named like the model.
        settings: numbers the model's own code asks for, such as the score from which a reading is accepted.
    """

    width: int
    height: int
    channels: int
    heads: Mapping[str, tuple[str, ...]]
    settings: Mapping[str, float]


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def load_card(path: Path, *, verify: bool = True) -> DetectorCard | CropCard:
    """Read a card and check the weights beside it.

    Args:
        path: the card, ``.../road.json``.
        verify: compare the SHA-256 of the weights with the card's.

    Raises:
        ConfigError: the card is missing, unreadable, incomplete or wrong; the weights are missing or are not those
            of the card.
    """
    card = parse_card(read_json(path), path)
    if not card.path.is_file():
        raise ConfigError(f"The weights {card.file} named by the model card {path} are missing; put them beside it.")
    if verify and (found := file_sha256(card.path)) != card.sha256:
        raise ConfigError(
            f"The weights {card.path} are not those of their card (SHA-256 {found[:12]}, card {card.sha256[:12]}); "
            "take both from one release."
        )
    return card


def load_detector_card(path: Path, *, verify: bool = True) -> DetectorCard:
    """The card of a detector; see `load_card`.

    Raises:
        ConfigError: as there, or the model is none that finds boxes.
    """
    card = load_card(path, verify=verify)
    if not isinstance(card, DetectorCard):
        raise ConfigError(f"The model card {path} is of a model that can {card.task}; a detector's is needed.")
    return card


def load_crop_card(path: Path, task: Task, *, verify: bool = True) -> CropCard:
    """The card of a model that reads or classifies; see `load_card`.

    Raises:
        ConfigError: as there, or the model does something else.
    """
    card = load_card(path, verify=verify)
    if not isinstance(card, CropCard) or card.task != task:
        raise ConfigError(f"The model card {path} is of a model that can {card.task}; one that can {task} is needed.")
    return card


def read_json(path: Path) -> object:
    """Content of a card.

    Raises:
        ConfigError: the file cannot be read or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The model card {path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"The model card {path} is no JSON; write it anew or take it from the release.") from None


def parse_card(raw: object, path: Path) -> DetectorCard | CropCard:
    """A card from its JSON.

    Args:
        raw: content of the file.
        path: of the card; its weights lie beside it.

    Raises:
        ConfigError: one sentence that names the card, the field and the fault.
    """
    fields = Fields(raw, f"The model card {path}")
    task: Task = fields.choice("task", TASKS, default="detect")
    common = _common(fields, task, path)
    card = _detector(fields, common) if task == "detect" else _crop(fields, common)
    fields.nothing_left()
    return card


def _common(fields: Fields, task: Task, path: Path) -> dict[str, Any]:
    file = fields.text("file")
    if Path(file).name != file or file in {"", ".", ".."}:
        raise fields.wrong("file", "must be the plain name of a file beside the card")
    sha256 = fields.text("sha256").lower()
    if len(sha256) != 2 * hashlib.sha256().digest_size or not set(sha256) <= set("0123456789abcdef"):
        raise fields.wrong("sha256", "must be 64 hexadecimal digits; `sha256sum FILE` gives them")
    return {
        "name": fields.text("name"),
        "version": fields.text("version", ""),
        "file": file,
        "sha256": sha256,
        "task": task,
        "precision": fields.choice("precision", tuple(sorted(PRECISIONS)), default="fp32"),
        "metrics": MappingProxyType(fields.mapping("metrics", {})),
        "data": fields.rows("data", DataSource),
        "licence": fields.text("licence", "unknown"),
        "made_by": fields.text("made_by", ""),
        "machine": fields.text("machine", ""),
        "path": (path.parent / file).resolve(),
    }


def _detector(fields: Fields, common: dict[str, Any]) -> DetectorCard:
    classes = COCO_CLASSES if fields.peek("classes") == "coco" else fields.names("classes")
    fields.drop("classes")
    classes_as = _classes_as(fields, classes)
    finds = dict.fromkeys(classes_as.values())
    stride = fields.whole("stride", 32, least=1)
    long_side = fields.whole("long_side", 640, least=stride)
    if long_side % stride:
        raise fields.wrong("long_side", f"must be a multiple of stride, {stride}")
    output = fields.choice("output", tuple(OUTPUTS), default="yolo")
    return DetectorCard(
        **common,
        classes=classes,
        long_side=long_side,
        most_pixels=fields.whole("most_pixels", None, least=stride * stride),
        stride=stride,
        nms_iou=fields.share("nms_iou", 0.6, whole_allowed=True),
        output=output,
        pixels=fields.pixels("input", OUTPUTS[output].pixels),
        classes_as=MappingProxyType(classes_as),
        threshold=MappingProxyType(fields.shares("threshold", tuple(finds), LEAST_THRESHOLD)),
        bfloat16=fields.flag("bfloat16"),
    )


def _classes_as(fields: Fields, classes: tuple[str, ...]) -> dict[str, str]:
    """Our class of each class kept; without the field, the network's classes must be ours (COCO: those that are)."""
    if fields.peek("classes_as") is None:
        if classes is COCO_CLASSES:
            return {name: name for name in classes if name in KNOWN_CLASSES}
        if strange := [name for name in classes if name not in KNOWN_CLASSES]:
            raise fields.wrong(
                "classes",
                f"Qyran does not know the class {strange[0]!r}; name in classes_as which of the model's classes are "
                f"which of ours ({', '.join(KNOWN_CLASSES)})",
            )
        return {name: name for name in classes}
    given = fields.mapping("classes_as")
    for name, ours in given.items():
        if name not in classes:
            raise fields.wrong("classes_as", f"the model has no class {name!r}")
        if ours not in KNOWN_CLASSES:
            raise fields.wrong(
                "classes_as", f"Qyran does not know the class {ours!r}; it knows {', '.join(KNOWN_CLASSES)}"
            )
    if not given:
        raise fields.wrong("classes_as", "at least one class must be kept")
    return {name: str(given[name]) for name in classes if name in given}


def _crop(fields: Fields, common: dict[str, Any]) -> CropCard:
    size = fields.inner("input")
    if fields.peek("heads") is None:
        classes = fields.names("classes")
        heads = {common["name"]: classes}
    else:
        inner = fields.inner("heads")
        heads = {head: inner.names(head) for head in inner.keys()}  # noqa: SIM118 - not a mapping
        classes = tuple(f"{head}:{name}" for head, names in heads.items() for name in names)
        fields.drop("classes")
    card = CropCard(
        **common,
        classes=classes,
        width=size.whole("width", least=1),
        height=size.whole("height", least=1),
        channels=size.whole("channels", 3, least=1),
        heads=MappingProxyType(heads),
        settings=MappingProxyType(fields.numbers("settings")),
    )
    if card.channels not in {1, 3}:
        raise size.wrong("channels", "must be 1 (grey) or 3")
    size.nothing_left()
    return card
