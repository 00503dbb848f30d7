"""Typed questions for the centre's AI assistant: enumerated, checked, read-only, each asking logged."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from service.api.centre import CentreDesk, CentreOf
from service.exchange.questions import of_kpis, of_work
from service.exchange.questions.asking import OfKpi, OfPeriod, Params
from service.exchange.questions.register import ask, open_to
from service.i18n import LANGUAGES

router = APIRouter(prefix="/assistant", tags=["assistant"])

AssistantDesk = Annotated[CentreDesk, Depends(CentreOf("assistant"))]


class FalseAlarmsIn(of_kpis.FalseAlarmsParams):
    """False alarms of a period by camera, rule or hour."""

    question: Literal["false_alarms"]


class KpiValueIn(OfKpi):
    """The value of a KPI."""

    question: Literal["kpi_value"]


class KpiTrendIn(of_kpis.TrendParams):
    """A KPI over consecutive periods."""

    question: Literal["kpi_trend"]


class KpiExplanationIn(OfKpi):
    """What a KPI's value is made of."""

    question: Literal["kpi_explanation"]


class ComparePeriodsIn(of_kpis.ComparisonParams):
    """A KPI of two periods."""

    question: Literal["compare_periods"]


class MissingInputsIn(OfPeriod):
    """Which inputs are absent."""

    question: Literal["missing_inputs"]


class OpenAlertsIn(of_work.OpenParams):
    """Open alerts by kind."""

    question: Literal["open_alerts"]


class SlowestStageIn(of_work.StageParams):
    """The slowest stage of processing."""

    question: Literal["slowest_stage"]


class CamerasDownIn(Params):
    """Cameras without a picture."""

    question: Literal["cameras_down"]


class PassagesByHourIn(of_work.PassageParams):
    """Passages of a control line by hour."""

    question: Literal["passages_by_hour"]


class ExchangeStateIn(OfPeriod):
    """How late and how often the feed told."""

    question: Literal["exchange_state"]


AskIn = Annotated[
    FalseAlarmsIn
    | KpiValueIn
    | KpiTrendIn
    | KpiExplanationIn
    | ComparePeriodsIn
    | MissingInputsIn
    | OpenAlertsIn
    | SlowestStageIn
    | CamerasDownIn
    | PassagesByHourIn
    | ExchangeStateIn,
    Field(discriminator="question"),
]


class QuestionOut(BaseModel):
    """A question the asker may ask, with the JSON Schema of its parameters."""

    question: str
    title: dict[str, str]
    params: dict[str, Any]
    source: str


class AnswerOut(BaseModel):
    """An answer; without data it says which input is missing.

    Attributes:
        sentence: for a person, by language.
        rows: on how many records it rests.
        complete: whether the period was over when the data were read.
        source: what it was answered from.
    """

    question: str
    title: dict[str, str]
    params: dict[str, Any]
    status: Literal["answered", "no_data"]
    sentence: dict[str, str]
    data: list[dict[str, Any]]
    totals: dict[str, Any]
    missing: list[str]
    rows: int
    period: str | None
    as_of: str
    complete: bool
    source: str
    source_words: dict[str, str]
    definition_version: str


@router.get("/questions", summary="What can be asked")
def questions(desk: AssistantDesk) -> list[QuestionOut]:
    """Only what the asker's roles may ask."""
    return [
        QuestionOut(
            question=one.id,
            title={lang: one.title(lang) for lang in LANGUAGES},
            params=one.params.model_json_schema(),
            source=one.source,
        )
        for one in open_to(desk.actor)
    ]


@router.post("/ask", summary="Ask a question")
def answer(body: AskIn, desk: AssistantDesk) -> AnswerOut:
    """Changes nothing but the log of access; the answer has data, a sentence in three languages, and its source."""
    return AnswerOut(**ask(desk.store, desk.actor, body.question, body.model_dump(exclude={"question"})))
