"""Additional initiatives: what the city says of them, what each criterion of the order comes to, and their history."""

from __future__ import annotations

from itertools import zip_longest
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from kpi_catalog.additional import POINTS, SPHERES, AdditionalInitiative, Signer, judge
from qyran.errors import InputError
from service.access import require
from service.auth import names
from service.rating import initiatives
from service.rating.initiatives import READERS, WRITERS, InitiativeBody, Standing
from service.web.kpi.asked import Asked, ForPeriod
from service.web.kpi.tabs import tabs
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page
from service.web.visit import PostedPerson

router = APIRouter(prefix="/kpi/initiatives", include_in_schema=False)

PATH: Final = "/kpi/initiatives"
ROWS: Final = 4
"""Indicators that the form has room for beyond those that are there."""

EMPTY: Final = {"name": "", "value": "", "unit": "", "words": ""}

Short = Annotated[str, Form(max_length=255)]
Long = Annotated[str, Form(max_length=4000)]
Many = Annotated[list[str] | None, Form()]


@router.get("")
def listing(asked: ForPeriod) -> Response:
    """Every initiative with what it earns in the period."""
    return _list(asked)


@router.post("")
def add(
    asked: ForPeriod, visit: PostedPerson, name: Short = "", road_map: Short = "", road_map_approved: Short = "",
    report: Short = "", report_signer: Short = "", report_signed: Short = "", description: Long = "",
    start: Short = "", end: Short = "", results: Long = "", sphere: Short = "", sphere_name: Short = "",
    indicator_name: Many = None, indicator_value: Many = None, indicator_unit: Many = None,
    indicator_words: Many = None,
) -> Response:  # fmt: skip
    """Enter an initiative."""
    given = _given(locals())
    try:
        with visit.store.write(visit.actor) as work:
            found = initiatives.enter(work, initiatives.checked(given))
    except InputError as error:
        return _list(asked, error, given)
    return onward(visit, f"{PATH}/{found}", "saved")


@router.get("/{initiative}")
def one(asked: ForPeriod, initiative: UUID) -> Response:
    """One initiative: its criteria, its papers, its history."""
    return _one(asked, str(initiative))


@router.post("/{initiative}")
def changed(
    asked: ForPeriod, visit: PostedPerson, initiative: UUID, name: Short = "", road_map: Short = "",
    road_map_approved: Short = "", report: Short = "", report_signer: Short = "", report_signed: Short = "",
    description: Long = "", start: Short = "", end: Short = "", results: Long = "", sphere: Short = "",
    sphere_name: Short = "", indicator_name: Many = None, indicator_value: Many = None, indicator_unit: Many = None,
    indicator_words: Many = None,
) -> Response:  # fmt: skip
    """Describe it otherwise."""
    given = _given(locals())
    try:
        with visit.store.write(visit.actor) as work:
            initiatives.change(work, str(initiative), initiatives.checked(given))
    except InputError as error:
        return _one(asked, str(initiative), error, given)
    return onward(visit, f"{PATH}/{initiative}", "saved")


@router.post("/{initiative}/decision")
def decision(
    asked: ForPeriod, visit: PostedPerson, initiative: UUID, accepted: Short = "", reason: Long = ""
) -> Response:
    """Refuse it, or accept it again."""
    try:
        with visit.store.write(visit.actor) as work:
            initiatives.decide(work, str(initiative), accepted=accepted == "yes", reason=reason)
    except InputError as error:
        return _one(asked, str(initiative), error)
    return onward(visit, f"{PATH}/{initiative}", "saved")


@router.post("/{initiative}/withdrawal")
def withdrawal(asked: ForPeriod, visit: PostedPerson, initiative: UUID, reason: Long = "") -> Response:
    """Take it out of the register."""
    try:
        with visit.store.write(visit.actor) as work:
            initiatives.withdraw(work, str(initiative), reason)
    except InputError as error:
        return _one(asked, str(initiative), error)
    return onward(visit, PATH, "saved")


def _list(asked: Asked, error: Exception | None = None, given: dict[str, Any] | None = None) -> Response:
    visit = asked.visit
    require(visit.actor, READERS)
    with visit.store.read(visit.actor) as work:
        found = initiatives.judged(work, asked.period)
    return page(
        visit,
        "kpi/initiatives.html",
        status=200 if error is None else 422,
        flash=_flash(asked, error),
        tabs=tabs(asked, "catalogue"),
        picker=asked.picker(PATH),
        period=asked.name,
        rows=tuple((one, asked.link(f"{PATH}/{one.initiative.id}")) for one in found),
        points=sum(one.points for one in found),
        each=POINTS,
        open=given is not None,
        **_form(visit.roles & WRITERS, given or {}),
    )


def _one(
    asked: Asked, initiative: str, error: Exception | None = None, given: dict[str, Any] | None = None
) -> Response:
    visit = asked.visit
    require(visit.actor, READERS)
    with visit.store.read(visit.actor) as work:
        steps = initiatives.history(work, initiative)
        people = names(work, [one.last.by for one in steps])
    last = steps[-1]
    today = asked.w.now.astimezone(asked.w.zone).date()
    withdrawn = last.last.action == initiatives.WITHDRAWN
    return page(
        visit,
        "kpi/initiative.html",
        status=200 if error is None else 422,
        flash=_flash(asked, error),
        tabs=tabs(asked, "catalogue"),
        period=asked.name,
        one=judge(last.initiative, asked.period, today),
        steps=tuple(_step(step, people) for step in reversed(steps)),
        withdrawn=withdrawn,
        back=asked.link(PATH),
        open=given is not None,
        **_form(frozenset() if withdrawn else visit.roles & WRITERS, given or _content(last.initiative)),
    )


def _flash(asked: Asked, error: Exception | None) -> Flash | None:
    return None if error is None else Flash(refusal(asked.w, error), "bad")


def _form(writes: frozenset[Any], given: dict[str, Any]) -> dict[str, Any]:
    """What the form shows: what was given, and room for more indicators."""
    rows = [dict(one) for one in given.get("indicators", ())]
    fields = {name: given.get(name) or "" for name in InitiativeBody.model_fields if name != "indicators"}
    return {
        "keeps": bool(writes),
        "given": fields,
        "indicators": [{**EMPTY, **{k: v for k, v in one.items() if v is not None}} for one in rows] + [EMPTY] * ROWS,
        "signers": tuple(one.value for one in Signer),
        "spheres": tuple(SPHERES),
    }


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    """The form's fields as the register takes them: nothing where a field is empty."""
    single = {name: fields[name].strip() for name in InitiativeBody.model_fields if name != "indicators"}
    columns = [fields[f"indicator_{name}"] or [] for name in ("name", "value", "unit", "words")]
    rows = []
    for name, value, unit, words in zip_longest(*columns, fillvalue=""):
        if any((name.strip(), value.strip(), words.strip())):
            row = {"name": name, "value": value.replace(",", ".").strip(), "unit": unit, "words": words}
            rows.append({key: text for key, text in row.items() if text.strip()})
    return {**{name: text for name, text in single.items() if text}, "indicators": rows}


def _content(one: AdditionalInitiative) -> dict[str, Any]:
    fields = {name: getattr(one, name) for name in InitiativeBody.model_fields if name != "indicators"}
    rows = [{"name": i.name, "value": i.value, "unit": i.unit, "words": i.words} for i in one.indicators]
    return {**fields, "indicators": rows}


def _step(step: Standing, people: dict[str, str]) -> dict[str, Any]:
    last = step.last
    return {"action": last.action, "at": last.at, "by": people.get(last.by, last.by), "reason": last.reason}
