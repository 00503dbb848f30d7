"""Where data, starting weights and intermediate files lie."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from qyran.errors import ConfigError

CHECKOUT: Final = Path(__file__).resolve().parents[2]
CACHE: Final = CHECKOUT / ".cache" / "models"
"""Everything training writes; never committed."""


def shared() -> Path:
    """The folder with data sets and starting weights: ``QYRAN_SHARED`` or ``../shared`` beside the checkout.

    Raises:
        ConfigError: it is not there.
    """
    folder = Path(os.environ.get("QYRAN_SHARED", CHECKOUT.parent / "shared"))
    if not (folder / "data").is_dir():
        message = f"no training data in {folder}; set QYRAN_SHARED to the folder that holds data/ and weights/"
        raise ConfigError(message)
    return folder
