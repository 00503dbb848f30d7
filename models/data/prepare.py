"""All labelled pictures of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.data.fire import fire_records
from models.data.look_alikes import look_alike_records
from models.data.pasted_fire import pasted_records
from models.data.places import shared
from models.data.plain import plain_records
from models.data.rendered import rendered_records
from models.data.road import road_records

if TYPE_CHECKING:
    from models.data.records import Record


def prepared(task: str, *, rendered: bool) -> list[Record]:
    """Pictures to train `task` (``road`` or ``fire``) on and to choose by (dev); the rendered ones too if asked for."""
    data = shared() / "data"
    records = road_records(data, ("train",)) if task == "road" else fire_records(data)
    records = [record for record in records if record.split in {"train", "dev"}]
    if not rendered:
        return records
    if task == "road":
        return [*records, *rendered_records(task)]
    drawn = [*plain_records(), *look_alike_records(records), *pasted_records(records)]
    return [*records, *rendered_records(task), *drawn]
