"""The places that order 469/НҚ leaves open, each a named choice: the first is the default.

None of them is our opinion: the order prints its formulas as pictures that the text lacks, and is silent on the rest.
`kpi_catalog.city_effects` shows what each other choice would do to the city's score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Final, Literal, get_args, get_type_hints


@dataclass(frozen=True, slots=True)
class Readings:
    """How each place that the order leaves open is read.

    Attributes:
        at_most: beyond an upper limit the score is limit / fact (`mirror`), falls in a straight line to 0 at
            twice the limit (`linear`), or is 0 (`all_or_nothing`).
        bound: which of two numbers earns a full score where the order gives both (a fall of 5-10 %, >=60-70 %).
        change: a single number for a fall is the fall achieved, 5 meaning 5 % less (`achieved`), or the signed
            change, -5 meaning 5 % less (`signed`).
        change_base: a change is measured against the period before (`previous`) or the same period a year before.
        index: a mean score is held against its target or against the top of its scale.
        up_to: "up to 40 %" is a goal to reach or a ceiling.
        parts: several limits in one KPI make the mean of their scores, or the worst.
        arrival_limit: of two minutes inside a formula (1.11: 7-10, 10-15) the upper or the lower is the limit.
        crashes: crashes that no camera saw are wanted too, so that the cameras' count is a part and not scored
            (`city`), or their count stands for the city (`cameras`) (6.4).
        fold: a KPI published more often than the report's period is computed anew from the events of the whole
            period (`whole`), or is the mean of its shorter periods, or the last of them.
        source: where a KPI is both computed from the store and imported, which of the two counts.
        stages: KPIs of initiatives whose stage has not begun, or is not foreseen for the category (appendix 2), stay
            outside (`observed`), or every target of appendix 4 applies (`ignored`).
        missing: KPIs without a score drop out of the mean (with the coverage beside it), or count as 0.
        absent_sphere: a sphere without a score adds nothing to the city's sum (`adds_nothing`: p. 4 (2) to the
            letter), or the sum is scaled up to the weights that have one (`rescale`).
        bands: a grade begins at its whole number and nothing is rounded up (`floor`), or the score is first rounded
            to a whole number, half up (`nearest`): 89.5 is good, or excellent.
        additional: +2 points each come on top without an end, up to 100, or stand apart from the score and its grade.
    """

    at_most: Literal["mirror", "linear", "all_or_nothing"] = "mirror"
    bound: Literal["lower", "upper"] = "lower"
    change: Literal["achieved", "signed"] = "achieved"
    change_base: Literal["previous", "same_last_year"] = "previous"
    index: Literal["target", "scale_maximum"] = "target"
    up_to: Literal["goal", "ceiling"] = "goal"
    parts: Literal["mean", "worst"] = "mean"
    arrival_limit: Literal["upper", "lower"] = "upper"
    crashes: Literal["city", "cameras"] = "city"
    fold: Literal["whole", "mean", "last"] = "whole"
    source: Literal["computed", "imported"] = "computed"
    stages: Literal["observed", "ignored"] = "observed"
    missing: Literal["dropped", "zero"] = "dropped"
    absent_sphere: Literal["adds_nothing", "rescale"] = "adds_nothing"
    bands: Literal["floor", "nearest"] = "floor"
    additional: Literal["on_top", "up_to_100", "apart"] = "on_top"


DEFAULT: Final = Readings()

_HINTS: Final = get_type_hints(Readings)
CHOICES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {one.name: get_args(_HINTS[one.name]) for one in fields(Readings)}
)
"""Every choice of every reading, the default first."""

MEASURED: Final = ("change_base", "arrival_limit", "crashes", "fold", "source")
"""Readings that change what is measured; all others change only what is made of it."""
