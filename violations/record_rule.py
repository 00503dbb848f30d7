"""The shape of a rule that judges a record instead of a picture, and what it says.

Such rules are pure like all others: a record and the city's day in, a judgement out. A record that grounds no case is
answered with the reason, never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from datetime import date

    from vision.finding import Reason

Record_contra = TypeVar("Record_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule says of a record.

    Attributes:
        kind, version: of the rule.
        holds: whether it grounds a case for the officer.
        trace: why, or why not.
        over_kmh: excess of speed that counts, the margin subtracted.
    """

    kind: str
    version: str
    holds: bool
    trace: tuple[Reason, ...]
    over_kmh: float | None = None


class RecordRule(Protocol[Record_contra]):
    """A rule about records: every such file in `violations/rules/` holds one object `RULE` of this shape."""

    @property
    def kind(self) -> str:
        """Name of the rule."""

    @property
    def version(self) -> str:
        """Version of its logic."""

    def judge(self, record: Record_contra, day: date) -> Judgement:
        """Judge one record.

        Args:
            record: what somebody else's device or register says.
            day: of the act, in the city's time zone.
        """
