"""When a receiver or broker was away, told to the register of outages."""

from __future__ import annotations

from service.notifying.routing import Receiver
from service.store.database import Work


def component_of(receiver: Receiver) -> str:
    """As outages call it."""
    return f"{'broker' if receiver.channel == 'mqtt' else 'receiver'}:{receiver.id}"


def tell_downtime(work: Work, receiver: Receiver) -> None:
    """Begin or end an outage where the breaker says so."""
