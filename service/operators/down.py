"""What is down at this moment, as it was reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service import outages
from service.store.database import Work


@dataclass(frozen=True, slots=True)
class Down:
    """A part that is down; `component` is `camera:ID`, `receiver:ID`, `broker:NAME` and the like, reason a code."""

    component: str
    since: datetime | None
    reason: str | None


def down_now(work: Work) -> tuple[Down, ...]:
    """What is down, the latest first.

    Raises:
        AccessError: the actor does not see outages.
    """
    return tuple(Down(one.component, one.start, one.reason) for one in outages.running(work))
