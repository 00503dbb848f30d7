"""Which rules a camera runs, in words: those that are on, and why the others are off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from service import i18n
from vision.finding import FindingType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.i18n import Language
    from service.rulebook import RuleStatus

ROOMS: Final = {
    FindingType.VIOLATION: "violations",
    FindingType.INCIDENT: "incidents",
    FindingType.FIRE_ALERT: "fire_alerts",
}


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule.

    Attributes:
        type: what its findings become.
        kind: its name in the code.
        name: its name in words.
        why: why it is off; empty where it is on.
    """

    type: FindingType
    kind: str
    name: str
    why: str


def rule_lines(lang: Language, statuses: Iterable[RuleStatus]) -> tuple[RuleLine, ...]:
    """The rules of a camera, as `service.rulebook.rule_statuses` gives them, in words."""
    return tuple(
        RuleLine(
            status.type,
            status.kind,
            _name(lang, ROOMS[status.type], status.kind),
            " ".join(
                i18n.trace_words(lang, (ROOMS[status.type], "vision"), one.code, dict(one.values))
                for one in status.off_because
            ),
        )
        for status in statuses
    )


def _name(lang: Language, room: str, kind: str) -> str:
    for key in (f"rule.{kind}", f"{room}.kind.{kind}"):
        if i18n.has(lang, key):
            return i18n.translate(lang, key)
    return kind
