"""Protected objects as people see them: the list, and the card of one with all about it. Each look is logged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from incidents.alert import OPEN
from kpi_catalog.records import Definitions
from qyran.errors import NotFound
from qyran.roles import Role
from service.access import log_access, require
from service.protected_objects import sealed
from service.protected_objects.contacts import contacts, may_see, open_alerts
from service.protected_objects.facts import equipped
from service.protected_objects.model import Contact, Details, ObjectLine, VersionLine
from service.protected_objects.register import READERS, history, load
from service.sensors.registry import SensorView, at_objects
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.import_tables import CityImportRow
from service.store.sensor_tables import ProtectedObject
from service.store.tables import Camera

SEERS: Final = READERS | {Role.SERVICE_DISPATCHER}
HISTORY_READERS: Final = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
"""A history tells who changed which contact when: no part of an alarm's work."""
SHOWN: Final = 20
"""Alerts and calls of a card, the newest first."""
UNCOUNTED: Final = ("drill", "test", "merged")
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """A camera of an object."""

    id: str
    name: Mapping[str, Any]
    status: str


@dataclass(frozen=True, slots=True)
class Told:
    """An alert at an object."""

    id: str
    kind: str
    state: str
    verdict: str | None
    t_detect: datetime
    open: bool
    is_drill: bool


@dataclass(frozen=True, slots=True)
class Called:
    """A call of the fire service's journal; `repeat` where another came within the window before it (KPI 10.5)."""

    id: str
    at: datetime
    closing_code: str | None
    repeat: bool
    counts: bool


@dataclass(frozen=True, slots=True)
class Card:
    """An object with all that hangs on it.

    Attributes:
        contacts: None where they are not shown to the actor now.
        window_days: of repeated calls.
        versions: None to who sees no history.
    """

    id: str
    version: int
    kind: str | None
    since: datetime | None
    until: datetime | None
    station: str | None
    changed_at: datetime
    details: Details
    contacts: tuple[Contact, ...] | None
    sensors: tuple[SensorView, ...]
    cameras: tuple[Seen, ...]
    alerts: tuple[Told, ...]
    calls: tuple[Called, ...]
    window_days: int
    versions: tuple[VersionLine, ...] | None

    @property
    def working(self) -> int:
        """Sensors that work now."""
        return sum(one.works for one in self.sensors)

    @property
    def repeats(self) -> int:
        """Calls shown that repeat one."""
        return sum(one.repeat for one in self.calls)


def listing(work: Work, *, ended: bool = False) -> tuple[ObjectLine, ...]:
    """Objects of the register; to a dispatcher those of the open alerts his service was sent to. The look is logged.

    Raises:
        AccessError: the actor sees no objects.
    """
    role = require(work.actor, SEERS)
    query = select(ProtectedObject).order_by(ProtectedObject.id)
    rows = [
        row for row in work.session.scalars(query) if ended or row.until is None or row.until >= work.now
    ]  # fmt: skip
    waiting = _open_by_object(work)
    if work.actor.acts_as(READERS) is None:
        rows = [row for row in rows if any(work.actor.service in one.services for one in waiting.get(row.id, ()))]
    details = sealed.details_of(work, [row.version_id for row in rows])
    ids = [row.id for row in rows]
    working = equipped(work, ids)
    sensors: dict[str, int] = {}
    for one in at_objects(work, None):
        if one.object_id is not None:
            sensors[one.object_id] = sensors.get(one.object_id, 0) + 1
    log_access(work, role, "objects_listed", "objects")
    return tuple(
        ObjectLine(
            id=row.id,
            kind=row.kind,
            name=details.get(row.version_id, Details()).name,
            address=details.get(row.version_id, Details()).address,
            station=row.station,
            until=row.until,
            sensors=sensors.get(row.id, 0),
            sensors_working=working.get(row.id, 0),
            alerts_open=len(waiting.get(row.id, ())),
            equipped=working.get(row.id, 0) > 0,
        )
        for row in rows
    )


def card(work: Work, object_id: str) -> Card:
    """An object's card; the look is logged, and that at its contacts apart.

    Raises:
        AccessError: the actor sees no objects.
        NotFound: there is no such object, or a dispatcher does not see it now.
    """
    role = require(work.actor, SEERS)
    _sees(work, object_id)
    row = load(work, object_id)
    log_access(work, role, "object_opened", object_id)
    people = contacts(work, object_id) if may_see(work, object_id, work.actor) else None
    details = sealed.details_of(work, [row.version_id]).get(row.version_id, Details())
    return Card(
        id=row.id,
        version=row.version,
        kind=row.kind,
        since=row.since,
        until=row.until,
        station=row.station,
        changed_at=row.changed_at,
        details=details,
        contacts=people,
        sensors=at_objects(work, [object_id]),
        cameras=_cameras(work, row.cameras),
        alerts=_alerts(work, object_id),
        calls=_calls(work, object_id),
        window_days=Definitions().repeat_window_days,
        versions=history(work, object_id) if work.actor.acts_as(HISTORY_READERS) is not None else None,
    )


def plan(work: Work, object_id: str) -> tuple[bytes, str, str]:
    """The plan of an object's floors: bytes, type and name; the look is logged.

    Raises:
        AccessError: the actor sees no objects.
        NotFound: there is no such object, no plan of it, or a dispatcher does not see it now.
    """
    role = require(work.actor, SEERS)
    _sees(work, object_id)
    row = load(work, object_id)
    found = sealed.details_of(work, [row.version_id]).get(row.version_id, Details()).plan
    if found is None:
        raise NotFound(f"The object {object_id} has no plan.")
    log_access(work, role, "object_plan_seen", object_id)
    return sealed.file_of(work, found.id), found.media, found.name


def _sees(work: Work, object_id: str) -> None:
    if work.actor.acts_as(READERS) is None and not open_alerts(work, object_id, work.actor):
        # Not even whether there is such an object: the register is restricted.
        raise NotFound(f"There is no object {object_id[:64]} with an open alert sent to your service.")


def _open_by_object(work: Work) -> dict[str, list[Alert]]:
    query = select(Alert).where(Alert.object_id.is_not(None), Alert.state.in_(OPEN))
    found: dict[str, list[Alert]] = {}
    for row in work.session.scalars(query):
        found.setdefault(str(row.object_id), []).append(row)
    return found


def _cameras(work: Work, wanted: Sequence[str]) -> tuple[Seen, ...]:
    rows = work.session.scalars(select(Camera).where(Camera.id.in_(wanted)).order_by(Camera.id)).all() if wanted else ()
    return tuple(Seen(row.id, row.name, row.status) for row in rows)


def _alerts(work: Work, object_id: str) -> tuple[Told, ...]:
    query = select(Alert).where(Alert.object_id == object_id, Alert.merged_into.is_(None))
    mine = work.actor.acts_as(READERS) is not None
    found = work.session.scalars(query.order_by(Alert.t_detect.desc()).limit(SHOWN))
    return tuple(
        Told(one.id, one.kind, one.state, one.verdict, one.t_detect, one.state in set(OPEN), one.is_drill)
        for one in found
        if mine or work.actor.service in one.services
    )


def _calls(work: Work, object_id: str) -> tuple[Called, ...]:
    """Calls to an object, the newest first, each with whether it repeats one (the order's KPI 10.5)."""
    query = select(CityImportRow.value).where(
        CityImportRow.kind == "fire_calls",
        CityImportRow.standing.is_not(None),
        CityImportRow.value["object_id"].as_string() == object_id,
    )
    rows = work.session.scalars(query.order_by(CityImportRow.at.desc(), CityImportRow.id.desc()).limit(SHOWN + 1)).all()
    window = Definitions().repeat_window_days * DAY
    found: list[Called] = []
    before: datetime | None = None
    for value in reversed(rows):
        at = datetime.fromisoformat(value["t_call_received"])
        counts = not any(value.get(name) for name in UNCOUNTED)
        repeat = counts and before is not None and at - before <= window
        found.append(Called(str(value["id"]), at, value.get("closing_code"), repeat, counts))
        before = at if counts else before
    return tuple(reversed(found))[:SHOWN]
