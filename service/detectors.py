"""From model cards to what `vision` runs: the one place where `models` meets `vision`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from models.card import WEIGHTS, load_crop_card, load_detector_card
from qyran.errors import ConfigError
from vision.classes import FIRE_CLASSES, PLATE_CLASSES, ROAD_CLASSES
from vision.detector import Detector, DetectorSpec

if TYPE_CHECKING:
    from pathlib import Path

    from models.card import CropCard, DetectorCard

ModelName = Literal["road", "road_small", "fire", "plates"]
CropName = Literal["plate_reader", "signals", "attributes"]
EXPECTED: Final[dict[ModelName, tuple[str, ...]]] = {
    "road": ROAD_CLASSES, "road_small": ROAD_CLASSES, "fire": FIRE_CLASSES, "plates": PLATE_CLASSES,
}  # fmt: skip
"""What the detector in each place finds; detections carry the index into this."""
CROPS: Final[dict[CropName, Literal["read", "classify"]]] = {
    "plate_reader": "read", "signals": "classify", "attributes": "classify",
}  # fmt: skip


def shipped_card(name: ModelName) -> DetectorCard:
    """The card of a shipped detector, its weights checked against their hash.

    Raises:
        ConfigError: card or weights are missing, altered, or made for other classes.
    """
    card = load_detector_card(WEIGHTS / f"{name}.json")
    if card.finds != EXPECTED[name]:
        raise ConfigError(f"The model card {name}.json names other classes than this version expects; reinstall Qyran.")
    return card


def shipped_crop_card(name: CropName) -> CropCard:
    """The card of a shipped model that reads or classifies crops, its weights checked against their hash.

    Raises:
        ConfigError: card or weights are missing, altered, or made for another task.
    """
    return load_crop_card(WEIGHTS / f"{name}.json", CROPS[name])


def own_card(path: Path, name: ModelName) -> DetectorCard:
    """A user's card for the place of a shipped detector.

    Raises:
        ConfigError: card or weights are missing, wrong, or find nothing that belongs in that place.
    """
    card = load_detector_card(path)
    if not set(card.finds) & set(EXPECTED[name]):
        raise ConfigError(
            f"The model of {path} finds {', '.join(card.finds)}; in the place of the {name} model it must find some of "
            f"{', '.join(EXPECTED[name])}."
        )
    return card


def spec_of(
    card: DetectorCard, long_side: int | None = None, *, classes: tuple[str, ...] | None = None
) -> DetectorSpec:
    """What the detector must know about a card's weights.

    Args:
        card: the card.
        long_side: of the input in pixels, where it is to be other than the card's.
        classes: names that the detections' class numbers stand for; by default what the card finds.
    """
    classes = classes or card.finds
    ours = [card.classes_as.get(name) for name in card.classes]
    return DetectorSpec(
        weights=card.path,
        classes=classes,
        long_side=long_side or card.long_side,
        stride=card.stride,
        # A class that the model does not find has no channel: its threshold is never looked at.
        thresholds=tuple(card.threshold.get(name, 0.5) for name in classes),
        nms_iou=card.nms_iou,
        sha256=card.sha256,
        most_pixels=card.most_pixels,
        output=card.output,
        pixels=card.pixels,
        channels=tuple(classes.index(name) if name in classes else -1 for name in ours),
    )


def shipped_detector(name: ModelName, *, threads: int = 1, long_side: int | None = None) -> Detector:
    """A detector with a shipped model."""
    return Detector(spec_of(shipped_card(name), long_side), threads=threads)
