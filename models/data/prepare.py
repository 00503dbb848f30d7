"""All labelled pictures of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.data.fire import fire_records
from models.data.places import shared
from models.data.plain import plain_records
from models.data.rendered import rendered_records
from models.data.road import road_records

if TYPE_CHECKING:
    from models.data.records import Record


def prepared(task: str, *, rendered: bool) -> list[Record]:
    """All real pictures of `task` (``road`` or ``fire``) and, if asked for, the rendered ones."""
    data = shared() / "data"
    records = fire_records(data) if task == "fire" else road_records(data)
    if not rendered:
        return records
    return [*records, *rendered_records(task), *(plain_records() if task == "fire" else [])]


def held_out(task: str) -> list[Record]:
    """The pictures of `task` that no training and no choice ever saw."""
    data = shared() / "data"
    if task == "road":
        return road_records(data, ("val",))
    return [record for record in fire_records(data) if record.split in {"val", "test"}]
