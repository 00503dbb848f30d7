"""Number plates: the finder and the reader of an installation put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from models.plates.open_reader import open_reader
from service.detectors import SHIPPED, shipped_crop_card
from vision.plate_finder import FoundAndRead

if TYPE_CHECKING:
    from service.detectors import ModelChoice

OFF: Final = "off"
"""Stands for the plates model where plates are not to be read."""


def plate_eye(models: ModelChoice = SHIPPED) -> FoundAndRead | None:
    """What finds and reads plates on vehicles, None where plates are switched off.

    Raises:
        ConfigError: a model is missing, altered or made for another task.
    """
    if models.plates == OFF:
        return None
    reader = models.network(shipped_crop_card("plate_reader").path)
    return FoundAndRead(models.detector("plates"), open_reader(engine=reader))


def plate_models(models: ModelChoice = SHIPPED) -> dict[str, str]:
    """SHA-256 of the weights that find and read plates, by name; empty where plates are switched off."""
    if models.plates == OFF:
        return {}
    return {"plates": models.card("plates").sha256, "plate_reader": shipped_crop_card("plate_reader").sha256}
