"""The register of additional initiatives: entered, changed, refused and accepted again, withdrawn; nothing is lost.

What a criterion of the order comes to is computed from what was entered (`kpi_catalog.additional`); an evaluator may
refuse an initiative whose papers he does not believe, and accept it again, each with a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import func, select

from kpi_catalog.additional import AdditionalInitiative, Indicator, JudgedInitiative, Signer, judge
from kpi_catalog.period import Period
from qyran.errors import InputError, NotFound
from qyran.roles import Role
from service.access import KPI_READERS, log_access, require
from service.store.database import Work
from service.store.rating_tables import CityInitiative

WRITERS: Final = frozenset({Role.EVALUATOR, Role.SYSTEM})
READERS: Final = KPI_READERS | WRITERS
ENTERED: Final = "entered"
CHANGED: Final = "changed"
REFUSED: Final = "refused"
ACCEPTED: Final = "accepted"
WITHDRAWN: Final = "withdrawn"
MOST_INDICATORS: Final = 50

Line = Annotated[str, Field(max_length=255)]
Words = Annotated[str, Field(max_length=4000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class IndicatorBody(_Body):
    """A quantitative or qualitative indicator."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    value: Annotated[float, Field(allow_inf_nan=False)] | None = None
    unit: Line | None = None
    words: Words | None = None


class InitiativeBody(_Body):
    """An additional initiative as it is entered; what is not known yet is left out, and its criterion is not met."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    road_map: Line | None = None
    road_map_approved: date | None = None
    report: Line | None = None
    report_signer: Signer | None = None
    report_signed: date | None = None
    description: Words = ""
    start: date | None = None
    end: date | None = None
    results: Words = ""
    indicators: Annotated[tuple[IndicatorBody, ...], Field(max_length=MOST_INDICATORS)] = ()
    sphere: Annotated[int, Field(ge=1, le=8)] | None = None
    sphere_name: Line | None = None

    @model_validator(mode="after")
    def _in_order(self) -> InitiativeBody:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise ValueError("the initiative ends before it starts")
        return self


@dataclass(frozen=True, slots=True)
class Step:
    """One step in an initiative's history."""

    number: int
    action: str
    at: datetime
    by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """An initiative as it stands, with the step that made it so."""

    initiative: AdditionalInitiative
    last: Step


def checked(raw: Any) -> InitiativeBody:
    """What was entered, in its shape.

    Raises:
        InputError: it is of another shape; the sentence names the place.
    """
    try:
        return InitiativeBody.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "its top"
        raise InputError(f"The initiative is wrong at {place}: {first['msg']}.") from None


def enter(work: Work, new: InitiativeBody) -> str:
    """Enter an initiative; its id.

    Raises:
        AccessError: the actor enters none.
        InputError: a day of a paper lies in the future.
    """
    initiative = str(uuid4())
    _append(work, initiative, 1, ENTERED, _content(work, new), None)
    return initiative


def change(work: Work, initiative: str, new: InitiativeBody) -> None:
    """Describe an initiative otherwise; a refusal stands until it is accepted again.

    Raises:
        AccessError: the actor enters none.
        InputError: a day of a paper lies in the future.
        NotFound: there is no such initiative, or it was withdrawn.
    """
    row = _newest(work, initiative)
    refused = row.content.get("refused")
    _append(work, initiative, row.number + 1, CHANGED, {**_content(work, new), "refused": refused}, None)


def decide(work: Work, initiative: str, *, accepted: bool, reason: str) -> None:
    """Refuse an initiative whatever its papers say, or accept it again: then its criteria decide.

    Raises:
        AccessError: the actor enters none.
        InputError: there is no reason, or nothing to accept or refuse.
        NotFound: there is no such initiative, or it was withdrawn.
    """
    reason, row = _reason(reason), _newest(work, initiative)
    if accepted == (row.content.get("refused") is None):
        raise InputError(f"The initiative {row.content['name']} is {'not refused' if accepted else 'refused already'}.")
    content = {**row.content, "refused": None if accepted else reason}
    _append(work, initiative, row.number + 1, ACCEPTED if accepted else REFUSED, content, reason)


def withdraw(work: Work, initiative: str, reason: str) -> None:
    """Take an initiative out of the register; its history stays.

    Raises:
        AccessError: the actor enters none.
        InputError: there is no reason.
        NotFound: there is no such initiative, or it was withdrawn before.
    """
    reason, row = _reason(reason), _newest(work, initiative)
    _append(work, initiative, row.number + 1, WITHDRAWN, row.content, reason)


def standing(work: Work) -> tuple[Standing, ...]:
    """Every initiative that was not withdrawn, in the order in which they were entered.

    Raises:
        AccessError: the actor reads no KPIs.
    """
    require(work.actor, READERS)
    table = CityInitiative
    newest = select(func.max(table.id)).group_by(table.initiative)
    rows = work.session.scalars(select(table).where(table.id.in_(newest), table.action != WITHDRAWN)).all()
    begun = dict(work.session.execute(select(table.initiative, func.min(table.id)).group_by(table.initiative)).all())
    return tuple(_standing(row) for row in sorted(rows, key=lambda row: begun[row.initiative]))


def history(work: Work, initiative: str) -> tuple[Standing, ...]:
    """Every step of an initiative, the first first.

    Raises:
        AccessError: the actor reads no KPIs.
        NotFound: there is no such initiative.
    """
    require(work.actor, READERS)
    query = select(CityInitiative).where(CityInitiative.initiative == initiative).order_by(CityInitiative.number)
    rows = work.session.scalars(query).all()
    if not rows:
        raise NotFound(f"There is no additional initiative {initiative}.")
    return tuple(_standing(row) for row in rows)


def judged(work: Work, period: Period) -> tuple[JudgedInitiative, ...]:
    """Every initiative that stands, with its criteria judged for a period.

    Raises:
        AccessError: the actor reads no KPIs.
    """
    today = work.now.astimezone(work.store.settings.zone).date()
    return tuple(judge(one.initiative, period, today) for one in standing(work))


def _newest(work: Work, initiative: str) -> CityInitiative:
    require(work.actor, WRITERS)
    query = select(CityInitiative).where(CityInitiative.initiative == initiative)
    row = work.session.scalar(query.order_by(CityInitiative.number.desc()).limit(1))
    if row is None or row.action == WITHDRAWN:
        raise NotFound(f"There is no additional initiative {initiative}.")
    return row


def _append(work: Work, initiative: str, number: int, action: str, content: dict[str, Any], reason: str | None) -> None:
    role = require(work.actor, WRITERS)
    row = CityInitiative(initiative=initiative, number=number, action=action, content=content, reason=reason)
    row.at, row.by = work.now, work.actor.id
    work.session.add(row)
    log_access(work, role, f"initiative_{action}", initiative)


def _content(work: Work, new: InitiativeBody) -> dict[str, Any]:
    """JSON-ready form; no paper is approved or signed on a day to come."""
    today = work.now.astimezone(work.store.settings.zone).date()
    for name, day in (("road map is approved", new.road_map_approved), ("report is signed", new.report_signed)):
        if day is not None and day > today:
            raise InputError(f"The {name} on {day}, which has not come yet.")
    return new.model_dump(mode="json")


def _reason(text: str) -> str:
    if not text.strip():
        raise InputError("A decision on an initiative needs its reason.")
    return " ".join(text.split())


def _standing(row: CityInitiative) -> Standing:
    content = dict(row.content)
    refused = content.pop("refused", None)
    body = InitiativeBody.model_validate(content)
    fields: dict[str, Any] = {name: getattr(body, name) for name in InitiativeBody.model_fields}
    fields["indicators"] = tuple(Indicator(one.name, one.value, one.unit, one.words) for one in body.indicators)
    initiative = AdditionalInitiative(id=row.initiative, refused=refused, **fields)
    return Standing(initiative, Step(row.number, row.action, row.at, row.by, row.reason))
