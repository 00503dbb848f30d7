"""The pictures that give a detector's figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.data.fire import fire_records
from models.data.road import road_records

if TYPE_CHECKING:
    from pathlib import Path

    from models.data.records import Record


def held_out(task: str, data: Path) -> list[Record]:
    """The pictures of `task` (``road`` or ``fire``) under the data folder that no training and no choice ever saw."""
    if task == "road":
        return road_records(data, ("val",))
    return [record for record in fire_records(data) if record.split in {"val", "test"}]
