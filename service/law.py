"""What the offence catalogue says to the use cases: candidates, the chosen article, the limitation, a second look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.store.database import Store
from service.store.tables import ViolationCase


@dataclass(frozen=True, slots=True)
class Chosen:
    """An entry of the catalogue as it was valid on the day; the fine in tenge is None for what is no fine."""

    id: str
    penalty_kind: str
    fine_mci: float | None
    fine_kzt: int | None


def candidates(kind: str, at: datetime) -> tuple[str, ...]:
    """Ids of the entries a rule's finding may be on that day, the likeliest first."""
    from violations import offences

    return tuple(one.id for one in offences.candidates(kind, at.date()))


def chosen(offence: str, kind: str, at: datetime) -> Chosen:
    """The entry an officer chose.

    Raises:
        InputError: there is none of that id for that kind and day.
    """
    from violations import offences

    entry = offences.find(offence, kind, at.date())
    return Chosen(entry.id, entry.penalty_kind, entry.fine_mci, entry.fine_kzt)


def second_look(store: Store, row: ViolationCase) -> str | None:
    """Why a confirmation needs a second officer, or None.
    """
    terms = store.settings.terms
    if row.fine_mci is not None and row.fine_mci >= terms.second_look_mci:
        return "penalty_high"
    return "random_sample" if drawn(store, f"second look {row.id}", terms.second_look_share) else None


def drawn(store: Store, what: str, share: float) -> bool:
    """Whether a random sample of this share holds something: fixed for it, and not to be known from outside."""
    return int(store.vault.token(what)[:8], 16) / 2**32 < share
