"""What each detector is trained with."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from models.augment import Augmentation
from vision.classes import FIRE_CLASSES, ROAD_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of training.

    Attributes:
        epochs: passes over the drawn pictures.
        rate: peak learning rate of AdamW; it follows a cosine down to 5 %.
        sources: how often a picture of each source is drawn in an epoch, on average; a source that is absent
            is not used.
    """

    epochs: int
    rate: float
    sources: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Recipe:
    """All settings of one detector's training.

    Attributes:
        task: ``road`` or ``fire``.
        classes: class names in output order.
        phases: run one after the other, each starting from the averaged weights of the one before.
        batch: pictures a step.
        stored_side: long side of the pictures kept in memory, pixels.
        frozen: number of first layers that stay as COCO made them.
        backbone_rate: learning rate of layers 0 to 9 relative to the rest.
        augmentation: see there.
        val_side: long input side of the check after an epoch.
        long_side: default long input side of the shipped model.
        trained_share: the shipped weights lie this far on the line from the COCO start to the trained ones; a
            share below 1 keeps what the start knew of views the training pictures lack.
    """

    task: str
    classes: tuple[str, ...]
    phases: tuple[Phase, ...]
    batch: int
    stored_side: int
    frozen: int
    backbone_rate: float
    augmentation: Augmentation
    val_side: int
    long_side: int
    trained_share: float


_FIRE_REAL: Final = {
    "fire-wrpgm": 0.7,
    "hotfire": 1.5,
    "continuous_fire": 0.7,
    "nav_fire": 1.0,
    "hotfire_neg": 1.0,
    "neg_dashcam_ro": 0.5,
    "road": 0.2,
    "manaus_cctv": 0.5,
    "rf100_vehicles_km39": 0.15,
    "bangkok_cctv": 0.7,
}

FIRE: Final = Recipe(
    task="fire",
    classes=FIRE_CLASSES,
    phases=(
        Phase(epochs=10, rate=1e-3, sources=MappingProxyType(_FIRE_REAL)),
        Phase(epochs=9, rate=4e-4, sources=MappingProxyType({**_FIRE_REAL, "rendered": 1.0})),
        Phase(
            epochs=3,
            rate=2e-4,
            sources=MappingProxyType(
                {**{name: times / 2 for name, times in _FIRE_REAL.items()}, "rendered": 0.4, "plain": 1.0}
            ),
        ),
    ),
    batch=16,
    stored_side=640,
    frozen=3,
    backbone_rate=0.5,
    augmentation=Augmentation(
        canvases=((416, 416), (384, 512), (320, 512)),
        mosaic=0.4,
        zoom=(0.65, 1.7),
        hue=0.012,
        saturation=0.45,
        value=0.35,
        night=0.04,
        spoil=0.3,
    ),
    val_side=512,
    long_side=512,
    trained_share=1.0,
)

_ROAD_REAL: Final = {"road": 1.0, "manaus_cctv": 1.5, "rf100_vehicles_km39": 0.4, "bangkok_cctv": 1.5}
ROAD: Final = Recipe(
    task="road",
    classes=ROAD_CLASSES,
    phases=(
        Phase(epochs=8, rate=4e-4, sources=MappingProxyType(_ROAD_REAL)),
        Phase(epochs=4, rate=2e-4, sources=MappingProxyType({**_ROAD_REAL, "rendered": 1.0})),
    ),
    batch=16,
    stored_side=960,
    frozen=6,
    backbone_rate=0.3,
    augmentation=Augmentation(
        canvases=((384, 640), (384, 640), (480, 640)),
        mosaic=0.4,
        zoom=(0.6, 1.6),
        hue=0.02,
        saturation=0.5,
        value=0.35,
        night=0.10,
        spoil=0.3,
    ),
    val_side=640,
    long_side=640,
    trained_share=0.55,
)

RECIPES: Final = {"road": ROAD, "fire": FIRE}
