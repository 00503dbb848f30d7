"""All questions by their names, who may ask them, and asking one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from qyran.errors import AccessError, InputError, NotFound
from qyran.roles import Actor
from service.access import log_access
from service.exchange.questions import of_kpis, of_work
from service.exchange.questions.asking import Asked, OfKpi, OfPeriod, Question, in_three
from service.exchange.questions.roles import EVALUATORS, OPERATORS, TECHNICIANS
from service.i18n import LANGUAGES, translate
from service.store.database import Store

QUESTIONS: Final[Mapping[str, Question]] = {
    one.id: one
    for one in (
        Question("false_alarms", of_kpis.FalseAlarmsParams, of_kpis.false_alarms_of, EVALUATORS, "verdicts"),
        Question("kpi_value", OfKpi, of_kpis.value_of, EVALUATORS, "kpis"),
        Question("kpi_trend", of_kpis.TrendParams, of_kpis.trend_of, EVALUATORS, "kpis"),
        Question("kpi_explanation", OfKpi, of_kpis.explanation_of, EVALUATORS, "kpis"),
        Question("compare_periods", of_kpis.ComparisonParams, of_kpis.comparison_of, EVALUATORS, "kpis"),
        Question("missing_inputs", OfPeriod, of_kpis.missing_of, EVALUATORS, "kpis"),
        Question("open_alerts", of_work.OpenParams, of_work.open_alerts, OPERATORS, "alerts"),
        Question("slowest_stage", of_work.StageParams, of_work.slowest_stage, EVALUATORS | OPERATORS, "chains"),
        Question("cameras_down", of_work.NoParams, of_work.cameras_down, TECHNICIANS, "camera_log"),
        Question("passages_by_hour", of_work.PassageParams, of_work.passages_by_hour, OPERATORS, "passages"),
        Question("exchange_state", OfPeriod, of_work.exchange_state, EVALUATORS | TECHNICIANS, "feed"),
    )
}


def open_to(actor: Actor) -> tuple[Question, ...]:
    """The questions somebody may ask."""
    return tuple(one for one in QUESTIONS.values() if one.roles & actor.roles)


def ask(store: Store, actor: Actor, question_id: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Ask a question; the answer, JSON-ready. Each asking is logged.

    Raises:
        NotFound: there is no such question, or what it asks about does not exist.
        AccessError: the actor's roles may not ask it.
        InputError: a parameter is wrong.
    """
    question = QUESTIONS.get(question_id)
    if question is None:
        raise NotFound(f"There is no question {question_id}; there are {', '.join(QUESTIONS)}.")
    role = actor.acts_as(question.roles)
    if role is None:
        raise AccessError(f"This question needs one of these roles: {', '.join(sorted(question.roles))}.")
    try:
        given = question.params.model_validate(dict(params))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "its top"
        raise InputError(f"The question {question_id} is wrong at {place}: {first['msg']}.") from None
    with store.write(actor) as work:
        log_access(work, role, "assistant_asked", question_id)
        now = work.now
    answer = question.answer(Asked(store, actor, now), given)
    return {
        "question": question_id,
        "title": {lang: question.title(lang) for lang in LANGUAGES},
        "params": given.model_dump(mode="json"),
        "status": answer.status,
        "sentence": in_three(answer.said),
        "data": [dict(row) for row in answer.data],
        "totals": dict(answer.totals),
        "missing": list(answer.missing),
        "rows": answer.rows,
        "period": None if answer.period is None else str(answer.period),
        "as_of": (answer.as_of or now).isoformat(),
        "complete": answer.period is None or now >= answer.period.end,
        "source": question.source,
        "source_words": {lang: translate(lang, f"exchange.source.{question.source}") for lang in LANGUAGES},
        "definition_version": answer.definition_version,
    }
