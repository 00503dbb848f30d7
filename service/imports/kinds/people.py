"""What people are asked and wait for: surveys, ambulances; and the spans for which payments were loaded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from service.imports.columns import Column, Fault, Type, shown
from service.imports.kinds.base import ONE_DAY, Context, Kind, Record, Values, in_span
from service.imports.kinds.fire import FLAGS, ordered, ordered_days

SCORES: Final = tuple(range(1, 11))
MOST_ANSWERS: Final = 5_000_000
LONGEST_RIDE: Final = timedelta(hours=24)
AMBULANCE_TIMES: Final = ("received", "dispatched", "arrived")


def _survey(values: Values, context: Context) -> Iterable[Fault]:
    day: date = values["closed_on"]
    if day > context.as_of:
        yield Fault("after_as_of", {"as_of": context.as_of}, "closed_on", shown(day))
    counted = sum(values[f"score_{score}"] or 0 for score in SCORES)
    if counted == 0:
        yield Fault("no_answers", {}, "n")
    elif values["n"] != counted:
        yield Fault("sum_disagrees", {"sum": counted}, "n", shown(values["n"]))


def _survey_record(values: Values, context: Context) -> Record:
    scores = {str(score): values[f"score_{score}"] for score in SCORES if values[f"score_{score}"]}
    found: Record = {"id": values["survey_id"], "t_closed": _closed(values, context).isoformat(), "n": values["n"]}
    found |= {"question": values["question"], "scores": scores}
    return found if values["note"] is None else found | {"note": values["note"]}


def _closed(values: Values, context: Context) -> datetime:
    return context.midnight(values["closed_on"])


SURVEYS: Final = Kind(
    name="surveys",
    columns=(
        Column("survey_id", Type.CODE, required=True),
        Column("closed_on", Type.DAY, required=True),
        Column("question", Type.TEXT, required=True, longest=1000),
        Column("n", Type.INTEGER, required=True, unit="answer", above=0, most=MOST_ANSWERS),
        *(Column(f"score_{score}", Type.INTEGER, unit="answer", least=0, most=MOST_ANSWERS) for score in SCORES),
    ),
    key=lambda values: str(values["survey_id"]),
    check=_survey,
    record=_survey_record,
    at=_closed,
    examples=(
        {"survey_id": "UTO-2026-Q3", "closed_on": "2026-09-28", "question": "Оцените работу системы от 1 до 10",
         "n": "412", "score_6": "12", "score_7": "40", "score_8": "110", "score_9": "150", "score_10": "100"},
    ),
)  # fmt: skip


def _ride(values: Values, context: Context) -> Iterable[Fault]:
    yield from in_span(values["received"], "received", context)
    yield from ordered(values, AMBULANCE_TIMES, LONGEST_RIDE)


def _ride_record(values: Values, _: Context) -> Record:
    names = {"received": "t_call_received", "dispatched": "t_dispatch", "arrived": "t_arrive"}
    found: Record = {"id": values["call_id"]}
    found |= {there: values[here].isoformat() for here, there in names.items() if values[here] is not None}
    if values["note"] is not None:
        found["note"] = values["note"]
    return found | {name: bool(values[name]) for name in FLAGS}


def _received(values: Values, _: Context) -> datetime:
    moment: datetime = values["received"]
    return moment


AMBULANCE: Final = Kind(
    name="ambulance_arrivals",
    columns=(
        Column("call_id", Type.CODE, required=True),
        Column("received", Type.MOMENT, required=True),
        Column("dispatched", Type.MOMENT),
        Column("arrived", Type.MOMENT),
        *(Column(name, Type.YES_NO) for name in FLAGS),
    ),
    key=lambda values: str(values["call_id"]),
    check=_ride,
    record=_ride_record,
    at=_received,
    spans=True,
    examples=(
        {"call_id": "103-88412", "received": "2026-11-02 10:00:00", "arrived": "2026-11-02 10:09:30"},
        {"call_id": "103-88413", "received": "02.11.2026 10:30", "dispatched": "02.11.2026 10:31",
         "arrived": "02.11.2026 10:44"},
    ),
)  # fmt: skip


def _span(values: Values, context: Context) -> Iterable[Fault]:
    yield from ordered_days(values, "covers_from", "covers_until")
    if values["covers_until"] > context.as_of:
        yield Fault("after_as_of", {"as_of": context.as_of}, "covers_until", shown(values["covers_until"]))


def _starts(values: Values, context: Context) -> datetime:
    return context.midnight(values["covers_from"])


def _span_record(values: Values, context: Context) -> Record:
    """Days as moments: to the end of the last one."""
    until = context.midnight(values["covers_until"] + ONE_DAY)
    return {"covers_from": _starts(values, context).isoformat(), "covers_until": until.isoformat()}


PAYMENTS: Final = Kind(
    name="payments",
    columns=(
        Column("covers_from", Type.DAY, required=True),
        Column("covers_until", Type.DAY, required=True),
    ),
    key=lambda values: f"{values['covers_from']}|{values['covers_until']}",
    check=_span,
    record=_span_record,
    at=_starts,
    examples=({"covers_from": "2026-10-01", "covers_until": "31.10.2026"},),
)
