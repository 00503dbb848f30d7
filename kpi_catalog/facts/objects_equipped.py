"""KPI 10.6: share of protected objects with at least one working sensor or device on the period's last day."""

from __future__ import annotations

from datetime import datetime

from kpi_catalog.facts.spans import joined
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts, ProtectedObject
from kpi_catalog.status import Status
from kpi_catalog.value import InputUsed, KpiValue, Missing


def objects_equipped(facts: CityFacts, period: Period) -> KpiValue:
    """Compute KPI 10.6."""
    since, until = period.last_day(facts.as_of)
    register = facts.objects
    registered = {one.id for one in register.objects if _in_register(one, until)} if register is not None else set()
    sensed = {one.object_id for one in facts.sensors or () if joined(one.working, since, until)}
    equipped = len(sensed if register is None else sensed & registered)
    missing: list[Missing] = []
    if not registered:
        missing.append(Missing.OBJECT_REGISTER)
    if facts.sensors is None:
        missing.append(Missing.SENSOR_REGISTER)
    return KpiValue(
        id="10.6",
        unit="percent",
        definition_version="10.6/1",
        status=Status.NO_DATA if missing else Status.COMPUTED,
        value=None if missing else 100 * equipped / len(registered),
        n=len(registered),
        numerator=None if facts.sensors is None else equipped,
        denominator=len(registered) or None,
        missing=tuple(missing),
        inputs=()
        if register is None
        else (InputUsed("object_register", len(registered), register.on, register.source),),
        extra={"sensed_outside_register": len(sensed - registered) if register is not None else None},
    )


def _in_register(one: ProtectedObject, moment: datetime) -> bool:
    return (one.since is None or one.since < moment) and (one.until is None or one.until >= moment)
