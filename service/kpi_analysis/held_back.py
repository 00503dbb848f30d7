"""Alerts that were held back and are counted in no KPI: whoever trusts a share has to see what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from incidents.alert import REASONS, AlertState
from kpi_catalog.period import Period
from qyran.roles import Actor, Role
from service.access import KPI_READERS, require
from service.store.alert_tables import Alert
from service.store.database import Store

SECOND_LOOK: Final = "second_look"


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Alerts detected in a period that are held back still: by announced works, and by a second look."""

    works: int
    second_look: int


def held_back(store: Store, period: Period, *, actor: Actor) -> HeldBack:
    """How many were held back and not raised after all.

    Raises:
        AccessError: the actor reads no KPIs.
    """
    require(actor, KPI_READERS | {Role.SYSTEM})
    query = select(Alert.reason, func.count()).where(
        Alert.state == AlertState.SUPPRESSED, Alert.t_detect >= period.start, Alert.t_detect < period.end
    )
    with store.read(actor) as work:
        counts: dict[str | None, int] = dict(work.session.execute(query.group_by(Alert.reason)).all())
    works = sum(counts.get(reason, 0) for reason in REASONS["suppress"] if reason != SECOND_LOOK)
    return HeldBack(works, counts.get(SECOND_LOOK, 0))
