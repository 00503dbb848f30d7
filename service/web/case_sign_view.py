"""What an officer has confirmed and not signed, as lines to be signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from service.case_view import summaries
from service.i18n import named
from service.store.database import Work
from service.store.tables import ViolationCase
from service.web.case_view import ROOM
from service.web.evidence_view import thumb_url
from service.web.offence_view import offence_view
from service.web.view_models import Offence
from service.web.words import Words


@dataclass(frozen=True, slots=True)
class SignRow:
    """A decision that waits for its signature."""

    id: str
    kind: str
    camera: str
    t_detect: datetime
    decided_at: datetime | None
    plate: str | None
    offence: Offence | None
    thumb_url: str | None


def sign_rows(work: Work, w: Words, ids: Sequence[str]) -> tuple[SignRow, ...]:
    """The cases in the order of their ids."""
    rows = {row.id: row for row in work.session.scalars(select(ViolationCase).where(ViolationCase.id.in_(ids)))}
    seen = summaries(work, [rows[one] for one in ids if one in rows])
    return tuple(
        SignRow(
            id=one.id,
            kind=w.or_code(f"{ROOM}.kind.{one.kind}"),
            camera=named(w.lang, one.camera_name, one.camera_id),
            t_detect=one.t_detect,
            decided_at=rows[one.id].t_officer_decision,
            plate=one.plate,
            offence=offence_view(w, rows[one.id].offence or "", one.kind, one.t_detect, w.now),
            thumb_url=thumb_url(f"/cases/{one.id}", one.still),
        )
        for one in seen
    )
