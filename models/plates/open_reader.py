"""Opening the shipped plate reader, or another with the same outputs, from its card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from models.card import WEIGHTS, load_crop_card
from qyran.errors import ConfigError
from vision.engine import open_engine
from vision.plate_crop import HEIGHT, WIDTH
from vision.plate_grammar import SIGNS
from vision.plate_reader import Calibration, PlateReader

if TYPE_CHECKING:
    from pathlib import Path

    from vision.engine import Engine

CARD: Final = WEIGHTS / "plate_reader.json"
"""Card of the shipped reader."""


def open_reader(card_path: Path | None = None, *, threads: int = 1, engine: str | Engine = "cpu") -> PlateReader:
    """Load a plate reader.

    Args:
        card_path: its card; the shipped one if None.
        threads: of the engine.
        engine: name of the run-time, see ``vision.engine``, or the reader's network, loaded already.

    Raises:
        ConfigError: the card or the weights are missing or wrong, or the model reads other signs or other crops.
    """
    card = load_crop_card(card_path or CARD, "read")
    if "".join(card.classes) != SIGNS:
        raise ConfigError(
            f"The model {card.name} does not read the signs 0-9 and A-Z in this order; it cannot read plates."
        )
    if (card.width, card.height, card.channels) != (WIDTH, HEIGHT, 1):
        raise ConfigError(
            f"The model {card.name} does not read grey crops of {WIDTH} x {HEIGHT} px; it cannot read plates."
        )
    network = open_engine(card.path, threads, engine) if isinstance(engine, str) else engine
    return PlateReader(network, Calibration.of_settings(card.settings))
