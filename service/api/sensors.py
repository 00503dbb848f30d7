"""Sensors: reported by their gateways over HTTP, listed and kept for people."""

from __future__ import annotations

from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from pydantic import AwareDatetime, BaseModel

from service.api.bodies import Body
from service.api.deps import DeskOf
from service.api.feeds import FeedDesk, FeedOf
from service.sensors import notices, registry
from service.sensors.notices import NoticeView
from service.sensors.payload import LARGEST, SENSOR_ID
from service.sensors.registry import Condition, SensorBody, SensorView
from service.sensors.taking import Arrival, Outcome, take
from service.store.record_tables import FeedToken

router = APIRouter(prefix="/sensors", tags=["sensors"])

SensorName = Annotated[str, Path(pattern=SENSOR_ID)]


class ReportOut(BaseModel):
    """What came of one report: taken, repeated, late or aside, and why."""

    standing: str
    sensor: str | None
    id: str | None
    reason: str | None
    events: tuple[str, ...]
    alert: str | None


class SensorChange(SensorBody):
    """A sensor as it shall be; `version` is that of the sensor as the actor saw it."""

    version: int | None = None


class NewSensor(SensorBody):
    """A sensor to be entered."""

    id: Annotated[str, Path(pattern=SENSOR_ID)]


class TestUntil(Body):
    """Until when somebody works on the sensor; absent ends it."""

    until: AwareDatetime | None = None


class Seen(BaseModel):
    """How many notices nobody has seen yet."""

    unseen: int


@router.post("/reports", summary="Deliver reports of sensors")
async def deliver(request: Request, desk: Annotated[FeedDesk, Depends(FeedOf("sensors"))]) -> list[ReportOut]:
    """One report, a list of at most 100, or `{"reports": [...]}`, as docs/sensors.md has them, 64 KiB at most.

    The token's name is that of the gateway, or of the sensor itself. A report with an `id` is taken once.
    """
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > LARGEST:
            raise HTTPException(413, "A delivery of reports has 64 KiB at most; send fewer at once.")
    return await run_sync(_take, desk, bytes(data))


@router.get("", summary="All sensors in service")
def listing(
    desk: DeskOf,
    object_id: Annotated[str | None, Query(max_length=64)] = None,
    condition: Condition | None = None,
    *,
    retired: bool = False,
) -> tuple[SensorView, ...]:
    """Those in alarm first, then those that do not work."""
    with desk.read() as work:
        return registry.listing(work, object_id=object_id, condition=condition, retired=retired)


@router.post("", summary="Enter a sensor", status_code=201)
def enter(body: NewSensor, desk: DeskOf) -> SensorView:
    """Its id is that of its messages, and no camera's."""
    with desk.write() as work:
        row = registry.register(work, body.id, SensorBody.model_validate(body.model_dump(exclude={"id"})))
        return registry.view_of(row, work.now)


@router.get("/notices", summary="What sensors tell that is no fire")
def told(desk: DeskOf, *, open_only: bool = True) -> tuple[NoticeView, ...]:
    """Silence, low batteries, faults, messages that could not be read."""
    with desk.read() as work:
        return notices.listing(work, open_only=open_only)


@router.post("/notices/{notice_id}/seen", summary="Say that one has seen a notice")
def seen(notice_id: Annotated[int, Path(ge=1)], desk: DeskOf) -> Seen:
    """It goes on standing until its cause ends."""
    with desk.write() as work:
        notices.see(work, notice_id)
        work.session.flush()
        return Seen(unseen=notices.unseen(work))


@router.get("/{sensor_id}", summary="A sensor")
def one(sensor_id: SensorName, desk: DeskOf) -> SensorView:
    """As it is now."""
    with desk.read() as work:
        return registry.view_of(registry.load(work, sensor_id), work.now)


@router.put("/{sensor_id}", summary="Enter something else about a sensor")
def change(sensor_id: SensorName, body: SensorChange, desk: DeskOf) -> SensorView:
    """What it reported stays."""
    with desk.write() as work:
        wanted = SensorBody.model_validate(body.model_dump(exclude={"version"}))
        return registry.view_of(registry.change(work, sensor_id, wanted, version=body.version), work.now)


@router.post("/{sensor_id}/retire", summary="Take a sensor out of service")
def retire(sensor_id: SensorName, desk: DeskOf) -> SensorView:
    """For good."""
    with desk.write() as work:
        return registry.view_of(registry.retire(work, sensor_id), work.now)


@router.post("/{sensor_id}/test", summary="Say that somebody works on a sensor")
def test(sensor_id: SensorName, body: TestUntil, desk: DeskOf) -> SensorView:
    """Until then what it reports is a test, which raises and confirms nothing; a day at most."""
    with desk.write() as work:
        return registry.view_of(registry.set_test(work, sensor_id, body.until), work.now)


def _take(desk: FeedDesk, data: bytes) -> list[ReportOut]:
    with desk.write() as work:
        name = work.session.get_one(FeedToken, desk.actor.id).name
        return [_out(each) for each in take(work, Arrival(source=f"http:{name}", data=data, gateway=name))]


def _out(found: Outcome) -> ReportOut:
    return ReportOut(
        standing=found.standing,
        sensor=found.sensor,
        id=found.message_id,
        reason=found.reason,
        events=found.events,
        alert=found.alert_id,
    )
