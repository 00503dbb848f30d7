"""A vehicle's route: where its plate was read, stop after stop, and what is not known between two of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from qyran.earth import distance_m
from qyran.errors import InputError, NotFound
from service import query_log
from service.access import require
from service.functions import demand
from service.passage_sight import refuse_hidden, visible
from service.passages import PASSAGE_READERS, PassageView, views_of
from service.query_log import Reason
from service.store.database import Work
from service.store.tables import Camera, Passage

MOST_STOPS: Final = 200
GAP: Final = timedelta(minutes=30)
"""From so long between two readings on, nothing is drawn between them: the vehicle may have been anywhere."""
IMPOSSIBLE_KMH: Final = 250.0
"""A straight line faster than this is no drive: one of the readings is wrong, or two vehicles carry one plate."""


class Stop(BaseModel):
    """A reading of the plate.

    Attributes:
        number: from 1.
        since_s: seconds since the stop before.
        distance_m: straight line from the stop before; None where one of the places is not known.
        speed_kmh: of that straight line, a lower bound of the real mean speed.
        gap: so long after the stop before that nothing is known of the way.
        impossible: faster than a vehicle drives.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    passage: PassageView
    since_s: float | None
    distance_m: float | None
    speed_kmh: float | None
    gap: bool
    impossible: bool


class Place(BaseModel):
    """A camera on the map; `covers` is the road axis in its view, (longitude, latitude) pairs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: dict[str, str]
    latitude: float
    longitude: float
    covers: tuple[tuple[float, float], ...]


class Route(BaseModel):
    """A route; `more` says that only the first stops are here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str
    plate: str | None
    start: datetime
    end: datetime
    stops: tuple[Stop, ...]
    places: tuple[Place, ...]
    more: bool


def route(work: Work, passage_id: str, start: datetime, end: datetime, reason: Reason) -> Route:
    """Where the vehicle of a passage was read between two moments; noted with its reason like a search.

    Raises:
        NotOffered: the city's category has no such function.
        NotFound: there is no such passage.
        InputError: its plate was not read, no reason, or no time.
    """
    demand(work.store.settings, "routes")
    role = require(work.actor, PASSAGE_READERS)
    query_log.check_reason(reason)
    if start >= end:
        raise InputError("A route needs a time that begins before it ends.")
    asked = work.session.get(Passage, passage_id)
    if asked is None:
        raise NotFound(f"There is no passage {passage_id}.")
    refuse_hidden(work, asked)
    if asked.plate_token is None:
        raise InputError("The plate of this passage was not read, so its vehicle is found nowhere else.")
    rows = work.session.scalars(
        select(Passage)
        .where(Passage.plate_token == asked.plate_token, Passage.time >= start, Passage.time < end, visible(work.actor))
        .order_by(Passage.time, Passage.id)
        .limit(MOST_STOPS + 1)
    ).all()
    plate = views_of(work, [asked])[0].plate
    said = {"passage": passage_id, "plate": plate, "start": start.isoformat(), "end": end.isoformat()}
    query = query_log.note(work, role, "route", reason, said, plate=plate, results=min(len(rows), MOST_STOPS))
    views = views_of(work, rows[:MOST_STOPS], query)
    return Route(
        query=query, plate=plate, start=start, end=end, stops=stops(views), places=_places(work),
        more=len(rows) > MOST_STOPS,
    )  # fmt: skip


def stops(views: tuple[PassageView, ...]) -> tuple[Stop, ...]:
    """Readings in the order of their time, with what lies between them."""
    found: list[Stop] = []
    for number, view in enumerate(views, start=1):
        before = views[number - 2] if number > 1 else None
        since = None if before is None else (view.time - before.time).total_seconds()
        distance = None if before is None else metres(before, view)
        speed = None if since is None or distance is None or since <= 0 else distance / since * 3.6
        found.append(
            Stop(
                number=number,
                passage=view,
                since_s=since,
                distance_m=distance,
                speed_kmh=speed,
                gap=since is not None and since >= GAP.total_seconds(),
                impossible=_impossible(since, distance, speed),
            )
        )
    return tuple(found)


def metres(one: PassageView, other: PassageView) -> float | None:
    """Straight line between two places along a great circle, None where one is not known."""
    if one.latitude is None or one.longitude is None or other.latitude is None or other.longitude is None:
        return None
    return distance_m((one.latitude, one.longitude), (other.latitude, other.longitude))


def _impossible(since: float | None, distance: float | None, speed: float | None) -> bool:
    if since is None or distance is None:
        return False
    return distance > 0 if speed is None else speed > IMPOSSIBLE_KMH


def _places(work: Work) -> tuple[Place, ...]:
    rows = work.session.scalars(select(Camera).where(Camera.retired.is_(None)).order_by(Camera.id))
    return tuple(
        Place(
            id=row.id,
            name=dict(row.name),
            latitude=row.latitude,
            longitude=row.longitude,
            covers=tuple((float(x), float(y)) for x, y in row.covers),
        )
        for row in rows
        if row.latitude is not None and row.longitude is not None
    )
