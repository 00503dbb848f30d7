"""Wrong-way driver: a vehicle comes against the traffic of its lane; the crew on the road must know at once."""

from __future__ import annotations

from typing import Final

from vision.against import Against, AgainstRule
from vision.finding import FindingType, Moment


def _moments(fact: Against) -> tuple[Moment, ...]:
    return (
        Moment("onset", fact.start.video_s, fact.start.box),
        Moment("decision", fact.now.video_s, fact.now.box),
        Moment("wide", fact.now.video_s),
    )


RULE: Final = AgainstRule(FindingType.INCIDENT, _moments)
