"""Trying a receiver's channel with a message that says that nothing has happened."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from incidents.alert import AlertState
from incidents.severity import certainty_of, severity_of
from qyran.errors import NotFound
from qyran.roles import SYSTEM, Actor, Role
from service.access import log_access, require
from service.notifying.channels import channel_of
from service.notifying.deliverer import attempt
from service.notifying.facts import AlertFacts, AlertPlace
from service.notifying.messages import Note, Outcome
from service.notifying.queueing import key_of
from service.notifying.routing import alerts_file
from service.store.database import Store

TESTERS: Final = frozenset({Role.SITUATIONAL_OPERATOR, Role.ADMINISTRATOR, Role.SYSTEM})


def send_test(store: Store, name: str, actor: Actor = SYSTEM) -> Outcome:
    """Send a test message to a receiver at once, past its queue; what came of it. It is written in the access log.

    Raises:
        AccessError: the actor is neither operator nor administrator.
        ConfigError: the alerts file or a secret of the receiver cannot be used.
        NotFound: there is no such receiver.
    """
    role = require(actor, TESTERS)
    receiver = alerts_file(store.settings).receiver(name)
    if receiver is None:
        raise NotFound(f"The alerts file has no receiver {name}.")
    if actor is not SYSTEM:
        with store.write(actor) as work:
            log_access(work, role, "receiver_tested", receiver.id)
    now, kind = store.clock(), receiver.kinds[0] if receiver.kinds else "fire"
    alert_id = str(uuid4())
    facts = AlertFacts(
        alert_id=alert_id,
        incident_id=alert_id,
        type="fire_alert" if kind in {"fire", "smoke"} else "incident",
        kind=kind,
        state=AlertState.TEST,
        severity=severity_of(kind),
        certainty=certainty_of(None),
        place=AlertPlace(words=dict(store.settings.city_name)),
        times={"t_detect": now},
    )
    note = Note(0, key_of(alert_id, 1, receiver.id), "raised", 1, now, facts, is_test=True)
    channel = channel_of(store, receiver)
    try:
        return attempt(channel, note)
    finally:
        channel.close()
