"""KPI 10.4: share of automated notifications of fire.

Numerator: notifications to the fire service and to an object's staff that the system sent without a person.
Denominator: all notifications of fire events at protected objects, telephone calls to 101 included. Without the
journal of those calls only the share over the system's own events is known: labelled, and not scored.
"""

from __future__ import annotations

from kpi_catalog.definition import Counted, Definition, Judged, counts_of, excluded, uncounted
from kpi_catalog.happened import Happened
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts, Initiator, NotificationFact, Recipient
from kpi_catalog.status import Status
from kpi_catalog.tally import Part, Tally, tally
from kpi_catalog.value import InputUsed, KpiValue, Missing

ID = "10.4"
ANSWERING = frozenset({Recipient.FIRE_SERVICE, Recipient.OBJECT_STAFF})


def judge(sent: NotificationFact, _: CityFacts | None = None) -> Judged:
    """How a notification sent in the period counts."""
    apart = uncounted(sent)
    if apart is not None:
        return apart
    if sent.object_id is None:
        return excluded("no_object")
    if sent.initiator is not Initiator.SYSTEM:
        return Judged(Counted.DENOMINATOR, "by_a_person")
    automatic = sent.recipient in ANSWERING
    return Judged(Counted.BOTH, "automatic") if automatic else Judged(Counted.DENOMINATOR, "other_recipient")


def _tally(span: Happened) -> Tally:
    return tally(counts_of(ID, ((judge(one), one.times) for one in span.notifications)))


def _value(total: Tally, facts: CityFacts, period: Period) -> KpiValue:
    sent, automatic = total.count(f"{ID}.denominator"), total.count(f"{ID}.numerator")
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
        id=ID,
        unit="percent",
        definition_version="10.4/1",
        status=status,
        value=100 * automatic / sent if sent else None,
        n=sent,
        numerator=automatic if sent else None,
        denominator=sent or None,
        missing=tuple(missing),
        inputs=()
        if phone is None
        else (InputUsed("phone_notifications", None, phone.covers_until.date(), phone.source),),
        extra={"scope": "all_events" if phone is not None else "system_events_only"},
    )


automatic_notifications = Definition(ID, 1, judge, _value, {Part.NOTIFICATIONS: _tally})
"""KPI 10.4."""
