"""How often officers reject what a camera and rule find, and which of them go into quarantine for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from qyran.roles import OFFICERS, SYSTEM
from service.access import require
from service.quarantine import READERS, begin, cameras_in_sight, holding
from service.store.database import Store, Work
from service.store.events import STATE
from service.store.officer_tables import Quarantine
from service.store.tables import CaseEvent, ViolationCase
from violations.case import DECIDED_FALSE, DECIDED_TRUE
from violations.quality import Alarm, Count, QualityTerms, Rates, alarms, interval, judge

RUNS_A_DAY: Final = 24
"""How often the rates are looked at: each look has its part of the day's chance of a false alarm."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Decided:
    """One verdict that stands."""

    case_id: str
    pair: Pair
    at: datetime
    false: bool


@dataclass(frozen=True, slots=True)
class RateView:
    """A camera and rule as the page shows it: counts, shares, the interval of the share, what is out of order.

    Attributes:
        low, high: the 95 % interval of the share of rejections (Wilson).
        p: chance of such a jump by luck alone, None where nothing jumped.
        quarantine: id of the quarantine that holds.
    """

    camera_id: str
    kind: str
    now: Count
    low: float
    high: float
    past: Count
    peers: Count
    p: float | None
    quarantine: str | None


def rates(work: Work, as_of: datetime, terms: QualityTerms) -> tuple[Rates, ...]:
    """Counts of every camera and rule with a verdict in the window or before it, in order.

    What was decided before a quarantine ended is not held against the camera a second time.
    """
    decided = _verdicts(work, as_of, terms)
    began = as_of - terms.window
    ended = _ended(work, as_of)
    now: dict[Pair, Count] = defaultdict(Count)
    past: dict[Pair, Count] = defaultdict(Count)
    for one in decided:
        count = Count(1, int(one.false))
        if one.at > max(began, ended.get(one.pair, began)):
            now[one.pair] += count
        elif one.at <= began:
            past[one.pair] += count
    whole: dict[str, Count] = defaultdict(Count)
    for (_, kind), count in now.items():
        whole[kind] += count
    found = []
    for pair in sorted({*now, *past}):
        mine, all_of_kind = now[pair], whole[pair[1]]
        peers = Count(all_of_kind.decided - mine.decided, all_of_kind.rejected - mine.rejected)
        found.append(Rates(*pair, now=mine, past=past[pair], peers=peers))
    return tuple(found)


def rate_views(work: Work) -> tuple[RateView, ...]:
    """The rates of the cameras of the actor's territories, the worst first."""
    require(work.actor, READERS)
    terms = work.store.settings.quality_terms
    near = {row.id for row in cameras_in_sight(work)}
    found = []
    for one in rates(work, work.now, terms):
        if one.camera not in near or not one.now.decided + one.past.decided:
            continue
        alarm, under = judge(one, terms), holding(work, one.camera, one.kind)
        low, high = interval(one.now)
        chance = alarm.p if alarm else None
        held = under.id if under else None
        found.append(RateView(one.camera, one.kind, one.now, low, high, one.past, one.peers, chance, held))
    return tuple(sorted(found, key=lambda one: (-(one.now.share or 0.0), -one.now.decided, one.camera_id, one.kind)))


def watch_quality(store: Store, as_of: datetime, *, rehearsal: bool = False) -> dict[str, int]:
    """Put under quarantine what the test finds at a moment; an account of it. Running it again changes nothing."""
    terms = store.settings.quality_terms
    with store.read(SYSTEM) as work:
        counted = rates(work, as_of, terms)
        found = [
            one
            for one in alarms(counted, replace(terms, alpha=terms.alpha / RUNS_A_DAY))
            if holding(work, one.rates.camera, one.rates.kind) is None
        ]
    begun = 0 if rehearsal else sum(_begin(store, one, as_of, terms) for one in found)
    return {"looked_at": len(counted), "found": len(found), "begun": begun}


def _begin(store: Store, alarm: Alarm, as_of: datetime, terms: QualityTerms) -> bool:
    camera, kind = alarm.rates.camera, alarm.rates.kind
    with store.write(SYSTEM) as work:
        if holding(work, camera, kind) is not None:
            return False  # somebody was faster
        figures = _figures(alarm, terms, as_of)
        anchor = _last_rejected(work, camera, kind, as_of)
        since = as_of - terms.window
        begin(work, camera, kind, "rejections_jumped", figures=figures, anchor=anchor, since=since)
    return True


def _figures(alarm: Alarm, terms: QualityTerms, as_of: datetime) -> dict[str, Any]:
    """What was counted and by which parameters, for the ledger."""
    counts = {name: asdict(getattr(alarm.rates, name)) for name in ("now", "past", "peers")}
    chances = {name: None if (p := getattr(alarm, name)) is None else float(f"{p:.3g}") for name in
               ("p", "p_past", "p_peers")}  # fmt: skip
    parameters = {
        "window_days": terms.window.days,
        "past_days": terms.past.days,
        "least_decided": terms.least_decided,
        "jump": terms.jump,
        "alpha": terms.alpha,
        "runs_a_day": RUNS_A_DAY,
    }
    return {"as_of": as_of.isoformat(), **counts, **chances, "terms": parameters}


def _verdicts(work: Work, as_of: datetime, terms: QualityTerms) -> list[_Decided]:
    """The last verdict of each case within window and past; what was withdrawn and decided anew counts once."""
    query = (
        select(CaseEvent.record, CaseEvent.at, CaseEvent.target, ViolationCase.camera_id, ViolationCase.kind)
        .join(ViolationCase, ViolationCase.id == CaseEvent.record)
        .where(
            CaseEvent.at > as_of - terms.window - terms.past,
            CaseEvent.at <= as_of,
            CaseEvent.kind == STATE,
            CaseEvent.role.in_([role.value for role in OFFICERS]),
            CaseEvent.target.in_([*DECIDED_TRUE, *DECIDED_FALSE]),
        )
        .order_by(CaseEvent.at, CaseEvent.seq)
    )
    last: dict[str, _Decided] = {}
    for record, at, target, camera, kind in work.session.execute(query):
        last[record] = _Decided(record, (camera, kind), at, target in DECIDED_FALSE)
    return list(last.values())


def _ended(work: Work, as_of: datetime) -> Mapping[Pair, datetime]:
    """When the last quarantine of each camera and rule ended, until a moment."""
    query = select(Quarantine.camera_id, Quarantine.kind, Quarantine.ended_at).where(Quarantine.ended_at <= as_of)
    found: dict[Pair, datetime] = {}
    for camera, kind, ended_at in work.session.execute(query):
        if ended_at is not None:
            found[camera, kind] = max(ended_at, found.get((camera, kind), ended_at))
    return found


def _last_rejected(work: Work, camera: str, kind: str, as_of: datetime) -> str | None:
    """The case whose rejection tipped the scales: its chain keeps that the quarantine began."""
    query = (
        select(ViolationCase.id)
        .where(
            ViolationCase.camera_id == camera,
            ViolationCase.kind == kind,
            ViolationCase.verdict == "false",
            ViolationCase.t_officer_decision <= as_of,
        )
        .order_by(ViolationCase.t_officer_decision.desc(), ViolationCase.id)
    )
    return work.session.scalar(query.limit(1))
