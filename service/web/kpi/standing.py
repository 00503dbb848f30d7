"""Whether a period's figures are published, and what was published where the records now say something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kpi_catalog.security import SecurityKpi
from service.publication import Publication, State, published
from service.publication.people import teller
from service.reports import words
from service.web.kpi.asked import Asked


@dataclass(frozen=True, slots=True)
class Revised:
    """One revision of a KPI in words."""

    number: int
    at: datetime
    old: str
    new: str
    causes: str
    admitted: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """The badge of a page.

    Attributes:
        frozen: published values in words by KPI, where the records say something else now.
    """

    word: str
    tone: str
    note: str
    frozen: Mapping[str, str] = field(default_factory=dict)
    publication: Publication | None = None


def standing_of(asked: Asked, kpis: Sequence[SecurityKpi] = ()) -> Standing:
    """How the period stands.

    Args:
        asked: for which period.
        kpis: what the records say now, to be held against what was published.
    """
    w = asked.w
    held = published(asked.visit.store, asked.period, actor=asked.visit.actor)
    if held is None:
        return Standing(w.t("kpi_console.provisional"), "accent", w.t("kpi_console.provisional_note"))
    differing = {
        one.kpi.id: w.t("kpi_console.published_value", value=words.quantity(w.lang, was, one.value.unit))
        for one in kpis
        if one.kpi.id in held.kpis and (was := held.kpi(one.kpi.id).value) != one.value.value
    }
    note = w.t("kpi_console.published_at", at=w.moment(held.published_at))
    if differing:
        note = f"{note} {w.t('kpi_console.published_differs', n=len(differing))}"
    revised = held.state is State.REVISED
    word = w.t("kpi_console.revised" if revised else "kpi_console.published")
    return Standing(word, "warn" if revised else "good", note, differing, held)


def revisions_of(asked: Asked, standing: Standing, one: SecurityKpi) -> tuple[Revised, ...]:
    """The revisions of a KPI, the newest first."""
    if standing.publication is None:
        return ()
    lang, unit = asked.w.lang, one.value.unit
    told = teller(asked.visit.store, lang, asked.visit.actor)
    return tuple(
        Revised(
            each.number,
            each.found_at,
            words.quantity(lang, each.old["value"], unit),
            words.quantity(lang, each.new["value"], unit),
            told.causes(each),
            each.admitted,
        )
        for each in reversed(standing.publication.revisions_of(one.kpi.id))
    )
