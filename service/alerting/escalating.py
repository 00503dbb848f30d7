"""Passing on what nobody answers: each step of the ladder once, logged as event and notification, safe against a kill.

When a step is due stands in the alert's row, so a round with nothing due is one look at an index.
"""

from __future__ import annotations

import logging
from typing import Final

from sqlalchemy import select

from incidents.alert import SERVICES, AlertState
from incidents.escalation import WAITS, Turn, due, turns
from qyran.roles import SYSTEM, Role
from service.alerting.due import arm, ladder_of
from service.alerting.moving import CONSOLE, notify
from service.alerting.services import tell_service
from service.notifying import queue
from service.store.alert_tables import Alert
from service.store.database import Store, Work
from service.store.events import append_event

MOST: Final = 500
"""Alerts of one round; the next second takes the rest."""

log = logging.getLogger(__name__)


def escalate(store: Store) -> int:
    """Take every step that is due; how many alerts were passed on. Each alert in a transaction of its own."""
    with store.read() as work:
        query = select(Alert.id).where(Alert.escalation_due <= work.now).order_by(Alert.escalation_due).limit(MOST)
        waiting = work.session.scalars(query).all()
    return sum(_pass_on(store, alert_id) for alert_id in waiting)


def rearm(store: Store) -> int:
    """Reckon anew when each waiting alert is due: the ladder may have changed while the service stood."""
    with store.read() as work:
        ids = work.session.scalars(select(Alert.id).where(Alert.state.in_(tuple(WAITS)))).all()
    changed = 0
    for alert_id in ids:
        with store.write(SYSTEM) as work:
            row = work.session.get(Alert, alert_id, with_for_update=True)
            if row is not None:
                before = row.escalation_due
                if row.t_waiting is None:  # of a time before escalations: what is long past is not made up for
                    row.t_waiting = row.changed_at
                    every = turns(ladder_of(store.settings), AlertState(row.state), row.kind)
                    row.escalation_step, _ = due(every, 0, work.now - row.t_waiting)
                arm(store.settings, row)
                changed += row.escalation_due != before
    return changed


def _pass_on(store: Store, alert_id: str) -> bool:
    with store.write(SYSTEM) as work:
        row = work.session.get(Alert, alert_id, with_for_update=True)
        if row is None or row.escalation_due is None or row.escalation_due > work.now or row.t_waiting is None:
            return False  # answered meanwhile
        every = turns(ladder_of(store.settings), AlertState(row.state), row.kind)
        row.escalation_step, now = due(every, row.escalation_step, work.now - row.t_waiting)
        for turn in now:
            _tell(work, row, turn)
        arm(store.settings, row)
        return bool(now)


def _tell(work: Work, row: Alert, turn: Turn) -> None:
    """Tell who stands on this rung; services outside are not called to an exercise by a clock."""
    told = [one for one in turn.rung.tell if one not in SERVICES or not row.is_drill]
    waited = round(turn.after.total_seconds())
    data = {
        "step": turn.rung.id, "when": turn.rung.when.value, "turn": turn.number, "after_s": waited,
        "tell": list(told), "ladder": ladder_of(work.store.settings).name,
    }  # fmt: skip
    row.escalation += 1
    row.t_escalated = work.now
    append_event(work, row, "escalated", Role.SYSTEM, data=data)
    for one in told:
        if one in SERVICES:
            tell_service(work, row, one)
        notify(work, row, CONSOLE, one, initiator="system")
        queue(work, row, "escalated", service=one)
    log.info("The alert %s was passed on by the step %s, turn %d.", row.id, turn.rung.id, turn.number)
