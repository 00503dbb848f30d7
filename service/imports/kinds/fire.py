"""Initiative 10: the fire service's calls and norm, protected objects, their sensors, telephone notifications."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from service.imports.columns import Column, Fault, Type, shown
from service.imports.kinds.base import Context, Kind, Record, Values, in_span, known_object, one_row
from service.imports.kinds.registers import place_faults

CLOSING_CODES: Final = ("fire", "smoke", "rescue", "false_alarm", "drill", "test", "duplicate", "other")
FLAGS: Final = {"drill": "drill", "test": "test", "merged": "duplicate"}
"""Flags of a call, and the closing code that says the same."""
RECIPIENTS: Final = ("fire_service", "object_staff", "other")
OBJECT_KINDS: Final = (
    "government",
    "education",
    "health",
    "culture",
    "sport",
    "trade",
    "transport",
    "industry",
    "other",
)
LONGEST_CALL: Final = timedelta(hours=24)
"""From a call to the arrival."""
LONGEST_NORM_MINUTES: Final = 120.0
MOST_FLOORS: Final = 200


def ordered(values: Values, names: Sequence[str], longest: timedelta) -> Iterable[Fault]:
    """Times of one record follow one another, and not after days."""
    told = [(name, values[name]) for name in names if values[name] is not None]
    for (before, first), (after, second) in pairwise(told):
        if second < first:
            yield Fault("time_order", {"before": before}, after, shown(second.isoformat()))
            return
    if told and told[-1][1] - told[0][1] > longest:
        hours = longest // timedelta(hours=1)
        yield Fault("time_long", {"most": hours}, told[-1][0], shown(told[-1][1].isoformat()))


CALL_FACTS: Final = ("object_id", "closing_code", "note", "longitude", "latitude")
CALL_TIMES: Final = ("received", "dispatched", "departed", "arrived")


def _call(values: Values, context: Context) -> Iterable[Fault]:
    yield from in_span(values["received"], "received", context)
    yield from ordered(values, CALL_TIMES, LONGEST_CALL)
    yield from known_object(values, context)
    yield from place_faults(values)


def _call_record(values: Values, _: Context) -> Record:
    """As `city_inputs.Call` has it, and the closing code."""
    names = {"received": "t_call_received", "dispatched": "t_dispatch", "departed": "t_depart", "arrived": "t_arrive"}
    found: Record = {"id": values["call_id"]}
    found |= {there: values[here].isoformat() for here, there in names.items() if values[here] is not None}
    found |= {name: values[name] for name in CALL_FACTS if values[name] is not None}
    return found | {name: bool(values[name]) or values["closing_code"] == code for name, code in FLAGS.items()}


def _at_received(values: Values, _: Context) -> datetime:
    moment: datetime = values["received"]
    return moment


CALLS: Final = Kind(
    name="fire_calls",
    columns=(
        Column("call_id", Type.CODE, required=True),
        Column("received", Type.MOMENT, required=True),
        *(Column(name, Type.MOMENT) for name in CALL_TIMES[1:]),
        Column("object_id", Type.CODE),
        Column("closing_code", Type.CHOICE, choices=CLOSING_CODES),
        *(Column(name, Type.YES_NO) for name in FLAGS),
        Column("longitude", Type.NUMBER, unit="degree", least=-180, most=180),
        Column("latitude", Type.NUMBER, unit="degree", least=-90, most=90),
    ),
    key=lambda values: str(values["call_id"]),
    check=_call,
    record=_call_record,
    at=_at_received,
    spans=True,
    examples=(
        {"call_id": "101-2026-004512", "received": "2026-11-02 14:05:10", "dispatched": "2026-11-02 14:05:55",
         "departed": "2026-11-02 14:06:40", "arrived": "2026-11-02 14:13:02", "closing_code": "fire"},
        {"call_id": "101-2026-004513", "received": "02.11.2026 16:20", "departed": "02.11.2026 16:22",
         "closing_code": "false_alarm"},
    ),
)  # fmt: skip


def _sent(values: Values, context: Context) -> Iterable[Fault]:
    yield from in_span(values["sent"], "sent", context)
    yield from known_object(values, context)


def _notification(values: Values, _: Context) -> Record:
    found: Record = {"id": values["notification_id"], "t_sent": values["sent"].isoformat()}
    found |= {name: values[name] for name in ("recipient", "object_id", "note") if values[name] is not None}
    return found | {name: bool(values[name]) for name in FLAGS}


def _at_sent(values: Values, _: Context) -> datetime:
    moment: datetime = values["sent"]
    return moment


PHONE: Final = Kind(
    name="phone_notifications",
    columns=(
        Column("notification_id", Type.CODE, required=True),
        Column("sent", Type.MOMENT, required=True),
        Column("recipient", Type.CHOICE, required=True, choices=RECIPIENTS),
        Column("object_id", Type.CODE),
        *(Column(name, Type.YES_NO) for name in FLAGS),
    ),
    key=lambda values: str(values["notification_id"]),
    check=_sent,
    record=_notification,
    at=_at_sent,
    spans=True,
    examples=(
        {"notification_id": "T-1", "sent": "2026-11-02 14:06:02", "recipient": "fire_service"},
        {"notification_id": "T-2", "sent": "02.11.2026 14:07", "recipient": "object_staff"},
    ),
)


PEOPLE: Final = ("contact", "contact2")
"""Beginnings of the columns that name staff of an object."""
SAID_OF_PEOPLE: Final = ("name", "position", "phone", "email")
PHONE_FORM: Final = re.compile(r"\+[1-9]\d{7,14}")
"""ITU-T E.164."""
EMAIL_FORM: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _object(values: Values, _: Context) -> Iterable[Fault]:
    yield from ordered_days(values, "since", "until")
    yield from place_faults(values)
    for who in PEOPLE:
        yield from _person(values, who)


def _person(values: Values, who: str) -> Iterable[Fault]:
    """A named member of the staff has a telephone or an e-mail address, both written as machines take them."""
    said = {name: values[f"{who}_{name}"] for name in SAID_OF_PEOPLE}
    if not any(said.values()):
        return
    if said["name"] is None:
        yield Fault("part_absent", {}, f"{who}_name")
    if said["phone"] is None and said["email"] is None:
        yield Fault("part_absent", {}, f"{who}_phone")
    for name, form in (("phone", PHONE_FORM), ("email", EMAIL_FORM)):
        if said[name] is not None and form.fullmatch(said[name]) is None:
            yield Fault("contact_form", {}, f"{who}_{name}", shown(said[name]))


def ordered_days(values: Values, first: str, last: str) -> Iterable[Fault]:
    """A span does not end before it begins."""
    if values[first] is not None and values[last] is not None and values[last] < values[first]:
        yield Fault("time_order", {"before": first}, last, shown(values[last]))


def _objects(records: Sequence[Record]) -> Record:
    return {
        "objects": [{name: one[name] for name in ("id", "kind", "since", "until") if name in one} for one in records]
    }


OBJECTS: Final = Kind(
    name="objects",
    columns=(
        Column("id", Type.CODE, required=True),
        Column("kind", Type.CHOICE, choices=OBJECT_KINDS),
        Column("since", Type.MOMENT),
        Column("until", Type.MOMENT, ahead=True),
        Column("name", Type.TEXT, restricted=True),
        Column("address", Type.TEXT, restricted=True),
        Column("longitude", Type.NUMBER, unit="degree", least=-180, most=180, restricted=True),
        Column("latitude", Type.NUMBER, unit="degree", least=-90, most=90, restricted=True),
        *(Column(f"name_{lang}", Type.TEXT, restricted=True) for lang in ("kk", "ru", "en")),
        *(Column(f"address_{lang}", Type.TEXT, restricted=True) for lang in ("kk", "ru", "en")),
        Column("station", Type.TEXT, restricted=True),
        Column("cameras", Type.TEXT, longest=2000, restricted=True),
        Column("floors", Type.INTEGER, least=1, most=MOST_FLOORS, restricted=True),
        *(Column(name, Type.TEXT, longest=2000, restricted=True) for name in ("hazards", "water_sources",
                                                                            "access_notes")),
        *(Column(f"{who}_{name}", Type.TEXT, longest=128, restricted=True) for who in PEOPLE
          for name in SAID_OF_PEOPLE),
    ),
    key=lambda values: str(values["id"]),
    check=_object,
    compose=_objects,
    examples=(
        {"id": "UTO-17", "kind": "education", "since": "2025-01-01 00:00", "name": "№ 12 мектеп",
         "address": "Абай даңғылы, 45", "longitude": "76,9101", "latitude": "43,2402",
         "contact_name": "Ахметова А. С.", "contact_position": "кезекші", "contact_phone": "+77010000000"},
        {"id": "UTO-18", "kind": "health"},
    ),
)  # fmt: skip


def _sensor(values: Values, context: Context) -> Iterable[Fault]:
    yield from ordered_days(values, "working_from", "working_until")
    yield from known_object(values, context)


def _sensors(records: Sequence[Record]) -> Record:
    """A sensor's spans together, in their order."""
    found: dict[tuple[str, str], list[Any]] = {}
    for one in sorted(records, key=lambda record: record["working_from"]):
        spans = found.setdefault((one["sensor_id"], one["object_id"]), [])
        spans.append([one["working_from"], one.get("working_until")])
    return {"sensors": [{"id": key[0], "object_id": key[1], "working": spans} for key, spans in found.items()]}


def _one_object(rows: Sequence[Values], _: Context) -> Iterable[Fault]:
    where: dict[str, str] = {}
    for one in rows:
        if where.setdefault(one["sensor_id"], one["object_id"]) != one["object_id"]:
            yield Fault("sensor_two_objects", {"sensor": one["sensor_id"]}, "object_id", one["object_id"])
            return


SENSORS: Final = Kind(
    name="sensors",
    columns=(
        Column("sensor_id", Type.CODE, required=True),
        Column("object_id", Type.CODE, required=True),
        Column("working_from", Type.MOMENT, required=True),
        Column("working_until", Type.MOMENT),
    ),
    key=lambda values: f"{values['sensor_id']}|{values['working_from'].isoformat()}",
    check=_sensor,
    whole=_one_object,
    compose=_sensors,
    examples=(
        {"sensor_id": "D-1", "object_id": "UTO-17", "working_from": "2026-01-10 09:00"},
        {"sensor_id": "D-2", "object_id": "UTO-17", "working_from": "10.01.2026 09:00",
         "working_until": "01.03.2026 12:00"},
    ),
)  # fmt: skip

NORM: Final = Kind(
    name="fire_norm",
    columns=(
        Column("minutes", Type.NUMBER, required=True, unit="minute", above=0, most=LONGEST_NORM_MINUTES),
        Column("event", Type.CHOICE, required=True, choices=("depart", "arrive")),
        Column("unit", Type.UNIT, choices=("minute",)),
    ),
    key=lambda _: "norm",
    whole=one_row,
    compose=lambda records: {"minutes": records[0]["minutes"], "event": records[0]["event"]},
    examples=({"minutes": "10", "event": "arrive", "unit": "мин"},),
)
