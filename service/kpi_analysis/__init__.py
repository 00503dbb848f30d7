"""Behind a KPI's single number: where false alarms come from, how times spread, what would raise the score."""

from service.kpi_analysis.false_records import FalseRecord, false_records
from service.kpi_analysis.false_shares import BY, FalseAlarms, false_alarms
from service.kpi_analysis.gain import Gain, gains
from service.kpi_analysis.spread import Distribution, distribution

__all__ = [
    "BY",
    "Distribution",
    "FalseAlarms",
    "FalseRecord",
    "Gain",
    "distribution",
    "false_alarms",
    "false_records",
    "gains",
]
