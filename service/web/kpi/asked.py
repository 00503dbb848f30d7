"""Which city category and which period a page was asked for, and the picker that asks for others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Depends, Query

from kpi_catalog.catalogue import Category
from kpi_catalog.period import Period, PeriodKind
from qyran.errors import InputError
from service.kpi_analysis.trends import PERIODS
from service.reports.words import earlier, following, period_name
from service.web.rendering import words_of
from service.web.visit import Person, Visit
from service.web.words import Words

CATEGORIES: Final = tuple(one.value for one in Category)
EARLIEST: Final = 2000
SECOND: Final = timedelta(seconds=1)
ORDER: Final = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True, slots=True)
class Choice:
    """One link of the picker."""

    name: str
    path: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Picker:
    """Kinds of period, the periods around, and the categories.

    Attributes:
        periods: (text, name) of the periods to choose from, the newest first.
    """

    action: str
    kinds: tuple[Choice, ...]
    periods: tuple[tuple[str, str], ...]
    period: str
    category: str
    categories: tuple[str, ...]
    before: Choice
    after: Choice | None
    hidden: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page shows.

    Attributes:
        own_category: whether the category is the city's own.
    """

    visit: Visit
    w: Words
    category: Category
    period: Period
    own_category: bool

    def link(self, path: str, **more: str) -> str:
        """Another page of the same period and category."""
        given = {"period": str(self.period), **({} if self.own_category else {"category": self.category.value}), **more}
        return f"{path}?{urlencode(given)}"

    @property
    def name(self) -> str:
        """The period in words."""
        return period_name(self.w.lang, self.period)

    def picker(self, action: str, **kept: str) -> Picker:
        """The picker of a page.

        Args:
            action: the page's path.
            kept: queries of the page that a change of period leaves as they are.
        """
        today = self.w.now
        newest = Period.containing(today, self.period.kind, self.period.zone)
        known = earlier(newest, PERIODS)
        shown = known if self.period in known else (self.period, *known)
        later = following(self.period)
        moment = max(self.period.start, min(self.period.end - SECOND, today))
        kinds = []
        for code in ORDER:
            kind = PeriodKind(code)
            inside = Period.containing(moment, kind, self.period.zone)
            kinds.append(
                Choice(self.w.t(f"kpi_console.kind_{code}"), self._to(action, inside, kept), kind is self.period.kind)
            )
        return Picker(
            action=action,
            kinds=tuple(kinds),
            periods=tuple((str(one), period_name(self.w.lang, one)) for one in reversed(shown)),
            period=str(self.period),
            category=self.category.value,
            categories=CATEGORIES,
            before=Choice(self.w.t("kpi_console.before"), self._to(action, earlier(self.period, 2)[0], kept)),
            after=Choice(self.w.t("kpi_console.after"), self._to(action, later, kept))
            if later.start <= today
            else None,
            hidden=tuple(kept.items()),
        )

    def _to(self, action: str, period: Period, kept: dict[str, str]) -> str:
        given = {"period": str(period), **({} if self.own_category else {"category": self.category.value}), **kept}
        return f"{action}?{urlencode(given)}"


def asked(
    visit: Person,
    category: Annotated[str, Query(max_length=16)] = "",
    period: Annotated[str, Query(max_length=10)] = "",
) -> Asked:
    """Read the query; without one the present month and the city's own category.

    Raises:
        InputError: the period is none, or lies outside the years that records can be of.
    """
    w = words_of(visit)
    settings = visit.store.settings
    chosen = Category(category if category in CATEGORIES else settings.city_category)
    text = period or f"{w.now.astimezone(w.zone):%Y-%m}"
    found = Period.parse(text, settings.time_zone)
    if found.year < EARLIEST or found.start > w.now:
        raise InputError(f"The period {found} is not between the year {EARLIEST} and today.")
    return Asked(visit, w, chosen, found, chosen == settings.city_category)


ForPeriod = Annotated[Asked, Depends(asked)]
