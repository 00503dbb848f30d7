"""Looking for what a published period would be now: a difference becomes a revision, the frozen value stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select

from kpi_catalog.city import CityKpi
from kpi_catalog.period import Period
from qyran.roles import SYSTEM, Actor, Role
from service.access import require
from service.publication.causes import Difference, differences, explained
from service.publication.content import frozen, kpi_content, standing_inputs
from service.publication.event_sets import EventSet, event_set
from service.publication.freeze import CHOICES, PUBLISHERS, Draft, compose
from service.publication.model import CELLS, Change, Publication, Revision, State
from service.publication.rules import Rules, rules_of
from service.publication.shelf import LOCK, events_behind, keep_sets, publication_of, the_published
from service.rating import city_report
from service.store.counter import lock_series
from service.store.database import Store, Work
from service.store.events import STATE, append_event
from service.store.publication_tables import KpiPublication, KpiRevision, KpiRevisionDay

MOST_LISTED: Final = 500
"""Changed events written into a revision one by one; the events of the days kept with it hold all of them."""


@dataclass(frozen=True, slots=True)
class Found:
    """A KPI that is another than it was known.

    Attributes:
        days: the events of each changed day as they are now.
    """

    kpi_id: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    changes: tuple[Change, ...]
    causes: Mapping[str, int]
    days: Mapping[date, EventSet]
    definition: tuple[str, str]


def revise(
    store: Store,
    period: Period | str,
    *,
    actor: Actor = SYSTEM,
    job: str | None = None,
    day: date | None = None,
    quick: bool = False,
) -> tuple[Revision, ...]:
    """Compare a published period with what is known now, and record every difference as a revision.

    Args:
        store: the store.
        period: a published one.
        actor: who looks.
        job: the job that looks, if one does.
        day: the city's day by which terms are judged; None takes the present.
        quick: look at the events only where a figure is another; changes that leave every figure as it was are then
            found when one does not.

    Raises:
        AccessError: the actor publishes nothing.
        InputError: there is no such period.
        NotFound: it is not published.
    """
    role = require(actor, PUBLISHERS)
    publication = the_published(store, period)
    if quick and _stands(store, publication):
        return ()
    draft = compose(store, publication.period, category=publication.category)
    with store.write(actor) as work:
        lock_series(work, LOCK)
        row = work.session.get_one(KpiPublication, publication.id, with_for_update=True)
        publication = publication_of(work, row)  # another may have revised it meanwhile
        known = publication.revisions[-1].content["as_of"] if publication.revisions else publication.content["as_of"]
        if draft.report.as_of <= datetime.fromisoformat(known):
            return ()  # another has looked since, or the clock went back
        found = [one for kpi in draft.report.kpis if (one := _compared(work, publication, draft, kpi)) is not None]
        local = day or work.now.astimezone(store.settings.zone).date()
        return tuple(_recorded(work, row, publication, one, draft, local, role, job) for one in found)


def _stands(store: Store, publication: Publication) -> bool:
    """Whether every figure is what it was known to be."""
    report = city_report(store, publication.category, publication.period, actor=SYSTEM, definitions=CHOICES)
    return all(
        _alike(publication.known(kpi.kpi.id), {name: content[name] for name in CELLS})
        for kpi in report.kpis
        if kpi.kpi.id in publication.kpis
        for content in (kpi_content(kpi, None),)
    )


def _alike(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether two reckonings say the same; where neither has a value, that is their status alone."""
    if old["value"] is None and new["value"] is None:
        return bool(old["status"] == new["status"])
    return old == new


def _compared(work: Work, publication: Publication, draft: Draft, kpi: CityKpi) -> Found | None:
    """What of a KPI is another than it was known; None where nothing that counts is."""
    kpi_id = kpi.kpi.id
    if kpi_id not in publication.kpis:
        return None
    behind = draft.behind.get(kpi_id)
    fresh = kpi_content(kpi, behind)
    old, new = publication.known(kpi_id), {name: fresh[name] for name in CELLS}
    revisions = publication.revisions_of(kpi_id)
    before = revisions[-1].content if revisions else None
    version = str(publication.kpi(kpi_id).content["definition_version"])
    known_version = version if before is None else str(before["definition_version"]["new"])
    as_of = publication.as_of if before is None else datetime.fromisoformat(before["as_of"])
    differing: Sequence[Difference] = ()
    held: Mapping[date, EventSet] = {}
    if behind is not None:
        held = events_behind(work, publication.id, kpi_id, at="known")
        differing = [one for one in differences(held, behind.days) if one.counts]
    if _alike(old, new) and (not differing or new["value"] is None):
        return None
    changed_inputs = _changed_inputs(work, publication, draft, kpi_id)
    changes = explained(work, differing, as_of, changed_inputs)
    causes = Counter(one.cause for one in changes)
    if fresh["definition_version"] != known_version:
        causes["definition_changed"] += 1
    frozen_target = {k: v for k, v in publication.kpi(kpi_id).content["target"].items() if k != "order_text"}
    if frozen_target != {k: v for k, v in fresh["target"].items() if k != "order_text"}:
        causes["catalogue_changed"] += 1
    if not causes:
        causes["corrected_import" if changed_inputs else _without_events(old, new)] += 1
    now = {} if behind is None else behind.days
    empty = event_set(())
    days = {day: now.get(day, empty) for day in sorted({*held, *now}) if _other(held.get(day), now.get(day))}
    return Found(kpi_id, old, new, tuple(changes), dict(sorted(causes.items())), days,
                 (version, str(fresh["definition_version"])))  # fmt: skip


def _without_events(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Why a value is another though none of the events kept with it is."""
    if old["value"] is None and new["value"] is not None:
        return "late_import"
    if {name for name in CELLS if old[name] != new[name]} <= {"score", "uncapped", "status"}:
        return "catalogue_changed"
    return "other"


def _changed_inputs(work: Work, publication: Publication, draft: Draft, kpi_id: str) -> frozenset[str]:
    """Names of the outside figures under a KPI that are others than when it was published."""
    then = {(one["name"], one["entry"]): one["sha256"] for one in publication.content["inputs"]}
    now = {(one["name"], one["entry"]): one["sha256"] for one in standing_inputs(work, draft.report)}
    changed = {name for name, _ in {key for key, _ in {*then.items()} ^ {*now.items()}}}
    used = {str(one["key"]) for one in publication.kpi(kpi_id).content["inputs"]}
    used |= {one.key for one in draft.report.kpi(kpi_id).value.inputs}
    used |= {str(one) for one in publication.kpi(kpi_id).content["missing"]}
    aliases = {"fire_call_log": "fire_calls", "object_register": "objects", "sensor_register": "sensors",
               "survey": "surveys", "road_length": "roads", "road_register": "roads",
               "imported_value": "kpi_values"}  # fmt: skip
    named = used | {aliases[one] for one in used if one in aliases}
    if draft.report.kpi(kpi_id).origin.value == "import" or publication.kpi(kpi_id).content["origin"] == "import":
        named.add("kpi_values")
    return frozenset(changed & named)


def _recorded(
    work: Work,
    row: KpiPublication,
    publication: Publication,
    one: Found,
    draft: Draft,
    day: date,
    role: Role,
    job: str | None,
) -> Revision:
    rules = rules_of(publication.period)
    refused = _refused(publication, one, rules, day)
    content = {
        "period": str(publication.period),
        "kpi": one.kpi_id,
        "old": dict(one.old),
        "new": dict(one.new),
        "as_of": draft.report.as_of.isoformat(),
        "causes": dict(one.causes),
        "admitted": not refused,
        "refused": sorted(refused),
        "rules": rules.version,
        "day": day.isoformat(),
        "job": job,
        "definition_version": {"old": one.definition[0], "new": one.definition[1]},
        "changes_total": len(one.changes),
        "changes": [change.as_dict() for change in one.changes[:MOST_LISTED]],
        "days": {when.isoformat(): [held.rows, held.sha256] for when, held in one.days.items()},
        "publication": publication.sha256,
    }
    text = frozen(content)
    last = work.session.scalar(select(func.max(KpiRevision.number)).where(KpiRevision.publication_id == row.id))
    number = (last or 0) + 1
    kept = KpiRevision(publication_id=row.id, number=number, kpi_id=one.kpi_id, found_at=work.now)
    kept.found_by, kept.content, kept.marks, kept.sha256 = work.actor.id, text.text, text.marks, text.sha256
    work.session.add(kept)
    data = {"revision": number, "kpi": one.kpi_id, "sha256": text.sha256}
    append_event(work, row, STATE, role, target=State.REVISED.value, data=data)
    work.session.flush()
    keep_sets(work, one.days.values())
    work.session.add_all(
        KpiRevisionDay(publication_id=row.id, number=number, day=when, rows=held.rows, sha256=held.sha256)
        for when, held in one.days.items()
    )
    work.session.flush()
    return Revision(number, one.kpi_id, work.now, work.actor.id, text.content, text.sha256)


def _refused(publication: Publication, one: Found, rules: Rules, day: date) -> frozenset[str]:
    """Causes that may not revise the figure; what an earlier revision was refused for stays so until it is undone."""
    found = {code for code in one.causes if not rules.cause(code).admits(one.kpi_id, publication.period, day)}
    revisions = publication.revisions_of(one.kpi_id)
    if revisions and not revisions[-1].admitted and one.new != publication.revised(one.kpi_id):
        found |= set(revisions[-1].content["refused"])
    return frozenset(found)


def _other(before: EventSet | None, after: EventSet | None) -> bool:
    return (before.sha256 if before and before.rows else None) != (after.sha256 if after and after.rows else None)
