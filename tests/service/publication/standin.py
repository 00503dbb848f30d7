from __future__ import annotations

from kpi_catalog.happened import happened
from kpi_catalog.security import DEFINITIONS
from service.kpi_facts import city_facts
from service.rollups.events import Event, Page

SOURCES = {
    "9.2": ("case", "detected", "t_detect"),
    "9.3": ("case", "decided", "t_officer_decision"),
    "9.4": ("case", "notified", "t_first_notification_sent"),
    "9.5": ("case", "due", "payment_term_end"),
    "9.6": ("alert", "incidents", "t_detect"),
    "9.8": ("alert", "incidents", "t_detect"),
    "9.9": (None, "items", "moment"),
}


def events_of(store, kpi_id, period, *, actor=None, after=None, limit=200):
    if kpi_id not in SOURCES:
        return Page((), None)
    kind, name, moment = SOURCES[kpi_id]
    with store.read() as work:
        facts = city_facts(work, period)
    judge = DEFINITIONS[kpi_id].judge
    found = []
    for one in getattr(happened(facts, period.start, period.end), name):
        judged = judge(one, facts)
        value = None if judged.us is None else judged.us / 60_000_000
        found.append(Event(kind or one.kind, one.id, getattr(one, moment), judged.counted.value, value, judged.reason))
    return Page(tuple(sorted(found, key=lambda one: (one.at, one.id))), None)
