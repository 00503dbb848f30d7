"""A camera whose stream stays away is an incident of its own: who watches a city must know where he is blind.

A short loss is the network's; one that lasts longer than `stream_lost_s` is told as `camera_tampering` with the reason
`stream_lost`, once for each loss. The server tells it, not the camera's worker, so that it is told even when the
worker's machine goes away after its last word.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import select

from qyran.roles import SYSTEM
from service.alert_taking import Device, Report, raise_alert
from service.store.alert_tables import Alert
from service.store.database import Store, Work
from service.store.response_tables import Outage
from service.store.tables import Camera

KIND: Final = "camera_tampering"
REASON: Final = "stream_lost"
PREFIX: Final = "camera:"


def watch_streams(store: Store) -> int:
    """Raise an alert for every camera whose stream has been lost for too long; how many were raised."""
    with store.read() as work:
        lost = _lost(work)
    raised = 0
    for report in lost:
        with store.write(SYSTEM) as work:
            if work.session.get(Alert, report.id) is None:
                raise_alert(work, report)
                raised += 1
    return raised


def _lost(work: Work) -> list[Report]:
    """Losses that have lasted too long and were not told."""
    patience = timedelta(seconds=work.store.settings.stream_lost_s)
    rows = select(Outage).where(
        Outage.end.is_(None), Outage.reason == REASON, Outage.start <= work.now - patience,
        Outage.component.startswith(PREFIX, autoescape=True),
    )  # fmt: skip
    known = set(work.session.scalars(select(Camera.id).where(Camera.retired.is_(None))))
    out = []
    for outage in work.session.scalars(rows):
        camera = outage.component.removeprefix(PREFIX)
        key = str(uuid5(NAMESPACE_URL, f"{REASON}/{camera}/{outage.start.isoformat()}"))
        if camera in known and work.session.get(Alert, key) is None:
            out.append(
                Report(
                    id=key, type="incident", kind=KIND, device=Device("camera", camera), t_detect=work.now,
                    t_onset=outage.start, score=1.0, origin={"reason": REASON, "since": outage.start.isoformat()},
                )
            )  # fmt: skip
    return out
