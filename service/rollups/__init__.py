"""Days of KPIs: exactly additive tallies of each local day, kept up to date from marks that changes leave.

`refresh` brings what changed up to date, `rebuild` makes days from nothing; `service.rollups.events` gives the single
records behind a value.
"""

from __future__ import annotations

from service.rollups.refreshing import rebuild, refresh

__all__ = ["rebuild", "refresh"]
