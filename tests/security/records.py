"""Records for attackers to knock at: one of each kind that the service's paths name."""

from __future__ import annotations

from qyran.roles import Role
from service.store.alert_tables import Alert
from service.store.tables import ViolationCase

STILL = "still_in_act.jpg"
"""A file that every package of evidence lists."""


def furnish(world) -> dict[str, str]:
    """The ids of records that exist, by the name of the gap of a path they fit into."""
    case_id, alert_id = world.case(), world.alert()
    victim = world.person(Role.EVALUATOR)
    with world.store.read() as work:
        case, alert = work.session.get(ViolationCase, case_id), work.session.get(Alert, alert_id)
        assert case is not None
        assert alert is not None
    return {
        "case_id": case_id, "alert_id": alert_id, "camera_id": "abay-12", "record": case_id, "event_id": case_id,
        "user_id": victim.id, "kind": "cases", "service": "101", "name": STILL, "version": "1",
        "period": "2026-10", "kpi_id": "9.1", "lang": "kk", "form": "csv", "step": "claim",
    }  # fmt: skip
