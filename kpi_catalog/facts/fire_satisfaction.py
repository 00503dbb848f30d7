"""KPI 10.7: mean score (1..10) of the surveys on initiative 10.

A quarterly KPI: over surveys closed since the start of the period's quarter and before the period's end, so that
within a quarter it is no sum of days.
"""

from __future__ import annotations

from kpi_catalog.definition import Counted, Definition, Judged
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts, Survey
from kpi_catalog.status import Status
from kpi_catalog.tally import Tally
from kpi_catalog.value import InputUsed, KpiValue, Missing
from qyran.errors import InputError

ID = "10.7"
LOWEST, HIGHEST = 1, 10


def judge(survey: Survey, _: CityFacts | None = None) -> Judged:
    """How a survey counts: by its answers, not as one."""
    return Judged(Counted.BOTH, "survey" if any(survey.scores.values()) else "no_answers")


def surveys_of(facts: CityFacts, period: Period) -> list[Survey]:
    """Surveys that a period rests on."""
    since, until = period.quarter_start(), period.close(facts.as_of)
    return [one for one in facts.surveys or () if since <= one.t_closed < until]


def _value(_: Tally, facts: CityFacts, period: Period) -> KpiValue:
    surveys = surveys_of(facts, period)
    for survey in surveys:
        _check(survey)
    answers = sum(sum(survey.scores.values()) for survey in surveys)
    total = sum(score * count for survey in surveys for score, count in survey.scores.items())
    return KpiValue(
        id=ID,
        unit="score_10",
        definition_version="10.7/1",
        status=Status.COMPUTED if answers else Status.NO_DATA,
        value=total / answers if answers else None,
        n=answers,
        numerator=total if answers else None,
        denominator=answers or None,
        missing=() if answers else (Missing.SURVEY,),
        inputs=tuple(InputUsed("survey", one.question, one.t_closed.date(), one.source) for one in surveys),
        extra={"surveys": len(surveys)},
    )


def _check(survey: Survey) -> None:
    """Refuse what cannot be.

    Raises:
        InputError: a survey has a score outside 1..10 or a count below zero.
    """
    for score, count in survey.scores.items():
        if not LOWEST <= score <= HIGHEST or count < 0:
            raise InputError(f"survey {survey.id}: {count} answers of {score} cannot be, scores are 1 to 10")


fire_satisfaction = Definition(ID, 1, judge, _value)
"""KPI 10.7."""
