"""From a detector's card to what the product's detector runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision.detector import DetectorSpec

if TYPE_CHECKING:
    from models.card import DetectorCard


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
