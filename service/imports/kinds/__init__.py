"""Every kind of import by its name."""

from __future__ import annotations

from typing import Final

from service.imports.kinds.base import Context, Kind, Record, Values
from service.imports.kinds.fire import CALLS, NORM, OBJECTS, PHONE, SENSORS
from service.imports.kinds.kpi_values import KPI_VALUES
from service.imports.kinds.people import AMBULANCE, PAYMENTS, SURVEYS
from service.imports.kinds.places import ADDRESSES
from service.imports.kinds.registers import PARKINGS, STOPS, VEHICLES
from service.imports.kinds.roads import COVERAGE, ROADS

KINDS: Final[dict[str, Kind]] = {
    one.name: one
    for one in (
        KPI_VALUES, VEHICLES, ROADS, COVERAGE, PARKINGS, STOPS, OBJECTS, SENSORS, CALLS, AMBULANCE, PHONE, SURVEYS,
        NORM, PAYMENTS, ADDRESSES,
    )
}  # fmt: skip

__all__ = ["KINDS", "Context", "Kind", "Record", "Values"]
