"""Wrong way: a vehicle drives in a lane against its lawful direction.

Code of Administrative Offences of Kazakhstan, article 596 part 3 where the oncoming side is entered: deprivation of
the licence, so never a payable notice.
"""

from __future__ import annotations

from typing import Final

from vision.against import Against, AgainstRule
from vision.finding import FindingType, Moment


def _moments(fact: Against) -> tuple[Moment, ...]:
    return (
        Moment("before_line", fact.start.video_s, fact.start.box),
        Moment("in_act", fact.now.video_s, fact.now.box),
        Moment("plate", fact.widest.video_s, fact.widest.box),
        Moment("wide", fact.now.video_s),
    )


RULE: Final = AgainstRule(FindingType.VIOLATION, _moments)
