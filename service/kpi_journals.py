"""Journals from outside that security KPIs count: calls of the fire service, notifications by telephone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from kpi_catalog.records import FireCall, Import, Initiator, NotificationFact, Recipient
from service import city_inputs as given
from service.imports.journals import Span, joined_spans, span_for
from service.imports.journals import journal as grown
from service.store.database import Work
from service.store.tables import CityInput

JOURNAL: Final = "fire_calls"
PHONE: Final = "phone_notifications"
PHONE_PREFIX: Final = "phone-"
"""Before the ids of notifications by telephone, so that none is that of a notification of ours."""


def journal(work: Work) -> tuple[FireCall, ...]:
    """Every call of the fire service's journal as it stands."""
    calls = given.newest(work, (JOURNAL,)).get(JOURNAL)
    return () if calls is None else calls_of(calls)


def phoned(work: Work) -> tuple[NotificationFact, ...]:
    """Every notification by telephone as it stands; each was made by a person."""
    entry = given.newest(work, (PHONE,)).get(PHONE)
    told = () if entry is None else entry.shaped(given.PhoneNotifications).notifications
    return tuple(
        NotificationFact(
            id=f"{PHONE_PREFIX}{one.id}",
            t_sent=one.t_sent,
            initiator=Initiator.HUMAN,
            recipient=Recipient(one.recipient),
            object_id=one.object_id,
            drill=one.drill,
            test=one.test,
            merged=one.merged,
        )
        for one in told
    )


@dataclass(frozen=True, slots=True)
class Covered:
    """What a journal covers in all, read without its records."""

    spans: tuple[Span, ...]
    source: str

    def of(self, within: Span) -> Import | None:
        """The covered span that says most of another."""
        span = span_for(self.spans, within)
        return None if span is None else Import(*span, self.source)


def covered(work: Work, name: str) -> Covered:
    """What a journal covers, by hand and by files."""
    told = (CityInput.value[key].as_string() for key in ("covers_from", "covers_until"))
    entered = select(*told, CityInput.source, CityInput.as_of).where(
        CityInput.name == name, CityInput.withdrawn_at.is_(None)
    )
    by_hand = work.session.execute(entered.order_by(CityInput.as_of.desc(), CityInput.id.desc()).limit(1)).first()
    files = grown(work, name, within=(work.now, work.now))  # of an empty span no record is read
    spans = list(files.spans) if files is not None else []
    source = files.source if files is not None else ""
    if by_hand is not None:
        covers = given.Covers.model_validate({"covers_from": by_hand[0], "covers_until": by_hand[1]})
        spans.append((covers.covers_from, covers.covers_until))
        source = by_hand.source if files is None or by_hand.as_of > files.as_of else source
    return Covered(joined_spans(spans), source)


def calls_of(entry: given.Entry) -> tuple[FireCall, ...]:
    """The calls of an entered journal."""
    return tuple(FireCall(**call.model_dump()) for call in entry.shaped(given.Calls).calls)
