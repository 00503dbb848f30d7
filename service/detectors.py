"""From the shipped model cards to detectors: the one place where `models` meets `vision`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from models.card import WEIGHTS, load_card
from qyran.errors import ConfigError, IntegrityError
from vision.classes import FIRE_CLASSES, ROAD_CLASSES
from vision.detector import Detector, DetectorSpec

if TYPE_CHECKING:
    from models.card import ModelCard

ModelName = Literal["road", "fire"]
EXPECTED: Final[dict[str, tuple[str, ...]]] = {"road": ROAD_CLASSES, "fire": FIRE_CLASSES}


def shipped_card(name: ModelName) -> ModelCard:
    """The card of a shipped model, its weights checked against their hash.

    Raises:
        ConfigError: card or weights are missing, altered, or made for other classes.
    """
    try:
        card = load_card(WEIGHTS / f"{name}.json")
    except IntegrityError as error:
        raise ConfigError(str(error)) from error
    if card.classes != EXPECTED[name]:
        raise ConfigError(f"The model card {name}.json names other classes than this version expects; reinstall Qyran.")
    return card


def spec_of(card: ModelCard, long_side: int | None = None) -> DetectorSpec:
    """What the detector must know about a card's weights; `long_side` in pixels overrides the card's."""
    return DetectorSpec(
        weights=card.path,
        classes=card.classes,
        long_side=long_side or card.long_side,
        stride=card.stride,
        thresholds=tuple(card.threshold[name] for name in card.classes),
        nms_iou=card.nms_iou,
        sha256=card.sha256,
    )


def shipped_detector(name: ModelName, *, threads: int = 1, long_side: int | None = None) -> Detector:
    """A detector with a shipped model."""
    return Detector(spec_of(shipped_card(name), long_side), threads=threads)
