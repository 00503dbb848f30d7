"""Taking a passage into the store: its row, its sealed plate, the index, its pictures, and what watch lists say."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evidence.canonical import file_sha256
from service import watch_hits
from service.durable import move_folder
from service.passage_still import VEHICLE, VIEW
from service.plate_index import remember
from service.plates import normal
from service.store.tables import Passage, Personal

if TYPE_CHECKING:
    from service.event import Event
    from service.spool import Item
    from service.store.database import Store, Work

PICTURES: Final = frozenset({VEHICLE, VIEW})


def adopt_still(item: Item, store: Store) -> None:
    """Move a passage's pictures to their final place; again after a kill, they are there already."""
    target = store.settings.passages_folder / still_place(item.event)
    if item.evidence.exists():
        move_folder(item.evidence, target)
    if target.exists() and not _as_named(target, item.event):
        shutil.rmtree(target)  # pictures that are not what the worker saw help nobody


def take_passage(work: Work, event: Event) -> None:
    """Store a passage."""
    plate = normal(event.plate) if event.plate else None
    place = still_place(event)
    has_still = event.still is not None and (work.store.settings.passages_folder / place).exists()
    row = Passage(
        id=str(event.id),
        camera_id=event.camera,
        line=event.line,
        lane=event.lane,
        kind=event.kind,
        direction=event.direction,
        time=event.time,
        video_s=event.video_s,
        track=event.track,
        class_=event.class_,
        vehicle_type=event.vehicle_type,
        colour=event.colour,
        speed_kmh=event.speed_kmh,
        speed_uncertainty_kmh=event.speed_uncertainty_kmh,
        score=event.score,
        plate_token=remember(work, plate) if plate else None,
        plate_score=event.plate_score if plate else None,
        plate_uncertain=list(event.plate_uncertain or ()) if plate else None,
        still=str(place) if has_still else None,
        still_files=dict(event.still_files or {}) if has_still else None,
    )
    work.session.add(row)
    if plate:
        wrapped, sealed = work.store.vault.seal(row.id, 0, {"payload": {"plate": plate}})
        work.session.add(Personal(record=row.id, seq=0, wrapped_key=wrapped, sealed=sealed))
        work.session.flush()
        watch_hits.match(work, row, plate)


def still_place(event: Event) -> Path:
    """Where a passage's pictures lie under the folder of passages."""
    return Path(f"{event.time:%Y-%m-%d}") / str(event.id)


def _as_named(folder: Path, event: Event) -> bool:
    """Whether a folder holds the pictures that the event names, by their hashes, and nothing else."""
    named = event.still_files or {}
    found = {path.name: path for path in folder.iterdir()}
    return (
        set(found) == set(named) <= PICTURES
        and bool(named)
        and all(path.is_file() and not path.is_symlink() for path in found.values())
        and all(file_sha256(found[name]) == sha256 for name, sha256 in named.items())
    )
