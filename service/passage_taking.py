"""Taking passages into the store, many at once: their rows, sealed plates, the index, and what watch lists say."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evidence.canonical import file_sha256
from kpi_catalog.tally import Part
from service import watch_hits
from service.durable import move_folder
from service.passage_still import VEHICLE, VIEW
from service.plate_index import remember_many
from service.plates import normal
from service.store.bulk import put_rows
from service.store.marks import Mark, leave
from service.store.tables import Passage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from service.event import Event
    from service.spool import Item
    from service.store.database import Store, Work

PICTURES: Final = frozenset({VEHICLE, VIEW})
NAMES: Final = (
    "id", "camera_id", "line", "lane", "kind", "direction", "time", "video_s", "track", "class_", "vehicle_type",
    "colour", "speed_kmh", "speed_uncertainty_kmh", "score", "plate_token", "plate_score", "plate_uncertain", "still",
    "still_files", "wrapped_key", "sealed",
)  # fmt: skip
"""Columns that taking fills."""


def adopt_still(item: Item, store: Store) -> None:
    """Move a passage's pictures to their final place; again after a kill, they are there already."""
    target = store.settings.passages_folder / still_place(item.event)
    if item.evidence.exists():
        move_folder(item.evidence, target)
    if target.exists() and not _as_named(target, item.event):
        shutil.rmtree(target)  # pictures that are not what the worker saw help nobody


class Months:
    """The city's months of moments; those of one quarter of an hour are asked once."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._known: dict[datetime, str] = {}

    def of(self, moment: datetime) -> str:
        """The month of a moment, 2026-11: a month begins with a quarter of an hour in every zone."""
        quarter = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
        if quarter not in self._known:
            self._known[quarter] = f"{quarter.astimezone(self._zone):%Y-%m}"
        return self._known[quarter]


def take_passages(work: Work, events: Sequence[Event]) -> None:
    """Store passages whose pictures have been moved, none of them taken before."""
    vault = work.store.vault
    plates = [normal(event.plate) if event.plate else None for event in events]
    tokens = {plate: vault.token(plate) for plate in set(plates) if plate is not None}
    months = dict[str, str]()
    local = Months(work.store.settings.zone)
    for event, plate in zip(events, plates, strict=True):
        if plate is not None:
            months[tokens[plate]] = max(local.of(event.time), months.get(tokens[plate], ""))
    remember_many(work, {token: plate for plate, token in tokens.items()}, months)
    read = [(str(event.id), plate) for event, plate in zip(events, plates, strict=True) if plate is not None]
    sealed = vault.seal_many((record, 0, {"payload": {"plate": plate}}) for record, plate in read)
    boxes = {record: box for (record, _), box in zip(read, sealed, strict=True)}
    rows = [
        _row(work.store, event, None if plate is None else tokens[plate], boxes.get(str(event.id), (None, None)))
        for event, plate in zip(events, plates, strict=True)
    ]
    put_rows(work.session, Passage, NAMES, rows)
    _mark(work, [event.time for event in events if event.plate])
    watch_hits.match(
        work,
        [
            watch_hits.Seen(str(event.id), event.camera, event.time, tokens[plate], plate)
            for event, plate in zip(events, plates, strict=True)
            if plate is not None
        ],
    )


def still_place(event: Event) -> Path:
    """Where a passage's pictures lie under the folder of passages."""
    return Path(f"{event.time:%Y-%m-%d}") / str(event.id)


def _row(store: Store, event: Event, token: str | None, box: tuple[bytes | None, bytes | None]) -> tuple[Any, ...]:
    place = still_place(event) if event.still is not None else None
    has_still = place is not None and (store.settings.passages_folder / place).exists()
    read = token is not None
    return (
        str(event.id),
        event.camera,
        event.line,
        event.lane,
        event.kind,
        event.direction,
        event.time,
        event.video_s,
        event.track,
        event.class_,
        event.vehicle_type,
        event.colour,
        event.speed_kmh,
        event.speed_uncertainty_kmh,
        event.score,
        token,
        event.plate_score if read else None,
        list(event.plate_uncertain or ()) if read else None,
        str(place) if has_still else None,
        dict(event.still_files or {}) if has_still else None,
        *box,
    )


def _mark(work: Work, times: Sequence[datetime]) -> None:
    """Vehicles of the running month are counted where they lie; only a month that is over must be counted again."""
    local = Months(work.store.settings.zone)
    running = local.of(work.now)
    over = {month: moment for moment in times if (month := local.of(moment)) < running}
    leave(work.session, (Mark(Part.VEHICLES, moment) for moment in over.values()))


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
