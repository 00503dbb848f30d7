"""The exchange with the city's situational centre: the feed, its manifests, how late and how often it tells.

`delays` (KPI 1.1) and `update_gaps` (KPI 1.4) are what other parts take from here.
"""

from __future__ import annotations

from service.exchange.measures import Delay, UpdateGaps, delays, update_gaps

__all__ = ["Delay", "UpdateGaps", "delays", "update_gaps"]
