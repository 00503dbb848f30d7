"""One record of each kind as the feed would tell it, for docs/exchange.md (`qyran exchange examples`).

They go through the publisher of a store that is made for them and thrown away, so that they are what readers get.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from service.exchange import feed
from service.exchange.drafts import Draft
from service.exchange.publisher import publish
from service.exchange.shapes import Kind
from service.settings import load_settings
from service.store.database import open_store

MOMENT: Final = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
PLACE: Final[dict[str, Any]] = {"territory": "almaly", "latitude": 43.2389, "longitude": 76.8897}
ALERT: Final[dict[str, Any]] = {
    "type": "incident", "alert_kind": "crash", "state": "notified", "verdict": None, "camera": "abay-12", **PLACE,
    "detected_at": MOMENT - timedelta(seconds=20), "onset_at": MOMENT - timedelta(seconds=24),
    "notified_at": MOMENT - timedelta(seconds=19), "acknowledged_at": None, "verdict_at": None, "dispatched_at": None,
    "departed_at": None, "arrived_at": None, "controlled_at": None, "closed_at": None, "services": [], "reports": 1,
    "drill": False, "found_by": "camera", "at_protected_object": False, "reason": None, "closing": None,
}  # fmt: skip


def examples() -> str:
    """The records, each as indented JSON, and one tombstone."""
    with TemporaryDirectory(prefix="qyran-examples-") as folder:
        settings = load_settings(home=Path(folder) / "home", city_id="almaty", city_category="republican")
        store = open_store(settings, clock=lambda: MOMENT)
        try:
            publish(store, _drafts())
            publish(store, (_draft(Kind.ALERT, "alert/2c5f7d3e-8a41-4f6b-9a55-0d7f1c9b2e10", None, gone="merged",
                                   see="alert/1b0e6c2d-7f30-4e5a-8944-fc6e0b8a1d0f"),))  # fmt: skip
            with store.read() as work:
                lines = feed.page(work, limit=feed.MOST).lines
        finally:
            store.close()
    return "\n".join(json.dumps(json.loads(line), ensure_ascii=False, indent=1) for line in lines) + "\n"


def _drafts() -> tuple[Draft, ...]:
    hour = MOMENT - timedelta(hours=1)
    return (
        _draft(Kind.CAMERA_STATUS, "camera/abay-12", {
            "camera": "abay-12", "name": {"kk": "Абай 12", "ru": "Абая, 12", "en": "Abay Ave 12"}, **PLACE,
            "status": "up", "since": hour, "commissioned": "2026-01-01", "retired": None,
        }),
        _draft(Kind.ALERT, "alert/2c5f7d3e-8a41-4f6b-9a55-0d7f1c9b2e10", ALERT),
        _draft(Kind.VIOLATION_COUNT, "count/abay-12/red_light/2026-11-22T06", {
            "camera": "abay-12", "territory": "almaly", "violation": "red_light", "hour": hour, "day": "2026-11-22",
            "detected": 7, "waiting": 2, "set_aside": 1, "confirmed": 3, "rejected": 1, "cancelled": 0,
        }),
        _draft(Kind.DATA_QUALITY, "view/5d1e0b7a-3c52-4d0e-b1f6-6a9c2e4f8d33", {
            "event": "view_moved", "camera": "abay-12", "violation": None, "began_at": hour, "ended_at": None,
            "outcome": None,
        }),
        _draft(Kind.KPI_VALUE, "kpi/9.9/2026-10", {
            "kpi": "9.9", "period": "2026-10", "city_category": "republican", "stage": "published",
            "status": "computed", "value": 0.8, "unit": "percent", "numerator": 8.0, "denominator": 1000.0,
            "rows": 1000, "missing": [], "score": 1.0, "uncapped": 1.2, "definition_version": "9.9/1",
            "as_of": MOMENT, "publication": "0f4c8c0e-5a2d-4f0b-8b3a-7d1e9c6b5a42", "correction": None,
            "reason": None,
        }),
    )  # fmt: skip


def _draft(kind: Kind, subject: str, data: dict[str, Any] | None, **changes: Any) -> Draft:
    received = MOMENT - timedelta(seconds=18)
    return Draft(kind=kind, subject=subject, data=data, occurred_at=received, received_at=received, **changes)
