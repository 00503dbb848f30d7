"""Published periods: their list, one with its values and revisions, and one figure's whole derivation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from kpi_catalog.catalogue import catalogue
from kpi_catalog.period import Period, PeriodKind
from qyran.errors import NotFound
from service.i18n import named
from service.publication import Publication, Revision, State, publications, published
from service.publication.explain import explain
from service.publication.people import teller
from service.publication.proof import Proof, verify
from service.publication.rules import rules_of
from service.publication.shelf import period_of
from service.publication.words import Teller
from service.reports import words
from service.reports.words import period_name
from service.web.kpi.tabs import TABS
from service.web.rendering import page, words_of
from service.web.visit import Person
from service.web.words import Words

router = APIRouter(prefix="/kpi/publications", include_in_schema=False)

SHOWN: Final = 60
MOST_CHANGES: Final = 100
KINDS: Final = tuple(PeriodKind)
TONES: Final = {State.PROVISIONAL: "", State.PUBLISHED: "good", State.REVISED: "warn"}
STATUS_TONES: Final = {"computed": "good", "preliminary": "accent"}


@dataclass(frozen=True, slots=True)
class Row:
    """A published period in the list."""

    path: str
    name: str
    state: str
    tone: str
    at: str
    by: str
    valued: str
    security: str | None
    city: str | None
    revisions: int


@dataclass(frozen=True, slots=True)
class KpiRow:
    """A published KPI; `revised` is the value after the last revision that the rules admit, where it is another."""

    id: str
    path: str
    name: str
    value: str
    revised: str | None
    target: str
    score: str | None
    status: str
    tone: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One event that is another than it was."""

    record: str
    day: str
    before: str
    after: str
    cause: str
    when: str


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A revision in words."""

    number: int
    kpi: str
    path: str
    old: str
    new: str
    unit: str
    causes: str
    at: str
    by: str
    admitted: bool
    total: int
    changes: tuple[ChangeRow, ...] = ()


@router.get("")
def listed(visit: Person, kind: Annotated[str, Query(max_length=8)] = "") -> Response:
    """The published periods, the newest first."""
    w, told = words_of(visit), teller(visit.store, visit.lang, visit.actor)
    chosen = next((one for one in KINDS if one.value == kind), None)
    found = publications(visit.store, kind=chosen, limit=SHOWN, actor=visit.actor)
    rows = tuple(
        Row(
            path=f"/kpi/publications/{one.period}",
            name=period_name(w.lang, one.period),
            state=told.state(one.state.value),
            tone=TONES[one.state],
            at=w.moment(one.published_at),
            by=told.person(one.published_by),
            valued=w.num(one.valued),
            security=_share(w, one.content["spheres"]["security"]["score"]),
            city=_score(w, one.content["score"]["score"]),
            revisions=one.revisions,
        )
        for one in found
    )
    today = Period.containing(visit.store.clock(), PeriodKind.DAY, visit.store.settings.time_zone)
    kinds = tuple((one.value, w.t(f"kpi_console.kind_{one.value}"), one is chosen) for one in KINDS)
    reason = rules_of(today).freeze_reason[w.lang]
    return page(visit, "kpi/publications.html", rows=rows, kinds=kinds, chosen=chosen, reason=reason, tabs=_tabs(w))


@router.get("/{period}")
def one(visit: Person, period: str) -> Response:
    """A published period: its values as they were frozen, and what was found since."""
    w, told = words_of(visit), teller(visit.store, visit.lang, visit.actor)
    wanted = period_of(visit.store, period)
    held = published(visit.store, wanted, actor=visit.actor)
    if held is None:
        due = rules_of(wanted).publish_on(wanted, visit.store.settings.publish_after)
        said = w.t("publication.due_on", day=due)
        return page(visit, "kpi/publication_none.html", name=period_name(w.lang, wanted), said=said, tabs=_tabs(w))
    proof = verify(visit.store, wanted, actor=visit.actor)
    content = held.content
    rows = [_kpi(w, held, key) for key in held.kpis]
    return page(
        visit,
        "kpi/publication.html",
        held=held,
        name=period_name(w.lang, held.period),
        state=told.state(held.state.value),
        tone=TONES[held.state],
        by=told.person(held.published_by),
        valued=[row for key, row in zip(held.kpis, rows, strict=True) if held.kpis[key].value is not None],
        empty=[row for key, row in zip(held.kpis, rows, strict=True) if held.kpis[key].value is None],
        security=_share(w, content["spheres"]["security"]["score"]),
        city_score=_score(w, content["score"]["score"]),
        revisions=tuple(revision_row(w, told, held, each) for each in reversed(held.revisions)),
        proof=proof,
        flaws=_flaws(told, proof),
        tabs=_tabs(w),
    )


@router.get("/{period}/{kpi_id}")
def derivation(visit: Person, period: str, kpi_id: str, now: Annotated[bool, Query()] = False) -> Response:
    """One figure: everything that led to it, as it was published; as it stands where it was not, or `now` is asked."""
    if kpi_id not in catalogue().kpis:
        raise NotFound(f"There is no KPI {kpi_id}.")
    w, told = words_of(visit), teller(visit.store, visit.lang, visit.actor)
    found = explain(visit.store, kpi_id, period, now=now or None, actor=visit.actor)
    held = found.publication
    revisions = () if held is None else tuple(
        revision_row(w, told, held, one, detailed=True) for one in reversed(found.revisions)
    )  # fmt: skip
    sections = tuple(section for section in told.sections(found) if section.key != "revisions" or not revisions)
    return page(
        visit,
        "kpi/publication_kpi.html",
        id=kpi_id,
        name=named(visit.lang, found.kpi["name"]),
        period=period_name(w.lang, found.period),
        period_text=str(found.period),
        category=found.category,
        state=told.state(found.state.value),
        tone=TONES[found.state],
        sections=sections,
        revisions=revisions,
        held=held,
        json=f"/api/v1/publications/{found.period}/{kpi_id}/explain?lang={visit.lang}" + ("&now=true" if now else ""),
        tabs=_tabs(w),
    )


def revision_row(w: Words, told: Teller, held: Publication, one: Revision, *, detailed: bool = False) -> RevisionRow:
    """A revision in words, with the events that changed where they are wanted."""
    none = w.t("kpi.no_data")
    old, new = (none if cells["value"] is None else told.exact(cells["value"]) for cells in (one.old, one.new))
    job = one.content["job"]
    return RevisionRow(
        number=one.number,
        kpi=one.kpi_id,
        path=f"/kpi/publications/{held.period}/{one.kpi_id}",
        old=old,
        new=new,
        unit=w.or_code(f"kpi_catalog.unit.{held.kpi(one.kpi_id).content['unit']}"),
        causes=told.causes(one),
        at=w.moment(one.found_at),
        by=told.person(one.found_by) if job is None else f"{told.person(one.found_by)} ({job})",
        admitted=one.admitted,
        total=one.content["changes_total"],
        changes=tuple(_change(w, told, one, each) for each in one.content["changes"][:MOST_CHANGES])
        if detailed
        else (),
    )


def _change(w: Words, told: Teller, one: Revision, change: dict[str, object]) -> ChangeRow:
    at, role, kind = change["at"], change["role"], change["kind"]
    moment = told.moment_of(str(at)) if at else ""
    return ChangeRow(
        record=f"{w.or_code(f'kpi_events.kind_{kind}')} {change['id']}",
        day=w.day(date.fromisoformat(str(change["day"]))),
        before=told.contribution(change["before"], "absent"),
        after=told.contribution(change["after"], "gone"),
        cause=told.cause(one, str(change["cause"])),
        when=", ".join(part for part in (moment, w.or_code(f"role.{role}") if role else "") if part),
    )


def _kpi(w: Words, held: Publication, kpi_id: str) -> KpiRow:
    content = held.kpi(kpi_id).content
    revised = held.revised(kpi_id)["value"]
    status = str(content["status"])
    return KpiRow(
        id=kpi_id,
        path=f"/kpi/publications/{held.period}/{kpi_id}",
        name=named(w.lang, content["name"]),
        value=words.quantity(w.lang, content["value"], str(content["unit"])),
        revised=None if revised == content["value"] else words.quantity(w.lang, revised, str(content["unit"])),
        target=str(content["target"]["text"] or w.t("kpi.no_target")),
        score=_share(w, content["score"]),
        status=w.or_code(f"kpi_catalog.status.{status}"),
        tone=STATUS_TONES.get(status, "warn"),
    )


def _flaws(told: Teller, proof: Proof) -> tuple[str, ...]:
    return tuple(told.flaw(one) for one in proof.flaws)


def _tabs(w: Words) -> tuple[tuple[str, str], ...]:
    return tuple((w.t(f"kpi_console.tab_{name}"), path) for name, path in TABS)


def _share(w: Words, value: float | None) -> str | None:
    return None if value is None else w.num(value, 2)


def _score(w: Words, value: float | None) -> str | None:
    return None if value is None else w.num(value, 1)
