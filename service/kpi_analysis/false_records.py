"""The single false records of one camera: the items that `false_shares` counts as false there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import literal, select, union_all

from kpi_catalog.period import Period
from qyran.roles import Actor, Role
from service.access import KPI_READERS, require
from service.kpi_analysis.false_shares import FALSE, alert_items, case_items
from service.store.alert_tables import Alert
from service.store.database import Store
from service.store.tables import ViolationCase

MOST: Final = 200


@dataclass(frozen=True, slots=True)
class FalseRecord:
    """One record judged false: no plate, no person; the reason is a code."""

    kind: Literal["case", "alert"]
    id: str
    rule: str
    at: datetime
    reason: str | None


def false_records(
    store: Store, period: Period, camera: str, *, actor: Actor, start: int = 0, limit: int = 100
) -> tuple[FalseRecord, ...]:
    """A camera's false records of a period, the newest first.

    Args:
        store: the store.
        period: of detection.
        camera: its id.
        actor: who asks.
        start: how many to pass over.
        limit: how many at most, up to `MOST`.

    Raises:
        AccessError: the actor reads no KPIs.
    """
    require(actor, KPI_READERS | {Role.SYSTEM})
    of_cases, of_alerts = case_items(period.start, period.end), alert_items(period.start, period.end)
    cases = (
        select(
            literal("case").label("record"), ViolationCase.id.label("id"), ViolationCase.kind.label("rule"),
            ViolationCase.t_detect.label("at"), ViolationCase.reason.label("reason"),
        )
        .select_from(ViolationCase)
        .outerjoin(of_cases.joined, of_cases.joined.c.case_id == ViolationCase.id)
        .where(*of_cases.where, of_cases.verdict == FALSE, ViolationCase.camera_id == camera)
    )  # fmt: skip
    alerts = select(literal("alert"), Alert.id, Alert.kind, Alert.t_detect, Alert.reason).where(
        *of_alerts.where, of_alerts.verdict == FALSE, Alert.camera_id == camera
    )
    both = union_all(cases, alerts).subquery()
    query = select(both).order_by(both.c.at.desc(), both.c.id).offset(max(0, start)).limit(min(MOST, limit))
    with store.read(actor) as work:
        return tuple(FalseRecord(*row) for row in work.session.execute(query))
