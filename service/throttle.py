"""Wrong tries slow the next ones down, and nobody can lock out somebody else by them.

Tries are counted by name and address together, by name and by address. From the limit on each further try has to wait
twice as long as the one before. A name is counted apart at a place it has logged in from before: who floods a name from
elsewhere, or a whole station's address with other names, does not stop the person at his own desk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select

from service.store.database import Store, Work
from service.store.people_tables import KnownPlace
from service.store.tables import LoginAttempt

SHARED_ADDRESS: Final = 10  # a whole police station may come from one address
FIRST_WAIT: Final = timedelta(minutes=1)
REMEMBERED: Final = timedelta(days=90)
"""How long a place counts as known after the last login from it."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """What a try is counted by, as keyed hashes."""

    place: str
    name: str
    address: str

    @property
    def all(self) -> tuple[str, str, str]:
        """All three."""
        return (self.place, self.name, self.address)


def subjects(store: Store, username: str, address: str) -> Subjects:
    """What a try of this name from this address is counted by."""
    token, name = store.vault.token, username.casefold()
    return Subjects(token(f"place:{name}|{address}"), token(f"name:{name}"), token(f"address:{address}"))


def waits(work: Work, tried: Subjects) -> bool:
    """Whether the next try of this name from this address has to wait."""
    limit = work.store.settings.login_attempts
    if work.session.get(KnownPlace, tried.place) is not None:
        return waits_for(work, tried.place, limit)
    counted = ((tried.place, limit), (tried.name, limit), (tried.address, limit * SHARED_ADDRESS))
    return any(waits_for(work, subject, most) for subject, most in counted)


def waits_for(work: Work, subject: str, limit: int) -> bool:
    """Whether the next try counted by one subject has to wait: from the limit on twice as long each time."""
    window = timedelta(minutes=work.store.settings.login_window_minutes)
    query = select(LoginAttempt.at).where(LoginAttempt.subject == subject, LoginAttempt.at >= work.now - window)
    times: Sequence[datetime] = work.session.scalars(query.order_by(LoginAttempt.at)).all()
    if len(times) < limit:
        return False
    wait = min(window, FIRST_WAIT * 2 ** min(len(times) - limit, 16))
    return bool(work.now < times[-1] + wait)


def tried(work: Work, *counted_by: str) -> None:
    """Count a try; it is counted before anything slow is compared, so that many at once cannot slip through."""
    work.session.add_all(LoginAttempt(subject=subject, at=work.now) for subject in counted_by)


def forget(work: Work, *counted_by: str) -> None:
    """The tries counted by these count no more."""
    work.session.execute(delete(LoginAttempt).where(LoginAttempt.subject.in_(counted_by)))


def remember(work: Work, place: str) -> None:
    """Somebody has logged in at this place."""
    known = work.session.get(KnownPlace, place)
    if known is None:
        work.session.add(KnownPlace(subject=place, at=work.now))
    else:
        known.at = work.now


def sweep(work: Work) -> None:
    """Drop tries that count no more and places nobody came from for long."""
    window = timedelta(minutes=work.store.settings.login_window_minutes)
    work.session.execute(delete(LoginAttempt).where(LoginAttempt.at < work.now - window))
    work.session.execute(delete(KnownPlace).where(KnownPlace.at < work.now - REMEMBERED))
