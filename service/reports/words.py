"""Periods, KPIs and their values in words, the same on a page, in a PDF and in a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from kpi_catalog.catalogue import Target
from kpi_catalog.period import Period, PeriodKind
from service import i18n
from service.i18n import Language

DAY: Final = timedelta(days=1)


def period_name(lang: Language, period: Period) -> str:
    """A period as a heading has it: November 2026, Week 47, 16.11.2026 - 22.11.2026."""
    first = period.first
    match period.kind:
        case PeriodKind.DAY:
            return i18n.day(lang, first)
        case PeriodKind.MONTH:
            return i18n.month(lang, first)
        case PeriodKind.QUARTER:
            number = str((first.month + 2) // 3)
            return i18n.translate(lang, "kpi_console.quarter_of", number=number, year=str(first.year))
        case PeriodKind.YEAR:
            return i18n.translate(lang, "kpi_console.year_of", year=str(first.year))
    last = first + 6 * DAY
    return i18n.translate(
        lang, "kpi_console.week_of", number=str(first.isocalendar().week), first=i18n.day(lang, first),
        last=i18n.day(lang, last),
    )  # fmt: skip


def period_short(lang: Language, period: Period) -> str:
    """A period as an axis has it."""
    first = period.first
    match period.kind:
        case PeriodKind.DAY:
            return f"{first.day} {i18n.translate(lang, f'month_short.{first.month}')}"
        case PeriodKind.MONTH:
            month = i18n.translate(lang, f"month_short.{first.month}")
            return i18n.translate(lang, "kpi_console.month_axis", month=month, year=f"{first:%y}")
        case PeriodKind.QUARTER:
            number = str((first.month + 2) // 3)
            return i18n.translate(lang, "kpi_console.quarter_short", number=number, year=f"{first:%y}")
        case PeriodKind.YEAR:
            return str(first.year)
    return i18n.translate(lang, "kpi_console.week_short", number=str(first.isocalendar().week))


def earlier(period: Period, count: int) -> tuple[Period, ...]:
    """A period and those of its kind before it, `count` in all, the oldest first."""
    found = [period]
    while len(found) < count:
        found.append(Period.containing(found[-1].start - timedelta(seconds=1), period.kind, period.zone))
    return tuple(reversed(found))


def following(period: Period) -> Period:
    """The period of its kind after it."""
    return Period.containing(period.end, period.kind, period.zone)


def named(lang: Language, names: Mapping[str, str]) -> str:
    """A name of the catalogue; where a language is wanting, the order's Russian."""
    return names.get(lang) or names.get("en") or names["ru"]


def order_language(lang: Language) -> Language:
    """The language in which the order itself is quoted: it exists in Kazakh and Russian."""
    return "ru" if lang == "ru" else "kk"


def or_code(lang: Language, key: str) -> str:
    """The text of a key, or the key's last part where there is none."""
    return i18n.translate(lang, key) if i18n.has(lang, key) else key.rpartition(".")[2]


def unit(lang: Language, code: str) -> str:
    """A unit of measure."""
    return or_code(lang, f"kpi_catalog.unit.{code}")


def quantity(lang: Language, value: float | None, code: str) -> str:
    """A value with its unit, or that there is none."""
    if value is None:
        return i18n.translate(lang, "kpi.no_data")
    return f"{i18n.number(lang, value)}{i18n.NO_BREAK}{unit(lang, code)}"


def status(lang: Language, code: str) -> str:
    """What can be said about a KPI."""
    return or_code(lang, f"kpi_catalog.status.{code}")


def missing(lang: Language, names: Iterable[str]) -> str:
    """The inputs that are absent."""
    return "; ".join(or_code(lang, f"kpi_catalog.missing.{name}") for name in names)


def target(lang: Language, one: Target) -> str:
    """A target as the order writes it, numbers as the language does."""
    if not one.text:
        return i18n.translate(lang, "kpi.no_target")
    return one.text.replace(".", ",") if lang != "en" and one.numeric else one.text


def share(lang: Language, value: float | None) -> str:
    """A score with two decimals, a dash where there is none."""
    return i18n.translate(lang, "common.none") if value is None else i18n.number(lang, value, 2)
