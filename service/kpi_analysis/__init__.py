"""Behind a KPI's single number: where false alarms come from, how times spread, what would raise the score."""

from service.kpi_analysis.distribution import Distribution, distribution
from service.kpi_analysis.false_alarms import BY, FalseAlarms, false_alarms
from service.kpi_analysis.gains import Gain, gains

__all__ = ["BY", "Distribution", "FalseAlarms", "Gain", "distribution", "false_alarms", "gains"]
