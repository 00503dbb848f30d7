"""Random samples that nobody can foresee and everybody can check.

Whether a case is drawn follows from a hash of its id under a key of the installation: the same answer whenever it is
asked, unknown to whoever lacks the key, and written with its share into the case's chain, so that an auditor can draw
again and compare (`disagreements`, the job `check_samples`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import select

from evidence.canonical import strict_json
from service.store.database import Store, Work
from service.store.events import STATE
from service.store.tables import CaseEvent
from violations.case import CaseState

Purpose = Literal["rejection", "second look"]
SCALE: Final = 2**32
HEX: Final = 8  # hexadecimal digits of the hash that make the number
PLACES: Final = 6
"""Digits after the point that a chain keeps; the draw is compared as it is kept."""


@dataclass(frozen=True, slots=True)
class Draw:
    """A number between 0 and 1 drawn for a case, and the share below which it is in the sample."""

    number: float
    share: float

    @property
    def hit(self) -> bool:
        """Whether the case is in the sample."""
        return self.number < self.share

    @property
    def data(self) -> dict[str, Any]:
        """What a chain keeps of it."""
        return {"draw": self.number, "share": self.share}


def draw(store: Store, purpose: Purpose, case_id: str, share: float) -> Draw:
    """Draw for a case; fixed for it and the purpose."""
    return Draw(int(int(store.vault.token(f"{purpose} {case_id}")[:HEX], 16) / SCALE * 10**PLACES) / 10**PLACES, share)


def disagreements(work: Work, since: datetime, until: datetime) -> tuple[str, ...]:
    """Ids of cases whose chain says another draw than is drawn now, or whose sample was not what the draw says.

    Args:
        work: the unit of work.
        since: first moment looked at.
        until: the moment before which is looked.
    """
    query = select(CaseEvent).where(
        CaseEvent.at >= since,
        CaseEvent.at < until,
        CaseEvent.kind == STATE,
        CaseEvent.target.in_((CaseState.AUTO_REJECTED, CaseState.SECOND_LOOK, CaseState.OFFICER_CONFIRMED)),
    )
    found = []
    for event in work.session.scalars(query.order_by(CaseEvent.at, CaseEvent.record)):
        data = strict_json(event.header.encode()).get("data", {})
        if "draw" not in data:
            continue
        purpose: Purpose = "rejection" if event.target == CaseState.AUTO_REJECTED else "second look"
        again = draw(work.store, purpose, event.record, data["share"])
        taken = _taken(work, event)
        if again.number != data["draw"] or (taken is not None and taken is not again.hit):
            found.append(event.record)
    return tuple(dict.fromkeys(found))


def _taken(work: Work, event: CaseEvent) -> bool | None:
    """Whether the case went into the sample; None where another reason decided before the draw."""
    if event.target == CaseState.SECOND_LOOK:
        return True if event.reason == "random_sample" else None
    if event.target == CaseState.OFFICER_CONFIRMED:
        return None if event.source == CaseState.SECOND_LOOK else _looked_at(work, event)
    after = work.session.get(CaseEvent, (event.record, event.seq + 1))
    return after is not None and after.reason == "random_sample"


def _looked_at(work: Work, event: CaseEvent) -> bool:
    """Whether the confirmation came after a second look with a remark."""
    query = select(CaseEvent.seq).where(
        CaseEvent.record == event.record, CaseEvent.seq < event.seq, CaseEvent.target == CaseState.SECOND_LOOK
    )
    return work.session.scalar(query.limit(1)) is not None
