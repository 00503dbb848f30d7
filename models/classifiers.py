"""From cards to the classifiers of `vision`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from models.card import WEIGHTS, load_crop_card
from vision.classifier import Classifier, ClassifierSpec

if TYPE_CHECKING:
    from pathlib import Path

    from models.card import CropCard

ACCEPT: Final = "accept"
"""The setting of a card that says from which share on a class is believed."""


def classifier_spec(card: CropCard) -> ClassifierSpec:
    """What a classifier must know about a card's weights."""
    return ClassifierSpec(
        weights=card.path,
        lists=tuple(card.heads.values()),
        width=card.width,
        height=card.height,
        accept=card.settings.get(ACCEPT, 0.5),
        sha256=card.sha256,
    )


def open_classifier(name: str, card: Path | None = None, *, threads: int = 1, engine: str = "cpu") -> Classifier:
    """The shipped classifier of a name, or that of a card.

    Raises:
        ConfigError: card or weights are missing, altered, or made for another task.
    """
    return Classifier(classifier_spec(load_crop_card(card or WEIGHTS / f"{name}.json", "classify")), threads, engine)
