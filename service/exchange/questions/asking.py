"""What a question is and what an answer holds: never a figure without its source, its moment and its row count."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from kpi_catalog.period import Period
from qyran.roles import Actor, Role
from service.exchange.shapes import Ident, KpiId, PeriodText
from service.i18n import LANGUAGES, Language, has, translate
from service.store.database import Store

Sentence = Callable[[Language], str]
MOST_ROWS: Final = 500
"""Rows of one answer; the total is told beside them."""


class Params(BaseModel):
    """Root of all questions: an unknown parameter is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OfPeriod(Params):
    """What is asked of a period: 2026, 2026-Q1, 2026-03, 2026-W07 or 2026-03-15."""

    period: PeriodText


class OfKpi(OfPeriod):
    """What is asked of a KPI of order 469/НҚ."""

    kpi: KpiId


Line = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Camera = Ident


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on its way: the store, who asks, and the moment."""

    store: Store
    actor: Actor
    now: datetime

    def period(self, text: str) -> Period:
        """A period of the city's zone.

        Raises:
            InputError: it is none.
        """
        return Period.parse(text, self.store.settings.time_zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer.

    Attributes:
        rows: on how many records it rests.
        data: the rows of the answer; `totals` what they add up to.
        missing: codes of the inputs that are absent; then there are no data, and the sentence says so.
        definition_version: of what is asked.
        said: the sentence in a language.
    """

    rows: int
    definition_version: str
    said: Sentence
    data: Sequence[Mapping[str, Any]] = ()
    totals: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    period: Period | None = None
    as_of: datetime | None = None

    @property
    def status(self) -> Literal["answered", "no_data"]:
        """Whether there is an answer."""
        return "no_data" if self.missing else "answered"


@dataclass(frozen=True, slots=True)
class Question:
    """A question that can be asked.

    Attributes:
        params: its parameters.
        answer: gives the answer.
        roles: who may ask it.
        source: code of what it is answered from, in words under `exchange.source`.
    """

    id: str
    params: type[Params]
    answer: Callable[[Asked, Any], Answer]
    roles: frozenset[Role]
    source: str

    def title(self, lang: Language) -> str:
        """The question in words."""
        return translate(lang, f"exchange.question.{self.id}.title")


def no_data(question: str, missing: Sequence[str], **values: object) -> Sentence:
    """The sentence that says which input is missing."""

    def said(lang: Language) -> str:
        names = ", ".join(missing_words(lang, code) for code in missing)
        what = translate(lang, f"exchange.question.{question}.title")
        return translate(lang, "exchange.answer.no_data", what=what, missing=names, **_in(lang, values))

    return said


def sentence(key: str, **values: object) -> Sentence:
    """A sentence from its template under `exchange.answer`."""
    return lambda lang: translate(lang, f"exchange.answer.{key}", **_in(lang, values))


def missing_words(lang: Language, code: str) -> str:
    """A missing input in words."""
    for place in ("kpi_catalog.missing", "exchange.missing"):
        if has(lang, f"{place}.{code}"):
            return translate(lang, f"{place}.{code}")
    return code


def in_three(said: Sentence) -> dict[str, str]:
    """A sentence in all languages."""
    return {lang: said(lang) for lang in LANGUAGES}


def _in(lang: Language, values: Mapping[str, object]) -> dict[str, object]:
    """Values that depend on the language are given as functions of it."""
    return {name: value(lang) if callable(value) else value for name, value in values.items()}
