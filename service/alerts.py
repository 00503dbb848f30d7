"""Alerts as the rest of the service uses them; what is behind each name stands in `service.alerting`."""

from __future__ import annotations

from service.alerting.moving import CONSOLE, SITUATION_ROOM, moved, notify, stamp, told_the_room, view_of
from service.alerting.reading import (
    alert_detail,
    changed_after,
    counts,
    evidence_file,
    listing,
    open_alert,
    summaries,
)
from service.alerting.services import ServiceReport, responses, tell_service
from service.alerting.steps import (
    acknowledge,
    add_note,
    arrive,
    assign,
    cancel,
    close,
    correct_time,
    depart,
    dispatch,
    let_through,
    mark_delivered,
    reopen,
    resolve,
    service_step,
    start_verification,
    verdict,
)

__all__ = [
    "CONSOLE",
    "SITUATION_ROOM",
    "ServiceReport",
    "acknowledge",
    "add_note",
    "alert_detail",
    "arrive",
    "assign",
    "cancel",
    "changed_after",
    "close",
    "correct_time",
    "counts",
    "depart",
    "dispatch",
    "evidence_file",
    "let_through",
    "listing",
    "mark_delivered",
    "moved",
    "notify",
    "open_alert",
    "reopen",
    "resolve",
    "responses",
    "service_step",
    "stamp",
    "start_verification",
    "summaries",
    "tell_service",
    "told_the_room",
    "verdict",
    "view_of",
]
