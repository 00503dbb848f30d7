"""Whether a period's figures are published, and what was published where the records now say something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.web.kpi.asked import Asked


@dataclass(frozen=True, slots=True)
class Standing:
    """The badge of a page.

    Attributes:
        frozen: published values in words by KPI, where they differ from what the records say now.
    """

    word: str
    tone: str
    note: str
    frozen: Mapping[str, str] = field(default_factory=dict)


def standing_of(asked: Asked) -> Standing:
    """How the period stands."""
    return Standing(asked.w.t("kpi_console.provisional"), "accent", asked.w.t("kpi_console.provisional_note"))
