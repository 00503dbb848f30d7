"""Why an event is another than it was when its period was published, from the chain of its own record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import or_, select

from service.publication.event_sets import EventSet
from service.publication.model import Change, as_told
from service.publication.rules import OTHER
from service.rollups.events import Event
from service.store.alert_tables import Alert, AlertEvent
from service.store.database import Work
from service.store.tables import CaseEvent, ChainEvent, ViolationCase

RECORDS: Final = frozenset({"case", "alert"})
"""Kinds of event whose record has a chain; all others come from imports, registers and logs."""
CHUNK: Final = 500

CANCELLED: Final = "cancelled_on_appeal"
VERDICT: Final = "late_verdict"
VERDICTS: Final = frozenset(
    {"officer_confirmed", "officer_rejected", "non_payable", "confirmed", "false", "undetermined"}
)
ON_APPEAL: Final = frozenset({"appeal_granted", "court_ruling"})
REACTIONS: Final = frozenset({"acknowledged", "dispatched", "departed", "arrived"})

ORDER: Final = (
    "late_event",
    CANCELLED,
    VERDICT,
    "changed_verdict",
    "duplicate",
    "late_payment",
    "late_notification",
    "late_reaction",
    "corrected_record",
)
"""Of several causes in one record's chain the first of these is named."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An event before and after, with the local day it stands under."""

    day: date
    before: Event | None
    after: Event | None

    @property
    def event(self) -> Event:
        """Either of them: kind and id are the same."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a difference needs an event")
        return found

    @property
    def counts(self) -> bool:
        """Whether numerator or denominator feel it."""
        return any(one is not None and one.counted != "excluded" for one in (self.before, self.after))


def differences(before: Mapping[date, EventSet], after: Mapping[date, EventSet]) -> tuple[Difference, ...]:
    """Every event that is another than it was; one that moved to another day stands under its new day."""
    days = [day for day in sorted({*before, *after}) if _hash(before, day) != _hash(after, day)]
    old, new = _by_record(before, days), _by_record(after, days)
    found = []
    for key in sorted({*old, *new}):
        was, now = old.get(key), new.get(key)
        if was is None or now is None or was[1] != now[1]:
            day = (now or was or (date.min, None))[0]
            found.append(Difference(day, was and was[1], now and now[1]))
    return tuple(found)


def explained(work: Work, found: Sequence[Difference], since: datetime, changed_inputs: frozenset[str]) -> list[Change]:
    """Each difference with its cause, and when and in which role it was made.

    Args:
        work: the unit of work.
        found: the differences.
        since: the moment up to which the store was known.
        changed_inputs: names of the outside figures that are others than they were.
    """
    ids = {one.event.id for one in found if one.event.kind in RECORDS}
    chains = _chains(work, ids, since)
    there = _existing(work, ids)
    return [_change(one, chains.get(one.event.id, ()), one.event.id in there, changed_inputs) for one in found]


def _change(one: Difference, chain: Sequence[ChainEvent], exists: bool, changed_inputs: frozenset[str]) -> Change:  # noqa: FBT001
    event = one.event
    made: ChainEvent | None = None
    if event.kind not in RECORDS:
        cause = _outside(one, changed_inputs)
    elif one.after is None and not exists:
        cause = "removed"
    else:
        cause, made = _from_chain(one, event.id, chain)
    return Change(
        kind=event.kind,
        id=event.id,
        day=one.day,
        before=None if one.before is None else as_told(one.before),
        after=None if one.after is None else as_told(one.after),
        cause=cause,
        at=None if made is None else made.at,
        role=None if made is None else made.role,
    )


def _from_chain(one: Difference, record: str, chain: Sequence[ChainEvent]) -> tuple[str, ChainEvent | None]:
    own = [link for link in chain if link.record == record] or list(chain)
    named = [(_cause(one, link), link) for link in own]
    for cause in ORDER:
        found = next((link for code, link in reversed(named) if code == cause), None)
        if found is not None:
            return (cause, found) if found.record == record else ("neighbour", found)
    return ("neighbour", None) if own else (OTHER, None)


def _cause(one: Difference, link: ChainEvent) -> str:
    if link.seq == 1 and one.before is None:
        return "late_event"
    named = _BY_KIND.get(link.kind)
    return "corrected_record" if named is None else named(one, link)


def _state(one: Difference, link: ChainEvent) -> str:
    target = link.target or ""
    if target in VERDICTS or target == "reopened":
        judged = one.before is not None and one.before.counted != "excluded"
        return "changed_verdict" if judged else VERDICT
    if target == "cancelled":
        return CANCELLED if link.reason in ON_APPEAL else "corrected_record"
    if target == "merged" or (target == "detected" and link.seq > 1):
        return "duplicate"
    if target in REACTIONS:
        return "late_reaction"
    return "late_notification" if target == "signed" else "corrected_record"


def _appeal(_: Difference, link: ChainEvent) -> str:
    return CANCELLED if link.target in {"cancelled", "changed"} else "corrected_record"


def _as(code: str) -> Callable[[Difference, ChainEvent], str]:
    return lambda _, __: code


_BY_KIND: Final[Mapping[str, Callable[[Difference, ChainEvent], str]]] = {
    "state": _state,
    "appeal": _appeal,
    **dict.fromkeys(("payment", "fine_payment", "payment_found", "refund"), _as("late_payment")),
    **dict.fromkeys(("delivery", "registration"), _as("late_notification")),
    **dict.fromkeys(("parted", "seen_again"), _as("duplicate")),
}


def _outside(one: Difference, changed_inputs: frozenset[str]) -> str:
    match one.event.kind:
        case "notification":
            return "late_notification" if one.before is None else "corrected_record"
        case "camera":
            return "late_event" if one.before is None or one.after is not None else "corrected_record"
        case _ if one.before is None:
            return "late_import"
        case _:
            return "corrected_import" if changed_inputs or one.after is None else "neighbour"


def _chains(work: Work, ids: Iterable[str], since: datetime) -> dict[str, list[ChainEvent]]:
    """What was appended to each record, and to those it is counted with, after a moment."""
    wanted = sorted(set(ids))
    joint = _joint(work, wanted)
    every = sorted({*wanted, *(other for others in joint.values() for other in others)})
    later: dict[str, list[ChainEvent]] = {}
    for start in range(0, len(every), CHUNK):
        some = every[start : start + CHUNK]
        for link in (*_after(work, CaseEvent, some, since), *_after(work, AlertEvent, some, since)):
            later.setdefault(link.record, []).append(link)
    return {
        record: [link for one in (record, *sorted(joint.get(record, ()))) for link in later.get(one, ())]
        for record in wanted
    }


def _after(
    work: Work, table: type[CaseEvent | AlertEvent], records: Sequence[str], since: datetime
) -> Sequence[ChainEvent]:
    query = select(table).where(table.record.in_(records), table.at > since).order_by(table.record, table.seq)
    return [link for link in work.session.scalars(query) if isinstance(link, ChainEvent)]


def _joint(work: Work, ids: Sequence[str]) -> dict[str, set[str]]:
    """Records counted together with each: the alerts of its incident, the case of the same happening and its alerts."""
    found: dict[str, set[str]] = {}
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        of = or_(Alert.id.in_(some), Alert.incident_id.in_(some), Alert.case_id.in_(some))
        for alert, incident, case in work.session.execute(select(Alert.id, Alert.incident_id, Alert.case_id).where(of)):
            for one, other in ((incident, alert), (case, alert), (alert, case), (alert, incident)):
                if one is not None and other is not None and one != other:
                    found.setdefault(one, set()).add(other)
    return found


def _existing(work: Work, ids: Iterable[str]) -> set[str]:
    wanted, found = sorted(set(ids)), set[str]()
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        for table in (ViolationCase, Alert):
            found |= set(work.session.scalars(select(table.id).where(table.id.in_(some))))
        found |= set(work.session.scalars(select(Alert.incident_id).where(Alert.incident_id.in_(some))))
    return found


def _by_record(sets: Mapping[date, EventSet], days: Iterable[date]) -> dict[tuple[str, str], tuple[date, Event]]:
    return {(one.kind, one.id): (day, one) for day in days if day in sets for one in sets[day].events}


def _hash(sets: Mapping[date, EventSet], day: date) -> Any:
    found = sets.get(day)
    return None if found is None or not found.rows else found.sha256
