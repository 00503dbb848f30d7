"""KPI 10.6: share of protected objects with at least one working sensor or device on the period's last day.

The state of one day is no sum of days: it is read from the registers as they are dated.
"""

from __future__ import annotations

from datetime import datetime

from kpi_catalog.definition import Counted, Definition, Judged
from kpi_catalog.facts.spans import joined
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts, ProtectedObject
from kpi_catalog.status import Status
from kpi_catalog.tally import Tally
from kpi_catalog.value import InputUsed, KpiValue, Missing

ID = "10.6"


def judge(equipped: bool, _: CityFacts | None = None) -> Judged:  # noqa: FBT001 - it is what is judged
    """How an object of the register counts, by whether a sensor of it worked on the last day."""
    return Judged(Counted.BOTH, "equipped") if equipped else Judged(Counted.DENOMINATOR, "not_equipped")


def state(facts: CityFacts, since: datetime, until: datetime) -> tuple[frozenset[str], frozenset[str]]:
    """Objects in the register at `until`, and objects that a sensor was heard of from in [since, until)."""
    register = facts.objects.objects if facts.objects is not None else ()
    registered = frozenset(one.id for one in register if _in_register(one, until))
    return registered, frozenset(one.object_id for one in facts.sensors or () if joined(one.working, since, until))


def _value(_: Tally, facts: CityFacts, period: Period) -> KpiValue:
    register = facts.objects
    registered, sensed = state(facts, *period.last_day(facts.as_of))
    equipped = len(sensed if register is None else sensed & registered)
    missing: list[Missing] = []
    if not registered:
        missing.append(Missing.OBJECT_REGISTER)
    if facts.sensors is None:
        missing.append(Missing.SENSOR_REGISTER)
    return KpiValue(
        id=ID,
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


objects_equipped = Definition(ID, 1, judge, _value)
"""KPI 10.6."""
