"""Registers as they stand: figures with source and day, rows, geometry; names and addresses only on a logged look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select

from qyran.errors import AccessError
from qyran.roles import Role
from service import city_inputs
from service.access import log_access, require
from service.city_inputs import Entry
from service.imports.geometry import Points, length_km
from service.imports.intake import READERS, RESTRICTED, kind_of, opened
from service.imports.journals import Span, journal
from service.imports.kinds import Kind
from service.imports.kinds.fire import PEOPLE
from service.imports.values import KIND as KPI_VALUES
from service.imports.values import imported_values
from service.places.addresses import KIND as ADDRESSES
from service.places.addresses import standing_import
from service.store.database import Work
from service.store.import_tables import CityImport
from service.store.place_tables import Address

ADDRESS_READERS: Final = frozenset({Role.EVALUATOR, Role.AUDITOR})
"""Who may see names and addresses of protected objects; each look is logged."""
SHOWN: Final = 200
"""Rows of a register's page; whom to call is shown on an object's own page alone."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a register: its name under `imports`, its value."""

    name: str
    value: float | str
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Register:
    """What stands of one kind.

    Attributes:
        source, as_of, entered_at, entered_by: of what stands; None where nothing does.
        columns, rows: what a table shows; at most `SHOWN` rows, of journals the newest.
        records: how many there are in all.
        spans: of a journal, what its files tell of.
        roads, views: geometry for the map.
        addresses: whether names and addresses are among the columns.
    """

    kind: str
    source: str | None = None
    as_of: date | None = None
    entered_at: datetime | None = None
    entered_by: str | None = None
    figures: tuple[Figure, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = ()
    records: int = 0
    spans: tuple[Span, ...] = ()
    roads: tuple[Points, ...] = ()
    views: tuple[Points, ...] = ()
    addresses: bool = False


def register(work: Work, name: str, *, on: date | None = None, addresses: bool = False) -> Register:
    """What stands of a kind, now or on a day.

    Args:
        work: the unit of work; one that writes where addresses are asked for.
        name: of the kind.
        on: the day; None takes the newest.
        addresses: show what is restricted.

    Raises:
        AccessError: the actor reads no imports, or may not see addresses.
        NotFound: there is no such kind.
    """
    role = require(work.actor, READERS)
    kind = kind_of(name)
    if name == KPI_VALUES:
        return _values(work, on)
    if name == ADDRESSES:
        return _addresses(work)
    if kind.journal:
        return _journal(work, kind, on)
    entry = city_inputs.newest(work, [name], on=on).get(name)
    if entry is None:
        return Register(name)
    found = _state(work, kind, entry, on)
    if not addresses or not kind.restricted or entry.import_id is None:
        return found
    if not work.actor.roles & ADDRESS_READERS:
        raise AccessError("Names and addresses of protected objects are not shown to this role.")
    log_access(work, role, "object_addresses_seen", entry.import_id)
    return _with_addresses(work, kind, entry, found)


def _state(work: Work, kind: Kind, entry: Entry, on: date | None) -> Register:
    value = entry.value
    told = entry.source, entry.as_of, entry.entered_at, entry.entered_by
    figures: tuple[Figure, ...] = ()
    rows: Sequence[Mapping[str, Any]] = ()
    roads: tuple[Points, ...] = ()
    views: tuple[Points, ...] = ()
    match kind.name:
        case "registered_vehicles":
            figures = (Figure("vehicles", value["value"]),)
        case "fire_norm":
            figures = (Figure("norm", value["minutes"], 1),)
            rows = [value]
        case "roads":
            rows, roads = value.get("roads", []), _lines(value["lines"])
            figures = (Figure("total_km", value.get("length_km") or length_km(roads), 1),)
        case "camera_coverage":
            rows = [_seen(one) for one in value["cameras"]]
            views = _lines(line for one in value["cameras"] for line in (*one["lines"], one["view"]) if line)
            drawn = [line for one in value["cameras"] for line in _lines(one["lines"])]
            figures = (Figure("cameras", len(rows)), Figure("covered_km", length_km(drawn), 2))
            road = city_inputs.newest(work, ["roads"], on=on).get("roads")
            roads = () if road is None else _lines(road.value["lines"])
        case "parking_places":
            rows = value["parkings"]
            automated = sum(bool(one["automated"]) for one in rows)
            figures = (Figure("places", sum(one["places"] for one in rows)), Figure("places_automated", automated))
        case "public_transport_stops":
            rows = value["stops"]
            figures = (Figure("stops", len(rows)), Figure("stops_video", sum(bool(one["video"]) for one in rows)))
        case other:
            rows = value[other]
            figures = (Figure(other, len(rows)),)
            rows = [_span(one) for one in rows] if other == "sensors" else rows
    return Register(kind.name, *told, figures, _columns(rows), tuple(rows[:SHOWN]), len(rows), (), roads, views)


def _journal(work: Work, kind: Kind, on: date | None) -> Register:
    found = journal(work, kind.name, on=on)
    if found is None:
        return Register(kind.name)
    rows = [_flat(one) for one in found.rows[-SHOWN:]][::-1]
    figures: tuple[Figure, ...] = ()
    if kind.name == "surveys" and found.rows:
        counts = [(int(score), count) for one in found.rows for score, count in one["scores"].items()]
        answers = sum(count for _, count in counts)
        mean = sum(score * count for score, count in counts) / answers
        figures = (Figure("answers", answers), Figure("mean_score", mean, 2))
    told = found.source, found.as_of, found.entered_at, found.entered_by
    return Register(kind.name, *told, figures, _columns(rows), tuple(rows), len(found.rows), found.spans)


def _values(work: Work, on: date | None) -> Register:
    """Imported values of KPIs, each with its own source and day."""
    values = imported_values(work, on=on)
    if not values:
        return Register(KPI_VALUES)
    rows = [
        {
            "kpi_id": one.kpi_id, "period": one.period, "value": one.value, "unit": one.unit, "source": one.source,
            "as_of": one.as_of.isoformat(), "entered_by": one.entered_by,
        }
        for one in values
    ]  # fmt: skip
    newest = max(values, key=lambda one: (one.as_of, one.entered_at))
    told = newest.source, newest.as_of, newest.entered_at, newest.entered_by
    return Register(KPI_VALUES, *told, (), _columns(rows), tuple(rows[-SHOWN:][::-1]), len(rows))


def _addresses(work: Work) -> Register:
    """Addresses that places are told by; only the newest file is held."""
    standing = standing_import(work)
    if standing is None:
        return Register(ADDRESSES)
    told = work.session.get_one(CityImport, standing)
    query = select(Address).where(Address.import_id == standing).order_by(Address.id).limit(SHOWN)
    rows = tuple(
        {
            "id": one.code, "latitude": one.latitude, "longitude": one.longitude, "address_kk": one.kk,
            "address_ru": one.ru, "address_en": one.en,
        }
        for one in work.session.scalars(query)
    )  # fmt: skip
    figures = (Figure("addresses_held", told.rows),)
    return Register(
        ADDRESSES, told.source, told.as_of, told.entered_at, told.entered_by, figures, _columns(rows), rows, told.rows
    )


def _with_addresses(work: Work, kind: Kind, entry: Entry, found: Register) -> Register:
    assert entry.import_id is not None  # noqa: S101  asked before
    secret = opened(work, entry.import_id, RESTRICTED)
    rows = tuple({**one, **secret.get(one["id"], {})} for one in found.rows)
    shown = [column.name for column in kind.columns if column.restricted and not column.name.startswith(PEOPLE)]
    rows = tuple({name: value for name, value in row.items() if not name.startswith(PEOPLE)} for row in rows)
    columns = (*found.columns, *(name for name in shown if any(name in row for row in rows)))
    return Register(
        found.kind, found.source, found.as_of, found.entered_at, found.entered_by, found.figures, columns, rows,
        found.records, addresses=True,
    )  # fmt: skip


def _columns(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Columns that hold something, in the order in which they come."""
    found: dict[str, None] = {}
    for row in rows[:SHOWN]:
        found.update(dict.fromkeys(name for name, value in row.items() if value not in (None, False, "")))
    return tuple(name for name in found if name not in {"first_line", "lines"})


def _lines(lines: Any) -> tuple[Points, ...]:
    return tuple(tuple((float(lon), float(lat)) for lon, lat in line) for line in lines)


def _seen(one: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"camera_id": one["camera_id"], "length_km": round(length_km(_lines(one["lines"])), 3) or None}


def _span(one: Mapping[str, Any]) -> Mapping[str, Any]:
    first, last = one["working"][0][0], one["working"][-1][1]
    return {"sensor_id": one["id"], "object_id": one["object_id"], "working_from": first, "working_until": last}


def _flat(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A journal's record as a row: its columns by the names that files have for them."""
    names = {"t_call_received": "received", "t_dispatch": "dispatched", "t_depart": "departed", "t_arrive": "arrived",
             "t_sent": "sent", "t_closed": "closed_on"}  # fmt: skip
    return {names.get(name, name): value for name, value in record.items() if name != "scores"}
