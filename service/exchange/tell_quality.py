"""What bears on the trust in other records: quarantines of a camera's rule, and stops of the feed itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from service.exchange.drafts import Draft, utc
from service.exchange.shapes import Kind
from service.exchange.waiting import Waiting
from service.store.database import Work
from service.store.officer_tables import Quarantine

OUTAGE: Final = timedelta(minutes=60)
"""A feed that told nothing for so long stood still: the order asks for an update an hour (KPI 1.4)."""


def tell_quarantines(work: Work, waiting: Mapping[str, Waiting]) -> Iterator[Draft]:
    """A camera's rule is doubted, or no longer."""
    query = select(Quarantine).where(Quarantine.id.in_(waiting)).order_by(Quarantine.began_at, Quarantine.id)
    for row in work.session.scalars(query):
        one = waiting[row.id]
        data = {
            "event": "rule_doubted" if row.ended_at is None else "rule_trusted_again",
            "camera": row.camera_id,
            "violation": row.kind,
            "began_at": utc(row.began_at),
            "ended_at": utc(row.ended_at),
            "outcome": row.outcome,
        }
        yield Draft(kind=Kind.DATA_QUALITY, subject=f"quarantine/{row.id}", data=data, occurred_at=row.began_at,
                    received_at=one.at, measured=one.live, origin=one.origin)  # fmt: skip


def tell_outage(last: datetime | None, now: datetime) -> Iterator[Draft]:
    """The feed says itself that it stood still, and from when to when."""
    if last is None or now - last < OUTAGE:
        return
    data = {"event": "feed_outage", "camera": None, "violation": None, "began_at": last, "ended_at": now,
            "outcome": None}  # fmt: skip
    yield Draft(kind=Kind.DATA_QUALITY, subject=f"outage/{last:%Y-%m-%dT%H:%M:%S}", data=data, occurred_at=last,
                received_at=now, measured=False)  # fmt: skip
