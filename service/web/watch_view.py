"""Watch lists and hits in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from service.watch_hits import ACKNOWLEDGED, CLOSED, CONFIRMED, MISREAD, NEW, HitView
from service.watch_lists import ListView
from service.web.passage_view import Card, card
from service.web.words import Words

TONES: Final = {NEW: "bad", ACKNOWLEDGED: "accent", CONFIRMED: "warn", MISREAD: "", CLOSED: "good"}
STEPS: Final = (ACKNOWLEDGED, CONFIRMED, MISREAD, CLOSED)


@dataclass(frozen=True, slots=True)
class HitRow:
    """A hit for the list and its page.

    Attributes:
        card: the passage; None once retention removed it.
        steps: what may be done now, with the words of the button.
        said: who judged it, when and how.
    """

    id: str
    version: int
    list_id: str
    list_name: str
    purpose: str
    ground: str
    pattern: str
    note: str | None
    state: str
    tone: str
    fresh: bool
    time: datetime
    raised_at: datetime
    camera: str
    card: Card | None
    steps: tuple[tuple[str, str], ...]
    said: str | None


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list for the overview; `misread` says how many of the judged hits were misreadings."""

    id: str
    name: str
    purpose: str
    ground: str
    owner: str
    state: str
    tone: str
    valid_until: datetime
    entries: int
    hits: int
    waiting: int
    misread: str


def hit_row(w: Words, seen: HitView) -> HitRow:
    """A hit in words."""
    base = f"/watch/hits/{seen.id}"
    shown = None if seen.passage is None else card(w, seen.passage, base)
    said = None
    if seen.outcome and seen.outcome_at:
        name = seen.outcome_by_name or ""
        said = w.t("watch.judged", outcome=w.t(f"hit_state.{seen.outcome}"), name=name, at=w.moment(seen.outcome_at))
    elif seen.acknowledged_at:
        name = seen.acknowledged_by_name or ""
        said = w.t("watch.taken", name=name, at=w.moment(seen.acknowledged_at))
    return HitRow(
        id=seen.id,
        version=seen.version,
        list_id=seen.list_id,
        list_name=seen.list_name,
        purpose=w.or_code(f"search_reason.{seen.purpose}"),
        ground=seen.legal_ground,
        pattern=seen.pattern or w.t("passages.erased"),
        note=seen.note,
        state=w.or_code(f"hit_state.{seen.state}"),
        tone=TONES.get(seen.state, ""),
        fresh=seen.state == NEW,
        time=seen.time,
        raised_at=seen.raised_at,
        camera=seen.camera_id if shown is None else shown.camera,
        card=shown,
        steps=tuple((step, w.t(f"hit_step.{step}")) for step in STEPS if step in seen.steps),
        said=said,
    )


def list_rows(w: Words, lists: Sequence[ListView]) -> tuple[ListRow, ...]:
    """Lists in words."""
    return tuple(list_row(w, one) for one in lists)


def list_row(w: Words, seen: ListView) -> ListRow:
    """A list in words."""
    share = None if not seen.judged else w.num(100 * seen.misread / seen.judged, 1)
    return ListRow(
        id=seen.id,
        name=seen.name,
        purpose=w.or_code(f"search_reason.{seen.purpose}"),
        ground=seen.legal_ground,
        owner=w.t(f"role.{seen.owner}"),
        state=w.t(f"watch.{seen.state}"),
        tone={"valid": "good", "expired": "warn", "ended": ""}[seen.state],
        valid_until=seen.valid_until,
        entries=seen.entries,
        hits=seen.hits,
        waiting=seen.waiting,
        misread=w.t("watch.unjudged")
        if share is None
        else w.t("watch.misread_share", misread=seen.misread, judged=seen.judged, share=share),
    )
