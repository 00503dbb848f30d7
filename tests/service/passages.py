from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from evidence.canonical import file_sha256
from service import passage_still
from service.ingest import ingest
from service.passages import PassageFilter
from service.query_log import Reason
from tests.service.world import NOON

REASON = Reason(code="stolen_vehicle", number="ЕРДР 2612345678")


def passage(world, plate: str | None = "123ABC02", *, minutes: float = 0.0, still: bool = False, **changes):
    """A passage event, and the folder of its pictures where it has some."""
    identity = uuid4()
    given = {
        "id": identity, "type": "passage", "time": NOON + timedelta(minutes=minutes), "onset_s": None,
        "line": "count", "lane": "left", "direction": "forward", "class": "car", "vehicle_type": "car",
        "colour": "white", "speed_kmh": 51.2, "speed_uncertainty_kmh": 1.4, "plate": plate, "score": None,
        "evidence": None,
    }  # fmt: skip
    if plate:
        given |= {"plate_score": 0.93, "plate_uncertain": ()}
    folder = None
    if still:
        folder = pictures(world.settings.home / "out" / str(identity))
        hashes = {path.name: file_sha256(path) for path in folder.iterdir()}
        given |= {"still": f"passages/{identity}", "still_files": hashes}
    return world.event("control", **{**given, **changes}), folder


def pictures(folder):
    folder.mkdir(parents=True)
    for name in (passage_still.VEHICLE, passage_still.VIEW):
        (folder / name).write_bytes(b"\xff\xd8" + name.encode())
    return folder


def taken(world, plate: str | None = "123ABC02", **changes) -> str:
    """The id of a passage in the store."""
    event, folder = passage(world, plate, **changes)
    world.spool.put(event, folder)
    assert ingest(world.spool, world.store).stored == 1
    return str(event.id)


def wanted(plate: str | None = None, *, hours: float = 24, **changes) -> PassageFilter:
    span = timedelta(hours=hours)
    return PassageFilter(plate=plate, start=NOON - span, end=NOON + span, **changes)
