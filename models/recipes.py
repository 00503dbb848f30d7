"""What each detector is trained with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from models.augment import Augmentation
from vision.classes import BICYCLE, BUS, FIRE_CLASSES, MOTORCYCLE, ROAD_CLASSES

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
        augmentation: instead of the recipe's.
    """

    epochs: int
    rate: float
    sources: Mapping[str, float]
    augmentation: Augmentation | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """All settings of one detector's training.

    Attributes:
        name: of the shipped model.
        task: whose pictures it learns from, ``road`` or ``fire``.
        classes: class names in output order.
        phases: run one after the other, each starting from the averaged weights of the one before.
        batch: pictures a step.
        stored_side: long side of the pictures kept in memory, pixels.
        frozen: number of first layers that stay as COCO made them.
        backbone_rate: learning rate of layers 0 to 9 relative to the rest.
        augmentation: see there.
        val_side: long input side of the check after an epoch.
        long_side: default long input side of the shipped model.
        most_pixels: largest input area of the shipped model; a picture that would be larger is scaled down further.
        averaged: number of last phases whose weights are averaged (model soup, Wortsman et al. 2022, arXiv 2203.05482).
        start: model whose last phase it starts from; empty for the COCO start.
        rare: how much more often a picture is drawn that shows one of these classes.
        trained_share: the shipped weights lie this far on the line from the COCO start to the trained ones; a
            share below 1 keeps what the start knew of views the training pictures lack.
    """

    name: str
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
    most_pixels: int
    trained_share: float
    averaged: int = 1
    start: str = ""
    rare: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))


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

_FIRE_MORE: Final = {
    "fire-wrpgm": 0.35,
    "hotfire": 2.0,
    "continuous_fire": 0.4,
    "nav_fire": 0.8,
    "hotfire_neg": 1.5,
    "neg_dashcam_ro": 0.25,
    "road": 0.1,
    "manaus_cctv": 0.2,
    "rf100_vehicles_km39": 0.07,
    "bangkok_cctv": 0.5,
    "signals": 0.25,
    "rendered": 0.4,
    "plain": 0.25,
    "look_alikes": 0.3,
    "pasted_fire": 0.3,
}
_FIRE_LARGE: Final = Augmentation(
    canvases=((448, 448), (384, 512), (352, 576), (480, 480)),
    mosaic=0.4,
    zoom=(0.75, 2.2),
    hue=0.012,
    saturation=0.5,
    value=0.4,
    night=0.05,
    spoil=0.3,
)

FIRE: Final = Recipe(
    name="fire",
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
        # From here on larger pictures, the photographs of `hotfire` more often, flames and look-alikes drawn into
        # streets, and the dev part left out.
        Phase(epochs=7, rate=8e-4, sources=MappingProxyType(_FIRE_MORE), augmentation=_FIRE_LARGE),
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
    val_side=416,
    long_side=416,
    most_pixels=416 * 416,
    trained_share=1.0,
    averaged=2,
)

_ROAD_REAL: Final = {
    "road": 1.0,
    "manaus_cctv": 1.5,
    "rf100_vehicles_km39": 0.4,
    "bangkok_cctv": 2.0,
    "dashcam_ro": 0.5,
    "plates_us_br": 0.2,
}
_ROAD_RARE: Final = {BICYCLE: 3.0, MOTORCYCLE: 2.0, BUS: 2.5}
_ROAD_AUGMENTATION: Final = Augmentation(
    canvases=((384, 640), (416, 512), (448, 448)),
    mosaic=0.3,
    zoom=(0.8, 2.1),
    hue=0.02,
    saturation=0.5,
    value=0.35,
    night=0.10,
    spoil=0.3,
)
ROAD: Final = Recipe(
    name="road",
    task="road",
    classes=ROAD_CLASSES,
    phases=(
        Phase(epochs=8, rate=6e-4, sources=MappingProxyType({**_ROAD_REAL, "rendered": 0.4})),
        Phase(epochs=12, rate=4e-4, sources=MappingProxyType({**_ROAD_REAL, "rendered": 0.4})),
        Phase(
            epochs=11,
            rate=4e-4,
            sources=MappingProxyType({**_ROAD_REAL, "rendered": 0.6}),
            augmentation=replace(_ROAD_AUGMENTATION, paste=0.8),
        ),
    ),
    batch=16,
    stored_side=960,
    frozen=4,
    backbone_rate=0.4,
    augmentation=_ROAD_AUGMENTATION,
    val_side=704,
    long_side=704,
    most_pixels=704 * 416,
    trained_share=0.9,
    averaged=2,
    rare=MappingProxyType(_ROAD_RARE),
)

ROAD_SMALL: Final = replace(
    ROAD,
    name="road_small",
    phases=(Phase(epochs=5, rate=3e-4, sources=MappingProxyType({**_ROAD_REAL, "rendered": 0.4})),),
    augmentation=replace(ROAD.augmentation, canvases=((288, 512), (384, 512), (416, 416)), zoom=(0.65, 1.4)),
    val_side=512,
    long_side=544,
    most_pixels=544 * 320,
    trained_share=0.85,
    averaged=1,
    start="road",
)

RECIPES: Final = {recipe.name: recipe for recipe in (ROAD, ROAD_SMALL, FIRE)}
