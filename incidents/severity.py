"""How bad an alert is, how sure, and what is to be done: the one place that says so, by kind and verdict."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from incidents.alert import Verdict
from incidents.cap.message import Certainty, ResponseType, Severity

Attention = Literal["high", "medium", "low"]

SEVERITIES: Final[Mapping[str, Severity]] = MappingProxyType(
    {
        "fire": Severity.SEVERE,
        "smoke": Severity.SEVERE,
        "crash": Severity.SEVERE,
        "wrong_way": Severity.SEVERE,
        "person_down": Severity.SEVERE,
        "pedestrian": Severity.MODERATE,
        "cyclist": Severity.MODERATE,
        "animal": Severity.MODERATE,
        "stopped_vehicle": Severity.MODERATE,
        "debris": Severity.MODERATE,
        "intrusion": Severity.MODERATE,
        "crowd": Severity.MODERATE,
        "congestion": Severity.MINOR,
        "camera_tampering": Severity.MINOR,
    }
)
"""What a kind can cost (CAP 1.2): lives at risk now, a danger that grows, a nuisance."""
KINDS: Final = tuple(SEVERITIES)
FIRE_KINDS: Final = frozenset({"fire", "smoke"})
WATCHED: Final = frozenset({"congestion", "camera_tampering"})
"""Kinds for which nobody is sent out at once."""
_ATTENTION: Final[Mapping[Severity, Attention]] = MappingProxyType(
    {Severity.EXTREME: "high", Severity.SEVERE: "high", Severity.MODERATE: "medium", Severity.MINOR: "low"}
)
_CERTAINTY: Final[Mapping[Verdict, Certainty]] = MappingProxyType(
    {
        Verdict.TRUE: Certainty.OBSERVED,
        Verdict.UNDETERMINED: Certainty.POSSIBLE,
        Verdict.FALSE: Certainty.UNLIKELY,
    }
)


def severity_of(kind: str) -> Severity:
    """What an alert of this kind can cost; unknown for a kind that is in no list."""
    return SEVERITIES.get(kind, Severity.UNKNOWN)


def attention(kind: str) -> Attention:
    """How soon a person has to look at an alert of this kind."""
    return _ATTENTION.get(severity_of(kind), "medium")


def certainty_of(verdict: Verdict | None, *, agreed: bool = False) -> Certainty:
    """How sure it is.

    Args:
        verdict: what a person found.
        agreed: sources that fail for different reasons (a camera and a sensor) tell the same.
    """
    if verdict is None:
        return Certainty.OBSERVED if agreed else Certainty.LIKELY
    return _CERTAINTY[verdict]


def response_of(kind: str, verdict: Verdict | None, *, over: bool) -> ResponseType:
    """What who receives it is asked to do."""
    if over:
        return ResponseType.ALL_CLEAR
    if kind in WATCHED:
        return ResponseType.MONITOR
    return ResponseType.EXECUTE if verdict is Verdict.TRUE else ResponseType.ASSESS
