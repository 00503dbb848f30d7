"""Warnings for drivers: which alerts the DATEX II feed tells of, for how long, and how they end."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, exists, or_, select

from evidence.canonical import sha256_hex
from incidents.alert import OPEN, AlertState, Verdict
from incidents.datex.situation import SHAPES, Publisher, RoadWarning, Standing, publication
from qyran.errors import AccessError, NotFound
from service.i18n import LANGUAGES
from service.notifying.facts import facts_of
from service.notifying.hearing import CERTAINTIES
from service.notifying.routing import Drivers, standing_file
from service.notifying.words import event_words, place_words
from service.settings import Settings, read_secret
from service.store.alert_tables import Alert, AlertEvent
from service.store.database import Work

LONGEST: Final = timedelta(hours=12)
"""What nobody has seen or changed for so long is told as ended: drivers stop believing in stale warnings."""
OVER: Final = frozenset({AlertState.RESOLVED, AlertState.CLOSED})
NO_WARNING: Final = frozenset({AlertState.CANDIDATE, AlertState.SUPPRESSED, AlertState.TEST})


@dataclass(frozen=True, slots=True)
class Feed:
    """The feed as it stands.

    Attributes:
        tag: changes with the warnings, not with the moment of publication.
        changed: when the newest of its warnings came, changed or fell out; None where there were none.
    """

    body: bytes
    tag: str
    changed: datetime | None


def admit(settings: Settings, token: str | None) -> Drivers:
    """The feed's settings, for whoever may read it.

    Raises:
        NotFound: there is no such feed here.
        AccessError: it asks for a token, and this is none.
    """
    drivers = standing_file(settings).drivers
    if drivers is None:
        raise NotFound("There is no feed of warnings for drivers here: the alerts file has no [drivers].")
    if drivers.token is not None and not hmac.compare_digest(read_secret(drivers.token), token or ""):
        raise AccessError("The token is absent or wrong.")
    return drivers


def feed(work: Work, drivers: Drivers) -> Feed:
    """The warnings of this moment."""
    since = work.now - timedelta(minutes=drivers.ended_minutes)
    found = [one for row in _candidates(work, drivers) if (one := _warning(work, row)) is not None]
    shown = tuple(one for one in found if one.ended is None or one.ended > since)
    names = work.store.settings.city_name
    publisher = Publisher(drivers.country, drivers.national_id or work.store.settings.city_id, names)
    changed = max((_last_change(one, work.now, since, drivers) for one in found), default=None)
    stable = publication(shown, publisher, changed or datetime.min.replace(tzinfo=work.now.tzinfo))
    return Feed(publication(shown, publisher, work.now), sha256_hex(stable)[:32], changed)


def _candidates(work: Work, drivers: Drivers) -> list[Alert]:
    """Alerts that are open, or that changed within a day."""
    kinds = [one for one in drivers.kinds if one in SHAPES]
    query = select(Alert).where(
        Alert.kind.in_(kinds),
        Alert.is_drill.is_(False),
        or_(Alert.state.in_(OPEN), Alert.changed_at >= work.now - 2 * LONGEST),
        Alert.state.not_in(NO_WARNING),
        _published(drivers),
    )
    return list(work.session.scalars(query.order_by(Alert.t_detect, Alert.id)))


def _published(drivers: Drivers) -> ColumnElement[bool]:
    """A person confirmed it, now or once, or it is sure enough without one."""
    once = exists().where(AlertEvent.record == Alert.id, AlertEvent.target == AlertState.CONFIRMED)
    enough = CERTAINTIES[CERTAINTIES.index(drivers.certainty) :]
    raised = Alert.t_raised.is_not(None)
    return or_(Alert.verdict == Verdict.TRUE, once, raised & Alert.certainty.in_(enough))


def _warning(work: Work, row: Alert) -> RoadWarning | None:
    """An alert as a warning; None where nobody knows where it is."""
    facts = facts_of(work, row)
    place = facts.place
    if place.latitude is None or place.longitude is None:
        return None
    state = AlertState(row.state)
    standing, ended = Standing.ACTIVE, None
    if state in OVER and row.verdict != Verdict.FALSE:
        standing, ended = Standing.ENDED, row.t_control or row.t_closed or row.changed_at
    elif state not in OPEN or row.verdict == Verdict.FALSE:
        standing, ended = Standing.WITHDRAWN, row.changed_at
    elif max(row.changed_at, row.last_seen) < work.now - LONGEST:
        standing, ended = Standing.ENDED, max(row.changed_at, row.last_seen) + LONGEST
    events, places = event_words(row.kind), place_words(facts)
    return RoadWarning(
        id=row.id,
        version=row.seq,
        kind=row.kind,
        standing=standing,
        began=row.t_onset or row.t_detect,
        observed=row.t_detect,
        changed=row.changed_at,
        severity=facts.severity,
        certainty=facts.certainty,
        latitude=place.latitude,
        longitude=place.longitude,
        radius_m=place.radius_m,
        ended=ended,
        seen_by_person=row.verdict == Verdict.TRUE,
        words={lang: f"{events[lang]}: {places[lang]}" for lang in LANGUAGES},
    )


def _last_change(one: RoadWarning, now: datetime, since: datetime, drivers: Drivers) -> datetime:
    """When a warning changed last: it came, changed, ended by itself, or fell out of the feed."""
    moments = [one.changed]
    if one.ended is not None:
        moments.append(min(one.ended, now))
        if one.ended <= since:
            moments.append(one.ended + timedelta(minutes=drivers.ended_minutes))
    return max(moments)
