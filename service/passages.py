"""Passages: searched by plate with wildcards, place, time, class and colour, always for a reason that is noted."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints
from sqlalchemy import Select, func, select

from evidence.canonical import file_sha256
from qyran.errors import AccessError, InputError, IntegrityError, NotFound
from qyran.roles import OFFICERS
from service import query_log
from service.access import log_access, require
from service.functions import demand
from service.objects_store import local_folder
from service.passage_sight import refuse_hidden, visible
from service.plate_index import plate_of, plates_of, tokens_like
from service.plate_pattern import PlatePattern, plate_pattern
from service.query_log import Reason
from service.records import camera_names, name_of
from service.store.database import Work
from service.store.passage_tables import QueryLog
from service.store.scene_tables import CameraFile
from service.store.tables import Camera, Passage

PASSAGE_READERS: Final = OFFICERS
PAGE: Final = 24
MOST_A_PAGE: Final = 100
FEW_PLATES: Final = 2000
"""Plates of the time and place asked for that are compared one by one before the index is asked."""
FEW_PASSAGES: Final = 10_000
"""Passages that are looked through for them."""
MOST_COUNTED: Final = 1000
"""Nobody turns over so many pages; counting all of a city's day would take longer than finding the newest."""

Code = Annotated[str, StringConstraints(max_length=64)]


class PassageFilter(BaseModel):
    """What is searched for.

    Attributes:
        plate: `?` stands for one sign, `*` for any number; None for any plate, also one that was not read.
        cameras: ids; empty means all.
        start, end: of the time, UTC; the end does not belong to it.
        classes: road classes; empty means all.
        vehicle_type, colour: how the vehicle looks.
        direction: across the line.
        lane: id of the lane zone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    plate: Annotated[str, StringConstraints(max_length=20)] | None = None
    cameras: tuple[Code, ...] = ()
    start: AwareDatetime
    end: AwareDatetime
    classes: tuple[Literal["bicycle", "motorcycle", "car", "bus", "truck"], ...] = ()
    vehicle_type: Literal["car", "van", "bus", "truck"] | None = None
    colour: Literal["white", "grey", "black", "red", "yellow", "green", "blue"] | None = None
    direction: Literal["forward", "backward"] | None = None
    lane: Code | None = None


class PassageView(BaseModel):
    """A passage as an officer sees it.

    Attributes:
        speed_kmh, speed_uncertainty_kmh: auxiliary video speed, never a ground for a fine.
        plate_uncertain: positions of doubtful signs, from 0.
        stills: names of its pictures.
        still_query: query string that opens its pictures to who searched; None where something else opens them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    camera_id: str
    camera_name: dict[str, str]
    latitude: float | None
    longitude: float | None
    line: str | None
    line_name: dict[str, str] | None
    lane: str | None
    lane_name: dict[str, str] | None
    direction: str | None
    time: datetime
    class_: str | None
    vehicle_type: str | None
    colour: str | None
    speed_kmh: float | None
    speed_uncertainty_kmh: float | None
    plate: str | None
    plate_score: float | None
    plate_uncertain: tuple[int, ...]
    stills: tuple[str, ...]
    still_query: str | None
    held_for: str | None


class PassagePage(BaseModel):
    """A page of results.

    Attributes:
        query: the number under which the search was written down.
        total: how many there are, counted up to `MOST_COUNTED`.
        more: there are more than that.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str
    items: tuple[PassageView, ...]
    total: int
    offset: int
    more: bool = False


def search(work: Work, wanted: PassageFilter, reason: Reason, *, limit: int = PAGE, offset: int = 0) -> PassagePage:
    """Passages that match, the newest first; the search, its reason and its yield are written down.

    Raises:
        NotOffered: the city's category has no such function.
        AccessError: the actor is no officer.
        InputError: no reason, no time, an impossible plate, or one so vague that too many are like it.
    """
    demand(work.store.settings, "passages")
    role = require(work.actor, PASSAGE_READERS)
    query_log.check_reason(reason)
    if wanted.start >= wanted.end:
        raise InputError("The search needs a time that begins before it ends.")
    pattern = plate_pattern(wanted.plate) if wanted.plate else None
    found = _where(work, wanted, pattern)
    few = found.with_only_columns(Passage.id).limit(MOST_COUNTED + 1).subquery()
    counted = work.session.scalar(select(func.count()).select_from(few)) or 0
    total = min(counted, MOST_COUNTED)
    rows = work.session.scalars(
        found.order_by(Passage.time.desc(), Passage.id).limit(min(limit, MOST_A_PAGE)).offset(offset)
    ).all()
    said = wanted.model_dump(mode="json", exclude_none=True) | {"offset": offset}
    plate = pattern.text if pattern else None
    query = query_log.note(work, role, "search", reason, said, plate=plate, results=total)
    items = views_of(work, rows, query)
    return PassagePage(query=query, items=items, total=total, offset=offset, more=counted > total)


def still_file(work: Work, passage_id: str, name: str, query: str, key: str) -> Path:
    """A picture of a passage that the actor's own search showed him.

    Raises:
        AccessError: it did not, or the search is of another shift.
        NotFound: the passage has no such picture.
        IntegrityError: the picture is not what the worker saw.
    """
    require(work.actor, PASSAGE_READERS)
    entry = work.session.get(QueryLog, query)
    oldest = work.now - timedelta(hours=work.store.settings.session_hours)
    if (
        entry is None
        or entry.actor != work.actor.id
        or entry.at < oldest
        or not hmac.compare_digest(key, _key(work, query, passage_id))
    ):
        raise AccessError("A passage's picture is opened by a search of one's own with its reason; search again.")
    return picture_of(work, passage_id, name)


def picture_of(work: Work, passage_id: str, name: str) -> Path:
    """A picture of a passage, for a use case that has checked who asks.

    Raises:
        AccessError: its vehicle is denied to the actor, or blocked.
        NotFound: the passage has no such picture.
        IntegrityError: the picture is not what the worker saw.
    """
    row = work.session.get(Passage, passage_id)
    if row is not None:
        refuse_hidden(work, row)
    sha256 = None if row is None or row.still_files is None else row.still_files.get(name)
    if row is None or row.still is None or sha256 is None:
        raise NotFound(f"The passage {passage_id} has no picture {name}.")
    path = local_folder(work.store.settings, "passages", row.still) / name
    if not path.is_file() or file_sha256(path) != sha256:
        raise IntegrityError(f"The picture {name} of the passage {passage_id} is gone or was altered.")
    return path


def hold(work: Work, passage_id: str, what_for: str | None) -> None:
    """Keep a passage beyond its term for a case named by its number, or (None) keep it no longer.

    Raises:
        InputError: the number is empty or too long.
        NotFound: there is no such passage.
    """
    demand(work.store.settings, "passages")
    role = require(work.actor, PASSAGE_READERS)
    number = None if what_for is None else what_for.strip()
    if number is not None and not 1 <= len(number) <= 128:
        raise InputError("A passage is held for a case: give its number, 128 characters at most.")
    row = work.session.get(Passage, passage_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no passage {passage_id}.")
    refuse_hidden(work, row)
    row.held_for = number
    row.held_by, row.held_at = (None, None) if number is None else (work.actor.id, work.now)
    log_access(work, role, "passage_released" if number is None else "passage_held", passage_id)


def views_of(work: Work, rows: Sequence[Passage], query: str | None = None) -> tuple[PassageView, ...]:
    """Passages with their plates opened and their places named."""
    cameras = camera_names(work, (row.camera_id for row in rows))
    drawn = _drawn_names(work, cameras.values())
    return tuple(_view(work, row, cameras.get(row.camera_id), drawn.get(row.camera_id, {}), query) for row in rows)


def _where(work: Work, wanted: PassageFilter, pattern: PlatePattern | None) -> Select[Passage]:
    query = select(Passage).where(Passage.time >= wanted.start, Passage.time < wanted.end, visible(work.actor))
    if wanted.cameras:
        query = query.where(Passage.camera_id.in_(wanted.cameras))
    if wanted.classes:
        query = query.where(Passage.class_.in_(wanted.classes))
    for name in ("vehicle_type", "colour", "direction", "lane"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(getattr(Passage, name) == value)
    if pattern is None:
        return query
    return query.where(Passage.plate_token.in_(_tokens(work, query, pattern)))


def _tokens(work: Work, query: Select[Passage], pattern: PlatePattern) -> list[str]:
    """Tokens of the plates that are meant: by comparing the few of this time and place, or by the index."""
    if pattern.exact:
        return tokens_like(work, pattern)
    there = query.with_only_columns(Passage.plate_token).where(Passage.plate_token.is_not(None))
    rows = work.session.scalars(there.limit(FEW_PASSAGES + 1)).all()
    tokens = {one for one in rows if one is not None}
    if len(rows) > FEW_PASSAGES or len(tokens) > FEW_PLATES:
        return tokens_like(work, pattern)
    return [token for token, plate in plates_of(work, tokens).items() if pattern.matches(plate)]


def _drawn_names(work: Work, cameras: Iterable[Camera]) -> dict[str, dict[str, dict[str, str]]]:
    """Names of lines and zones that have one, by camera and id, as the camera's file stands."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for camera in cameras:
        version = work.session.get(CameraFile, (camera.id, camera.file_version))
        parts = [] if version is None else [*version.content.get("lines", ()), *version.content.get("zones", ())]
        found[camera.id] = {part["id"]: part["name"] for part in parts if part.get("name")}
    return found


def _view(
    work: Work, row: Passage, camera: Camera | None, drawn: Mapping[str, dict[str, str]], query: str | None
) -> PassageView:
    return PassageView(
        id=row.id,
        camera_id=row.camera_id,
        camera_name=name_of(camera, row.camera_id),
        latitude=camera.latitude if camera else None,
        longitude=camera.longitude if camera else None,
        line=row.line,
        line_name=drawn.get(row.line or ""),
        lane=row.lane,
        lane_name=drawn.get(row.lane or ""),
        direction=row.direction,
        time=row.time,
        class_=row.class_,
        vehicle_type=row.vehicle_type,
        colour=row.colour,
        speed_kmh=row.speed_kmh,
        speed_uncertainty_kmh=row.speed_uncertainty_kmh,
        plate=plate_of(work, row),
        plate_score=row.plate_score,
        plate_uncertain=tuple(row.plate_uncertain or ()),
        stills=tuple(sorted(row.still_files or ())),
        still_query=None if query is None or not row.still else f"query={query}&key={_key(work, query, row.id)}",
        held_for=row.held_for,
    )


def _key(work: Work, query: str, passage_id: str) -> str:
    """What only a search that showed the passage gives."""
    return work.store.vault.token(f"still|{query}|{passage_id}")[:32]
