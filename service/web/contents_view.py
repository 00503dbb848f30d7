"""What a case's evidence holds and lacks, and where its papers and money are looked up: for the case's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from qyran.roles import Role
from service.access import CASE_READERS
from service.doors import door_of
from service.evidence_contents import ROOM, Item, State, contents
from service.store.database import Work
from service.store.tables import ViolationCase
from service.web.words import Words

TONES: Final[Mapping[State, str]] = {"present": "good", "missing": "warn", "pending": "calm", "altered": "bad"}
LOCK: Final = "lock"
"""Names who locked and why: not for whoever only screens pictures."""
AFTER: Final = (("deliveries.of_case", "/deliveries/cases/{case_id}"), ("fines.account", "/fines/{case_id}"))
"""Pages of a signed case: the key of the link's text, and the door."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing a package should hold, in words; `tone` is empty where it is not needed."""

    name: str
    state: str
    tone: str
    why: str | None


@dataclass(frozen=True, slots=True)
class ContentsView:
    """The parts of a package: what lacks first, then the rest; `hold` says why the evidence is kept."""

    lacking: tuple[Part, ...]
    rest: tuple[Part, ...]
    hold: str | None


def contents_view(work: Work, w: Words, case_id: str) -> ContentsView:
    """What the case's first package holds and lacks."""
    found = contents(work, work.session.get_one(ViolationCase, case_id))
    sees_all = bool(work.actor.roles & CASE_READERS)
    shown = [item for item in found.items if item.state != "not_applicable" and (sees_all or item.name != LOCK)]
    lacking = {item.name for item in found.missing}
    return ContentsView(
        lacking=tuple(_part(w, item) for item in shown if item.name in lacking),
        rest=tuple(_part(w, item) for item in shown if item.name not in lacking),
        hold=w.t(f"{ROOM}.hold_{found.hold.reason}") if found.hold is not None else None,
    )


def afterwards(w: Words, roles: frozenset[Role], case_id: str) -> tuple[tuple[str, str], ...]:
    """Text and address of the pages of a signed case that a reader with these roles may open."""
    found = []
    for key, pattern in AFTER:
        path = pattern.format(case_id=case_id)
        door = door_of("GET", path)
        if door is not None and roles & door.roles:
            found.append((w.t(key), path))
    return tuple(found)


def _part(w: Words, item: Item) -> Part:
    return Part(
        name=item.words[w.lang],
        state=w.t(f"{ROOM}.state_{item.state}"),
        tone=TONES.get(item.state, ""),
        why=item.detail.get(w.lang),
    )
