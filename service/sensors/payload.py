"""What a sensor's message may say. An alarm is never lost to a fault beside it: what can be read of it is taken.

A message is one report, a list of reports, or an object with the key `reports`. An unknown key is left alone: a sensor
of another make says more than we ask. The contract stands in docs/sensors.md and as JSON Schema in `SCHEMA`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

LARGEST: Final = 64 * 1024
"""Bytes of a message; a hundred reports have some 20 KiB."""
MOST_REPORTS: Final = 100
SENSOR_ID: Final = r"^[\w][\w.-]{0,63}$"
KEPT: Final = 4096
"""Characters of a message that are kept."""

SensorId = Annotated[str, StringConstraints(pattern=SENSOR_ID)]


class ReportBody(BaseModel):
    """One report.

    Attributes:
        sensor: its id; over MQTT the topic may say it instead.
        id: of the message, chosen by whoever sends; the same message sent again has the same.
        time: by the sensor's clock, with its zone; absent where it has none, then the time it came in counts.
        alarm: true while it is in alarm, false when it is over; absent in a plain heartbeat of a sensor that cannot
            tell.
        battery_percent: charge left.
        tampered: taken off its socket or opened.
        fault: a code of what is wrong with it; an empty text says that nothing is any more.
        test: somebody pressed its test button.
        values: what it measured, kept with the message.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    sensor: SensorId | None = None
    id: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    time: AwareDatetime | None = None
    alarm: bool | None = None
    battery_percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] | None = None
    tampered: bool | None = None
    fault: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{0,64}$")] | None = None
    test: bool = False
    values: dict[Annotated[str, StringConstraints(max_length=64)], float] | None = None


SCHEMA: Final[dict[str, Any]] = ReportBody.model_json_schema()


@dataclass(frozen=True, slots=True)
class Word:
    """One report of a message.

    Attributes:
        raw: its text, shortened.
        body: None where nothing of it can be taken.
        sensor: the sensor it names, as far as that can be read.
        reason: why it is put aside, or what of it was; a code.
        key: what makes it the same message when it comes again; None where nothing does.
    """

    raw: str
    body: ReportBody | None
    sensor: str | None = None
    reason: str | None = None
    key: str | None = None


def words_of(data: bytes) -> tuple[Word, ...]:
    """The reports of a message; what cannot be read is among them with its reason."""
    text = data[:KEPT].decode("utf-8", errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    if len(data) > LARGEST:
        return (Word(text, None, reason="too_large"),)
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return (Word(text, None, reason="no_json"),)
    if isinstance(said, dict) and isinstance(said.get("reports"), list):
        said = said["reports"]
    if isinstance(said, dict):
        return (_word(said),)
    if not isinstance(said, list) or not said or not all(isinstance(one, dict) for one in said):
        return (Word(text, None, reason="no_report"),)
    if len(said) > MOST_REPORTS:
        # The first ones are taken all the same: an alarm may be among them.
        return (*(_word(one) for one in said[:MOST_REPORTS]), Word(text, None, reason="too_many"))
    return tuple(_word(one) for one in said)


def _word(said: dict[str, Any]) -> Word:
    raw = json.dumps(said, ensure_ascii=False, sort_keys=True)
    text = raw[:KEPT].replace("\\u0000", "\N{REPLACEMENT CHARACTER}")
    named = said.get("sensor") if isinstance(said.get("sensor"), str) else None
    sensor = named[:64] if named else None
    try:
        body = ReportBody.model_validate(said)
    except (ValidationError, RecursionError) as error:
        place = _place(error)
        if said.get("alarm") is True:
            known = _rescued(said)
            if known is not None:
                return Word(text, known, known.sensor, f"only_alarm_{place}", _key(known, raw))
        return Word(text, None, sensor, f"bad_{place}")
    return Word(text, body, body.sensor, None, _key(body, raw))


def _rescued(said: dict[str, Any]) -> ReportBody | None:
    """The alarm alone, with whatever stands beside it that can be read."""
    kept: dict[str, Any] = {"alarm": True}
    for name in ("sensor", "id", "time", "test"):
        try:
            ReportBody.model_validate({**kept, name: said.get(name)})
        except (ValidationError, RecursionError):
            continue
        kept[name] = said.get(name)
    if said.get("sensor") is not None and "sensor" not in kept:
        return None
    return ReportBody.model_validate({name: value for name, value in kept.items() if value is not None})


def _place(error: ValidationError | RecursionError) -> str:
    if not isinstance(error, ValidationError):
        return "depth"
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"]
    name = str(first[0]) if first else "report"
    return name if name in ReportBody.model_fields else "report"


def _key(body: ReportBody, raw: str) -> str | None:
    """A report without an id is known by its words where a time is among them; two heartbeats may be alike."""
    if body.id is not None:
        return f"id:{body.id}"
    return f"sha:{hashlib.sha256(raw.encode(errors='replace')).hexdigest()}" if body.time is not None else None
