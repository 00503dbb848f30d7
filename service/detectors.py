"""Which model stands in which place, and its detector."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from models.card import WEIGHTS, load_crop_card, load_detector_card
from models.registry import find
from models.spec import spec_of
from qyran.errors import ConfigError
from vision.classes import FIRE_CLASSES, PLATE_CLASSES, ROAD_CLASSES
from vision.detector import Detector
from vision.engine import AUTO, suiting

if TYPE_CHECKING:
    from pathlib import Path

    from models.card import CropCard, DetectorCard
    from vision.engine import Engine, EngineRoom

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
        room: where they run, if not in this very process; its engine is then what runs them.
    """

    road: str = "road"
    fire: str = "fire"
    plates: str = "plates"
    engine: str = AUTO
    folder: Path | None = None
    room: EngineRoom | None = field(default=None, compare=False, repr=False)

    def network(self, weights: Path, *, bfloat16: bool = False) -> str | Engine:
        """What runs the network of these weights: the name of an engine, or an engine that has loaded it.

        Args:
            weights: the ONNX file.
            bfloat16: whether the network's card allows that arithmetic.

        Raises:
            ConfigError: the weights cannot be used.
            InferenceError: the room has nobody in it.
        """
        engine = suiting(bfloat16=bfloat16) if self.engine == AUTO else self.engine
        return engine if self.room is None else self.room.open(weights, engine)

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

    def detector(self, place: Place, *, threads: int = 1, long_side: int | None = None, at_once: int = 1) -> Detector:
        """The detector in a place; its class numbers are indices into ``EXPECTED[place]``.

        Args:
            place: what it is there for.
            threads: of the processor for each picture.
            long_side: of its input, pixels; None for the card's.
            at_once: twins of it that look at the same time.
        """
        card = self.card(place)
        spec = spec_of(card, long_side, classes=EXPECTED[place])
        engine = self.network(spec.weights, bfloat16=card.bfloat16)
        return Detector(spec, threads=threads, engine=engine, at_once=at_once)


SHIPPED: Final = ModelChoice()
"""The shipped models, each on the engine that suits it and this processor."""


def shipped_crop_card(name: CropName) -> CropCard:
    """The card of a shipped model that reads or classifies crops, its weights checked against their hash.

    Raises:
        ConfigError: card or weights are missing, altered, or made for another task.
    """
    return load_crop_card(WEIGHTS / f"{name}.json", CROPS[name])
