"""An alert as CAP 1.2 messages: what each receiver gets, and what anybody who may see the alert can read of it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import select

from incidents.alert import AlertState
from incidents.cap.alert_message import AlertReport, Sender, message_of
from incidents.cap.message import Message, Reference
from qyran.errors import NotFound
from service.notifying.facts import AlertFacts, facts_of
from service.notifying.hearing import STEPS
from service.notifying.messages import Earlier, Note
from service.notifying.queueing import key_of
from service.notifying.routing import Receiver, standing_file
from service.notifying.words import event_words, link_of, place_words
from service.settings import Settings
from service.store.alert_tables import Alert, AlertEvent
from service.store.database import Work
from service.store.events import STATE

MEDIA: Final = "application/cap+xml"


def sender_of(settings: Settings) -> Sender:
    """Who sends."""
    given = standing_file(settings).sender
    return Sender(given.id or urlsplit(settings.public_url).hostname or "qyran", settings.city_name, given.contact)


def cap_of(settings: Settings, receiver: Receiver, note: Note) -> Message:
    """The message that a receiver gets."""
    sender = sender_of(settings)
    report = _report(settings, note, (receiver.service or receiver.id,))
    return message_of(report, sender, _references(sender, note.earlier))


def present_cap(work: Work, row: Alert) -> Message:
    """What a receiver that heard every step would hear now; for whoever may see the alert.

    Raises:
        NotFound: there is nothing to tell of it yet.
    """
    told = set(STEPS)
    query = select(AlertEvent.seq, AlertEvent.at, AlertEvent.target).where(
        AlertEvent.record == row.id, AlertEvent.kind == STATE
    )
    steps = [
        (seq, at, STEPS[AlertState(target)])
        for seq, at, target in work.session.execute(query.order_by(AlertEvent.seq))
        if target in told
    ]
    if not steps or steps[0][2] != STEPS[AlertState.NOTIFIED]:
        raise NotFound(f"There is nothing to tell of the alert {row.id}: it was never raised.")
    seq, at, step = steps[-1]
    earlier = tuple(Earlier(key_of(row.id, before), when) for before, when, _ in steps[:-1])
    note = Note(0, key_of(row.id, seq), step, seq, at, facts_of(work, row), earlier)
    settings = work.store.settings
    sender = sender_of(settings)
    return message_of(_report(settings, note, ()), sender, _references(sender, earlier))


def _report(settings: Settings, note: Note, addresses: tuple[str, ...]) -> AlertReport:
    facts: AlertFacts = note.facts
    return AlertReport(
        alert_id=facts.alert_id,
        version=note.seq,
        kind=facts.kind,
        state=facts.state,
        verdict=facts.verdict,
        sent=note.sent,
        t_detect=facts.times["t_detect"],
        event=event_words(facts.kind),
        place=place_words(facts),
        t_onset=facts.times.get("t_onset"),
        incident_id=facts.incident_id,
        latitude=facts.place.latitude,
        longitude=facts.place.longitude,
        radius_m=facts.place.radius_m,
        score=facts.score,
        is_drill=facts.is_drill,
        is_test=note.is_test,
        camera_id=facts.camera_id,
        services=addresses,
        identifier=note.key,
        severity=facts.severity,
        certainty=facts.certainty,
        region=facts.place.region or (),
        sensor_id=facts.sensor_id,
        web=link_of(settings, facts),
    )


def _references(sender: Sender, earlier: tuple[Earlier, ...]) -> tuple[Reference, ...]:
    return tuple(Reference(sender.id, one.key, one.sent) for one in earlier)
