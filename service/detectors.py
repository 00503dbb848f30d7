"""From model cards to what `vision` runs: the one place where `models` meets `vision`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from models.card import WEIGHTS, load_crop_card, load_detector_card
from models.registry import find
from qyran.errors import ConfigError
from vision.classes import FIRE_CLASSES, PLATE_CLASSES, ROAD_CLASSES
from vision.detector import Detector, DetectorSpec

if TYPE_CHECKING:
    from pathlib import Path

    from models.card import CropCard, DetectorCard

Place = Literal["road", "fire", "plates"]
"""What a detector is there for."""
CropName = Literal["plate_reader", "signals", "attributes"]
EXPECTED: Final[dict[Place, tuple[str, ...]]] = {"road": ROAD_CLASSES, "fire": FIRE_CLASSES, "plates": PLATE_CLASSES}
"""What the detector in each place may find; detections carry the index into this."""
CROPS: Final[dict[CropName, Literal["read", "classify"]]] = {
    "plate_reader": "read", "signals": "classify", "attributes": "classify",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which detectors watch: each named like a shipped or installed model, or by the path of its card.

    Attributes:
        road: finds road users; ``road_small`` for many streams on one machine.
        fire: finds fire and smoke.
        plates: finds number plates.
        engine: what runs them, one of `vision.engine.ENGINES`.
        folder: of the installed models.
    """

    road: str = "road"
    fire: str = "fire"
    plates: str = "plates"
    engine: str = "cpu"
    folder: Path | None = None

    def card(self, place: Place) -> DetectorCard:
        """The card of the model in a place, its weights checked against their hash.

        Raises:
            ConfigError: there is no such model, card or weights are wrong or altered, or it finds nothing that
                belongs in that place.
        """
        card = load_detector_card(find(getattr(self, place), self.folder))
        if not set(card.finds) & set(EXPECTED[place]):
            raise ConfigError(
                f"The model {card.name} finds {', '.join(card.finds)}; in the place of the {place} model it must find "
                f"some of {', '.join(EXPECTED[place])}."
            )
        return card

    def detector(self, place: Place, *, threads: int = 1, long_side: int | None = None) -> Detector:
        """The detector in a place; its class numbers are indices into ``EXPECTED[place]``."""
        spec = spec_of(self.card(place), long_side, classes=EXPECTED[place])
        return Detector(spec, threads=threads, engine=self.engine)


SHIPPED: Final = ModelChoice()
"""The shipped models on ONNX Runtime."""


def shipped_crop_card(name: CropName) -> CropCard:
    """The card of a shipped model that reads or classifies crops, its weights checked against their hash.

    Raises:
        ConfigError: card or weights are missing, altered, or made for another task.
    """
    return load_crop_card(WEIGHTS / f"{name}.json", CROPS[name])


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
