"""Where false alarms come from, what a stricter score would have removed, and how soon alarms are answered."""

from service.alarm_statistics.answers import Answers, answers
from service.alarm_statistics.sources import Source, Sources, sources
from service.alarm_statistics.thresholds import Judged, Point, Proposal, curve, proposal

__all__ = [
    "Answers", "Judged", "Point", "Proposal", "Source", "Sources", "answers", "curve", "proposal", "sources",
]  # fmt: skip
