"""Sensors: how each is, what they tell that is no fire, and their register."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Path, Query
from pydantic import ValidationError
from starlette.responses import Response

from qyran.errors import InputError, TransitionError
from service.access import require
from service.protected_objects.register import in_register
from service.sensors import notices, registry
from service.sensors.payload import SENSOR_ID
from service.sensors.registry import CONDITIONS, KEEPERS, READERS, TESTERS, SensorBody
from service.web.moments import LOCAL, moment
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit
from service.web.words import Words

router = APIRouter(prefix="/sensors", include_in_schema=False)

TONES: Final = {
    "alarm": "bad", "test": "accent", "tampered": "bad", "fault": "warn", "lost": "warn", "battery_low": "warn",
    "never_heard": "", "working": "good", "retired": "",
}  # fmt: skip
KINDS: Final = ("smoke", "heat", "manual")
PROPOSED_TEST: Final = timedelta(hours=1)
EVENTS: Final = 100

Short = Annotated[str, Form(max_length=255)]
SensorName = Annotated[str, Path(pattern=SENSOR_ID)]


@router.get("")
def overview(visit: Person, show: Annotated[str, Query(max_length=16)] = "") -> Response:
    """All sensors, those that need somebody first."""
    return _overview(visit, show)


@router.post("")
def enter(
    visit: PostedPerson, sensor_id: Short = "", kind: Short = "", object_id: Short = "", room: Short = "",
    gateway: Short = "", heartbeat_s: Short = "", battery_least: Short = "", commissioned: Short = "",
    latitude: Short = "", longitude: Short = "",
) -> Response:  # fmt: skip
    """Enter a sensor."""
    given = {
        "kind": kind, "object_id": object_id, "room": room, "gateway": gateway, "heartbeat_s": heartbeat_s,
        "battery_least": battery_least, "commissioned": commissioned, "latitude": latitude, "longitude": longitude,
    }  # fmt: skip
    try:
        body = _body(words_of(visit), given)
        with visit.store.write(visit.actor) as work:
            registry.register(work, _id(sensor_id), body)
    except InputError as error:
        return _overview(visit, "", error)
    return onward(visit, f"/sensors/{sensor_id}", "saved")


@router.post("/notices/{notice_id}/seen")
def seen(visit: PostedPerson, notice_id: int) -> Response:
    """Say that one has seen a notice."""
    with visit.store.write(visit.actor) as work:
        notices.see(work, notice_id)
    return onward(visit, "/sensors", "saved")


@router.get("/{sensor_id}")
def one(visit: Person, sensor_id: SensorName) -> Response:
    """A sensor and what happened to it."""
    return _one(visit, sensor_id)


@router.post("/{sensor_id}")
def change(
    visit: PostedPerson, sensor_id: SensorName, version: Annotated[int | None, Form()] = None, kind: Short = "",
    object_id: Short = "", room: Short = "", gateway: Short = "", heartbeat_s: Short = "", battery_least: Short = "",
    commissioned: Short = "", latitude: Short = "", longitude: Short = "",
) -> Response:  # fmt: skip
    """Enter something else about it."""
    given = {
        "kind": kind, "object_id": object_id, "room": room, "gateway": gateway, "heartbeat_s": heartbeat_s,
        "battery_least": battery_least, "commissioned": commissioned, "latitude": latitude, "longitude": longitude,
    }  # fmt: skip
    try:
        body = _body(words_of(visit), given)
        with visit.store.write(visit.actor) as work:
            registry.change(work, sensor_id, body, version=version)
    except (InputError, TransitionError) as error:
        return _one(visit, sensor_id, error)
    return onward(visit, f"/sensors/{sensor_id}", "saved")


@router.post("/{sensor_id}/test")
def set_test(visit: PostedPerson, sensor_id: SensorName, until: Short = "") -> Response:
    """Say until when somebody works on it; an empty moment ends it."""
    try:
        with visit.store.write(visit.actor) as work:
            registry.set_test(work, sensor_id, moment(words_of(visit), until))
    except InputError as error:
        return _one(visit, sensor_id, error)
    return onward(visit, f"/sensors/{sensor_id}", "saved")


@router.post("/{sensor_id}/retire")
def retire(visit: PostedPerson, sensor_id: SensorName) -> Response:
    """Take it out of service."""
    with visit.store.write(visit.actor) as work:
        registry.retire(work, sensor_id)
    return onward(visit, f"/sensors/{sensor_id}", "saved")


def _overview(visit: Visit, show: str, error: Exception | None = None) -> Response:
    require(visit.actor, READERS)
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        all_ = registry.listing(work, retired=show == "retired")
        told = notices.listing(work)
        objects = in_register(work)
    wanted = [row for row in all_ if show in {"", row.condition}]
    counts = {name: sum(row.condition == name for row in all_) for name in CONDITIONS}
    return page(
        visit,
        "sensors/list.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        rows=wanted,
        counts=counts,
        total=len(all_),
        show=show,
        notices=told,
        tones=TONES,
        kinds=KINDS,
        objects=tuple(row.id for row in objects),
        may_keep=visit.actor.acts_as(KEEPERS) is not None,
        may_see=visit.actor.acts_as(notices.SEERS) is not None,
    )


def _one(visit: Visit, sensor_id: str, error: Exception | None = None) -> Response:
    require(visit.actor, READERS)
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        view = registry.view_of(registry.load(work, sensor_id), work.now)
        happened = registry.events(work, sensor_id, EVENTS)
        objects = in_register(work)
    status = 200 if error is None else 409 if isinstance(error, TransitionError) else 422
    return page(
        visit,
        "sensors/one.html",
        status=status,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        view=view,
        happened=happened,
        tones=TONES,
        kinds=KINDS,
        objects=tuple(row.id for row in objects),
        commissioned=_local(w, view.commissioned),
        proposed=_local(w, w.now + PROPOSED_TEST),
        may_keep=visit.actor.acts_as(KEEPERS) is not None and view.retired is None,
        may_test=visit.actor.acts_as(TESTERS) is not None and view.retired is None,
    )


def _local(w: Words, value: Any) -> str:
    return "" if value is None else f"{value.astimezone(w.zone):{LOCAL}}"


def _id(text: str) -> str:
    if re.fullmatch(SENSOR_ID, text) is None:
        raise InputError("The id of a sensor has 1 to 64 letters, digits, dots, dashes or underscores.")
    return text


def _body(w: Words, given: dict[str, str]) -> SensorBody:
    """What a form says of a sensor; what it leaves empty has its usual value.

    Raises:
        InputError: something cannot be.
    """
    said: dict[str, Any] = {name: text.strip() for name, text in given.items() if text.strip()}
    for name in ("heartbeat_s", "battery_least", "latitude", "longitude"):
        if name in said:
            said[name] = said[name].replace(",", ".")
    if "commissioned" in said:
        said["commissioned"] = moment(w, said["commissioned"])
    try:
        return SensorBody.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "latitude"
        raise InputError(w.t("sensors.wrong", what=w.t(f"sensors.{name}"))) from None
