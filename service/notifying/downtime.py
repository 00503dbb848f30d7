"""When a receiver or broker was away, told to the register of outages."""

from __future__ import annotations

from service.notifying.routing import Receiver
from service.outages.log import begin_in, end_in
from service.store.database import Work
from service.store.notice_tables import AlertReceiver


def component_of(receiver: Receiver) -> str:
    """As outages call it."""
    return f"{'broker' if receiver.channel == 'mqtt' else 'receiver'}:{receiver.id}"


def tell_downtime(work: Work, receiver: Receiver) -> None:
    """Begin or end an outage, as the breaker stands."""
    row = work.session.get(AlertReceiver, receiver.id)
    if row is not None and row.opened_at is not None:
        begin_in(work, component_of(receiver), row.error or "no_connection", at=row.failing_since)
    else:
        end_in(work, component_of(receiver))
