"""What the offence catalogue says to the use cases: candidates, the chosen article, terms."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from qyran.errors import ConfigError
from service.store.database import Store
from service.store.tables import ViolationCase
from violations import offences
from violations.offences import Offence


def candidates(store: Store, row: ViolationCase) -> tuple[str, ...]:
    """Ids of the entries a case may be on the city's day of the act, the likeliest first."""
    day = row.t_detect.astimezone(store.settings.zone).date()
    return tuple(one.id for one in offences.candidates(row.kind, day, over_kmh=row.over_kmh))


def chosen(store: Store, row: ViolationCase, offence: str, imposed: datetime) -> Offence:
    """The entry an officer chose, with the amount of the day the penalty is imposed.

    Raises:
        InputError: there is none of that id for the case's kind and day.
    """
    zone = store.settings.zone
    day = row.t_detect.astimezone(zone).date()
    return offences.find(offence, row.kind, day, imposed=imposed.astimezone(zone).date(), over_kmh=row.over_kmh)


def limitation_ends(store: Store, act: datetime) -> datetime | None:
    """After this no decision may be made; None for a day the catalogue does not reach back to."""
    try:
        return offences.limitation_ends(act.astimezone(store.settings.zone)).astimezone(UTC)
    except ConfigError:
        return None


def payment_term_ends(store: Store, delivered: datetime) -> datetime:
    """The moment after the last day to pay the full fine, counted from delivery."""
    zone = store.settings.zone
    day = offences.last_payment_day(delivered.astimezone(zone).date()) + timedelta(days=1)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def repeat_since(store: Store, act: datetime) -> datetime:
    """From when on an earlier decision under the same article makes an act a repeat."""
    return offences.repeat_since(act.astimezone(store.settings.zone)).astimezone(UTC)
