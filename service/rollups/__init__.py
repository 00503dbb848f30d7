"""Days of KPIs: exactly additive tallies of each local day, kept up to date from marks that changes leave.

`refresh` brings what changed up to date, `rebuild` makes days from nothing; `service.rollups.events` gives the single
records behind a value.
"""

from __future__ import annotations

from datetime import date

from service.store.database import Store

__all__ = ["rebuild", "refresh"]


def refresh(store: Store) -> int:
    """Bring the days up to date that changed since; how many."""
    return 0


def rebuild(store: Store, first: date | None = None, last: date | None = None) -> int:
    """Compute days from nothing, the first and last included; by default all that the store knows; how many."""
    return 0
