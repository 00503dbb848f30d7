"""How far a measured speed lies over the limit, in the driver's favour, and whether a band of the law holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from violations.devices import DeviceRecord, papers_fault
from violations.offences import candidates
from violations.record_rule import Judgement
from vision.finding import Reason

if TYPE_CHECKING:
    from datetime import date

DIGITS: Final = 2
"""Decimals of km/h kept, so that 70.3 less 0.3 is 70 and not a hair below."""


def judge_speed(kind: str, version: str, record: DeviceRecord, day: date, measured: tuple[Reason, ...]) -> Judgement:
    """Judge a record of a speed: papers, margin, bands of the catalogue of that day.

    Args:
        kind: of the rule.
        version: of its logic.
        record: with measured, permitted and margin.
        day: of the act, in the city's time zone.
        measured: the steps of the trace that say what was measured.
    """
    if record.measured_kmh is None or record.permitted_kmh is None or record.margin_kmh is None:
        return Judgement(kind, version, holds=False, trace=(*measured, Reason("no_speed")))
    fault = papers_fault(record, day)
    if fault is not None:
        return Judgement(kind, version, holds=False, trace=(*measured, fault))
    counted = round(record.measured_kmh - record.margin_kmh, DIGITS)
    over = round(counted - record.permitted_kmh, DIGITS)
    left = Reason(
        "margin_subtracted", (("margin_kmh", record.margin_kmh), ("counted_kmh", counted), ("over_kmh", over))
    )
    bands = [one for one in candidates(kind, day, over_kmh=over) if one.over_kmh is not None]
    if not bands:
        return Judgement(kind, version, holds=False, trace=(*measured, left, Reason("no_band", (("over_kmh", over),))))
    trace = (*measured, left, *(one.valid() for one in record.papers))
    return Judgement(kind, version, holds=True, trace=trace, over_kmh=over)
