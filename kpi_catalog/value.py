"""The value of one KPI as it is published: never without its numerator, denominator, inputs and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from kpi_catalog.status import Status


class Missing(StrEnum):
    """Names of inputs that can be absent; `texts/` says each in three languages."""

    AMBULANCE_CALL_LOG = "ambulance_call_log"
    ARRIVAL_TIMES = "arrival_times"
    AVAILABILITY_LOG = "availability_log"
    BASE_INCIDENTS = "base_incidents"
    BASE_PERIOD = "base_period"
    CALL_OBJECTS = "call_objects"
    CAMERA_LOG = "camera_log"
    CAMERA_REGISTER = "camera_register"
    CONFIRMED_INCIDENTS = "confirmed_incidents"
    CONGESTION_WATCH = "congestion_watch"
    COVERAGE_GEOMETRY = "coverage_geometry"
    CRASH_REGISTER = "crash_register"
    CRASH_WATCH = "crash_watch"
    DECIDED_CASES = "decided_cases"
    DEPARTURE_TIMES = "departure_times"
    EMERGENCY_CALLS = "emergency_calls"
    ENDED_PAYMENT_TERMS = "ended_payment_terms"
    FIRE_CALL_LOG = "fire_call_log"
    FIRE_CALLS = "fire_calls"
    FIRE_NORM = "fire_norm"
    FIRE_VERDICTS = "fire_verdicts"
    HEARTBEAT_LOG = "heartbeat_log"
    IMPORTED_VALUE = "imported_value"
    INCIDENTS = "incidents"
    NOTIFICATION_TIMES = "notification_times"
    NOTIFICATIONS = "notifications"
    OBJECT_REGISTER = "object_register"
    OTHER_UPDATE_TIMES = "other_update_times"
    PARKING_PLACES = "parking_places"
    PARKING_REGISTER = "parking_register"
    PASSAGE_SPEEDS = "passage_speeds"
    PASSED_VEHICLES = "passed_vehicles"
    PAYMENTS = "payments"
    PHONE_NOTIFICATIONS = "phone_notifications"
    REACTION_TIMES = "reaction_times"
    REGISTERED_VEHICLES = "registered_vehicles"
    ROAD_INCIDENTS = "road_incidents"
    ROAD_LENGTH = "road_length"
    SENSOR_REGISTER = "sensor_register"
    STOP_REGISTER = "stop_register"
    SURVEY = "survey"
    UPDATE_DELAYS = "update_delays"
    UPDATE_TIMES = "update_times"
    VERDICTS = "verdicts"
    VIDEO = "video"
    WHOLE_MONTH = "whole_month"
    WHOLE_PERIOD_VALUE = "whole_period_value"
    WHOLE_YEAR = "whole_year"


@dataclass(frozen=True, slots=True)
class InputUsed:
    """An input from outside, or a parameter, that a value rests on."""

    key: str
    value: float | str | None
    on: date | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiValue:
    """One KPI for one city and period.

    Attributes:
        value: in `unit`; None where it cannot be said (never 0, never an older value, never a guess).
        n: how many records it rests on.
        numerator: as the definition has it, also where the denominator is missing.
        denominator: None where it is missing, or the definition has none.
        missing: names of the inputs that are absent.
        extra: further figures of the definition, shown beside the value and not in its place.
        definition_version: of the definition, to tell values apart after it changes.
    """

    id: str
    unit: str
    definition_version: str
    status: Status
    value: float | None = None
    n: int = 0
    numerator: float | None = None
    denominator: float | None = None
    missing: tuple[Missing, ...] = ()
    inputs: tuple[InputUsed, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        inputs = [asdict(one) | {"on": one.on and one.on.isoformat()} for one in self.inputs]
        return asdict(self) | {
            "status": self.status.value,
            "missing": [key.value for key in self.missing],
            "inputs": inputs,
            "extra": dict(self.extra),
        }
