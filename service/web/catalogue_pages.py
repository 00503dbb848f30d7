"""The order's catalogue for readers: every KPI with its words, targets and what can be read in two ways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from kpi_catalog.catalogue import Catalogue, Category, Initiative, Kpi, Text, catalogue, editions
from kpi_catalog.catalogue_view import found
from kpi_catalog.readings import CHOICES, DEFAULT
from qyran.errors import InputError
from service.access import require
from service.rating.initiatives import READERS
from service.web.kpi.asked import ForPeriod
from service.web.kpi.tabs import tabs
from service.web.rendering import page
from service.web.words import Words

router = APIRouter(prefix="/kpi", include_in_schema=False)

ORDER_LANGUAGES: Final = ("kk", "ru")
"""What the order is written in; its English is ours."""
PERVERSE: Final = frozenset({"9.2", "9.6"})
"""KPIs that reward more violations and incidents."""


@dataclass(frozen=True, slots=True)
class TargetCell:
    """The target of one category, and whether and since when its initiative is foreseen there."""

    category: str
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class KpiEntry:
    """One KPI as the page shows it.

    Attributes:
        words: (label, text) in the reader's language, with what the order itself says in its two languages.
        original: (language, label, text) as published.
    """

    id: str
    name: str
    points: int
    period: str
    unit: str
    targets: tuple[TargetCell, ...]
    words: tuple[tuple[str, str], ...]
    original: tuple[tuple[str, str, str], ...]
    contested: tuple[str, ...]
    perverse: bool
    valid: str


@dataclass(frozen=True, slots=True)
class InitiativeGroup:
    """KPIs of one initiative."""

    number: int
    name: str
    sphere: str
    points: int
    stages: tuple[tuple[str, str], ...]
    executors: str
    kpis: tuple[KpiEntry, ...]


@router.get("/catalogue")
def order(
    asked: ForPeriod,
    q: Annotated[str, Query(max_length=100)] = "",
    sphere: Annotated[str, Query(max_length=32)] = "",
    initiative: Annotated[str, Query(max_length=2, pattern=r"^\d*$")] = "",
    on: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Search the catalogue as it holds on a day."""
    require(asked.visit.actor, READERS)
    w = asked.w
    book = catalogue(_day(on))
    chosen = sphere if sphere in {one.id for one in book.spheres} else ""
    number = int(initiative) if initiative else None
    rows = found(book, q, sphere=chosen, initiative=number)
    return page(
        asked.visit,
        "kpi/catalogue.html",
        tabs=tabs(asked, "catalogue"),
        groups=tuple(_group(w, book, one, rows) for one in book.initiatives.values() if _of(rows, one)),
        q=q,
        sphere=chosen,
        initiative=initiative,
        on=on,
        spheres=tuple((one.id, _said(w, one.name), one.weight) for one in book.spheres),
        initiatives=tuple((str(one.number), _said(w, one.name)) for one in book.initiatives.values()),
        count=len(rows),
        total=len(book.kpis),
        points=sum(kpi.points for kpi in rows),
        order=_said(w, book.order["name"]),
        edition=book.version,
        since=w.day(book.valid_from),
        until=None if book.valid_until is None else w.day(book.valid_until),
        editions=tuple((one.valid_from.isoformat(), w.day(one.valid_from)) for one in editions()),
        readings=_readings(w),
        bands=tuple((_said(w, one.name), one.lower) for one in book.bands),
    )


def _group(w: Words, book: Catalogue, one: Initiative, rows: tuple[Kpi, ...]) -> InitiativeGroup:
    sphere = next(each for each in book.spheres if each.id == one.sphere)
    return InitiativeGroup(
        number=one.number,
        name=_said(w, one.name),
        sphere=_said(w, sphere.name),
        points=one.points,
        stages=tuple((w.t(f"kpi.category.{category}"), _stage(w, one, category)) for category in Category),
        executors=_said(w, one.executors),
        kpis=tuple(_entry(w, one, kpi) for kpi in _of(rows, one)),
    )


def _entry(w: Words, initiative: Initiative, kpi: Kpi) -> KpiEntry:
    labels = ("description", "formula", "data_source", "information_system", "target_text")
    return KpiEntry(
        id=kpi.id,
        name=_said(w, kpi.name),
        points=kpi.points,
        period=w.t(f"kpi_catalog.frequency.{kpi.period}"),
        unit=w.t(f"kpi_catalog.unit.{kpi.unit}"),
        targets=tuple(
            TargetCell(
                w.t(f"kpi.category.{category}"),
                _target(w, kpi, category),
                "" if category in initiative.stages else w.t("kpi_book.not_foreseen"),
            )
            for category in Category
        ),
        words=tuple((w.t(f"kpi_book.{name}"), _said(w, getattr(kpi, name))) for name in labels),
        original=tuple(
            (lang, w.t(f"kpi_book.{name}"), " ".join(getattr(kpi, name)[lang].split()))
            for lang in ORDER_LANGUAGES
            if lang != w.lang
            for name in ("name", *labels)
        ),
        contested=tuple(w.t(f"kpi_book.contested_{one}") for one in kpi.contested),
        perverse=kpi.id in PERVERSE,
        valid=w.day(kpi.valid_from) + (f" – {w.day(kpi.valid_until)}" if kpi.valid_until else ""),
    )


def _target(w: Words, kpi: Kpi, category: Category) -> str:
    """A category's own part of the target's text in the reader's language, where the text has one for each."""
    parts = [one.strip() for one in _said(w, kpi.target_text).split(" / ")]
    own = kpi.targets[category]
    if not own.text:
        return w.t("kpi.no_target")
    return parts[list(Category).index(category)] if len(parts) == len(Category) else _said(w, kpi.target_text)


def _stage(w: Words, one: Initiative, category: Category) -> str:
    stage = one.stages.get(category)
    if stage is None:
        return w.t("kpi_book.not_foreseen")
    return w.t("kpi_book.stage", stage=str(stage.stage), first=str(stage.year_from), last=str(stage.year_to))


def _readings(w: Words) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Each contested reading: its name, our default, the other choices."""
    return tuple(
        (
            w.t(f"kpi_catalog.reading.{name}"),
            w.t(f"kpi_catalog.reading_choice.{name}_{getattr(DEFAULT, name)}"),
            tuple(w.t(f"kpi_catalog.reading_choice.{name}_{one}") for one in choices if one != getattr(DEFAULT, name)),
        )
        for name, choices in CHOICES.items()
    )


def _of(rows: tuple[Kpi, ...], one: Initiative) -> tuple[Kpi, ...]:
    return tuple(kpi for kpi in rows if kpi.initiative == one.number)


def _said(w: Words, text: Text) -> str:
    return " ".join(text[w.lang].split())


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(f"The day {text!r} is not of the form 2026-01-01.") from None
