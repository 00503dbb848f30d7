"""KPI 10.7: mean score (1..10) of the surveys on initiative 10.

A quarterly KPI: over surveys closed since the start of the period's quarter and before the period's end.
"""

from __future__ import annotations

from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts, Survey
from kpi_catalog.status import Status
from kpi_catalog.value import InputUsed, KpiValue, Missing
from qyran.errors import InputError

LOWEST, HIGHEST = 1, 10


def fire_satisfaction(facts: CityFacts, period: Period) -> KpiValue:
    """Compute KPI 10.7.

    Raises:
        InputError: a survey has a score outside 1..10 or a count below zero.
    """
    since, until = period.quarter_start(), period.close(facts.as_of)
    surveys = [one for one in facts.surveys or () if since <= one.t_closed < until]
    for survey in surveys:
        _check(survey)
    answers = sum(sum(survey.scores.values()) for survey in surveys)
    total = sum(score * count for survey in surveys for score, count in survey.scores.items())
    return KpiValue(
        id="10.7",
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
    for score, count in survey.scores.items():
        if not LOWEST <= score <= HIGHEST or count < 0:
            raise InputError(f"survey {survey.id}: {count} answers of {score} cannot be, scores are 1 to 10")
