"""The recorded rules: when a closed period is published, and what may revise it until when.

They are data (`rules.toml`), dated, with the reason of each in three languages; the rules in force on the day a period
ended hold for it for good.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any, Final
from zoneinfo import ZoneInfo

from kpi_catalog.period import Period, PeriodKind
from qyran.errors import ConfigError

OTHER: Final = "other"
LANGUAGES: Final = frozenset({"kk", "ru", "en"})


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an event, and with it a value, can be another than it was.

    Attributes:
        days: for how many days after the period's end it may revise a figure; None where it never may.
        kpis: which it is known of; empty for all.
        name, reason: by language.
    """

    code: str
    days: int | None
    kpis: frozenset[str]
    name: Mapping[str, str]
    reason: Mapping[str, str]

    def admits(self, kpi_id: str, period: Period, day: date) -> bool:
        """Whether it may still revise a KPI of a period on a day of the city."""
        if self.days is None or (self.kpis and kpi_id not in self.kpis):
            return False
        return day <= last_day(period) + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of one version.

    Attributes:
        freeze: days after a period's last day on which it is published, by kind.
    """

    version: str
    valid_from: date
    freeze: Mapping[PeriodKind, int]
    freeze_reason: Mapping[str, str]
    causes: Mapping[str, Cause]

    def cause(self, code: str) -> Cause:
        """A cause; what is not known of counts as `OTHER`."""
        return self.causes.get(code) or self.causes[OTHER]

    def publish_on(self, period: Period, delays: Mapping[PeriodKind, int] | None = None) -> date:
        """The day of the city on which a period is published."""
        return last_day(period) + timedelta(days={**self.freeze, **(delays or {})}[period.kind])

    def term(self, kpi_id: str, period: Period) -> date:
        """The last day on which anything may revise a KPI of a period."""
        days = [
            one.days for one in self.causes.values() if one.days is not None and (not one.kpis or kpi_id in one.kpis)
        ]
        return last_day(period) + timedelta(days=max(days, default=0))

    def last_term(self, period: Period) -> date:
        """The last day on which anything may revise any KPI of a period."""
        return last_day(period) + timedelta(days=max(one.days or 0 for one in self.causes.values()))


def last_day(period: Period) -> date:
    """The last local day of a period."""
    return (period.end - timedelta(microseconds=1)).astimezone(ZoneInfo(period.zone)).date()


def rules_of(period: Period) -> Rules:
    """The rules in force on the last day of a period."""
    return rules_on(last_day(period))


def rules_on(day: date) -> Rules:
    """The rules in force on a day; those before the first are judged by the first."""
    known = _all()
    return next((one for one in reversed(known) if one.valid_from <= day), known[0])


@cache
def _all() -> tuple[Rules, ...]:
    text = resources.files("service.publication").joinpath("rules.toml").read_text(encoding="utf-8")
    found = sorted((_rules(raw) for raw in tomllib.loads(text)["rules"]), key=lambda one: one.valid_from)
    if not found or len({one.valid_from for one in found}) != len(found):
        raise ConfigError("service/publication/rules.toml needs one set of rules for every day.")
    return tuple(found)


def _rules(raw: Mapping[str, Any]) -> Rules:
    causes = {code: _cause(code, one) for code, one in raw["causes"].items()}
    if OTHER not in causes:
        raise ConfigError(f"The rules {raw['version']} lack the cause {OTHER}.")
    return Rules(
        version=raw["version"],
        valid_from=raw["valid_from"],
        freeze={PeriodKind(kind): days for kind, days in raw["freeze"]["days"].items()},
        freeze_reason=_texts(raw["freeze"]["reason"], "freeze"),
        causes=causes,
    )


def _cause(code: str, raw: Mapping[str, Any]) -> Cause:
    return Cause(
        code=code,
        days=raw.get("days"),
        kpis=frozenset(raw.get("kpis", ())),
        name=_texts(raw["name"], code),
        reason=_texts(raw["reason"], code),
    )


def _texts(raw: Mapping[str, str], place: str) -> Mapping[str, str]:
    if set(raw) != LANGUAGES or not all(raw.values()):
        raise ConfigError(f"service/publication/rules.toml: {place} needs its words in kk, ru and en.")
    return raw
