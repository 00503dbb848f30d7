"""KPI 10.4: share of automated notifications of fire.

Numerator: notifications to the fire service and to an object's staff that the system sent without a person.
Denominator: all notifications of fire events at protected objects, telephone calls to 101 included. Without the
journal of those calls only the share over the system's own events is known: labelled, and not scored.
"""

from __future__ import annotations

from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts, Initiator, Recipient
from kpi_catalog.status import Status
from kpi_catalog.value import InputUsed, KpiValue, Missing

ANSWERING = frozenset({Recipient.FIRE_SERVICE, Recipient.OBJECT_STAFF})


def automatic_notifications(facts: CityFacts, period: Period) -> KpiValue:
    """Compute KPI 10.4."""
    sent = [one for one in facts.notifications if one.counts and one.object_id is not None and period.holds(one.t_sent)]
    automatic = sum(one.initiator is Initiator.SYSTEM and one.recipient in ANSWERING for one in sent)
    phone = facts.inputs.phone_notifications
    missing = [] if phone is not None else [Missing.PHONE_NOTIFICATIONS]
    if not sent:
        missing.append(Missing.NOTIFICATIONS)
        status = Status.NO_DATA
    elif phone is None:
        status = Status.PARTIAL
    else:
        whole = phone.covers_from <= period.start and phone.covers_until >= period.close(facts.as_of)
        status = Status.COMPUTED if whole else Status.PRELIMINARY
    return KpiValue(
        id="10.4",
        unit="percent",
        definition_version="10.4/1",
        status=status,
        value=100 * automatic / len(sent) if sent else None,
        n=len(sent),
        numerator=automatic if sent else None,
        denominator=len(sent) or None,
        missing=tuple(missing),
        inputs=()
        if phone is None
        else (InputUsed("phone_notifications", None, phone.covers_until.date(), phone.source),),
        extra={"scope": "all_events" if phone is not None else "system_events_only"},
    )
