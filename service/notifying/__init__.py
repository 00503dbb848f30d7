"""Telling receivers outside of alerts: routing, the outbox, the channels, and what receivers answer."""

from __future__ import annotations

from service.notifying.deliverer import Deliverer, Round, deliver
from service.notifying.queueing import queue

__all__ = ["Deliverer", "Round", "deliver", "queue"]
