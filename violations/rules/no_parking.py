"""No parking: a vehicle stands in a zone where parking is forbidden for longer than the grace.

Code of Administrative Offences of Kazakhstan, article 597; sign 3.28. Up to five minutes standing is stopping by the
traffic rules, not parking; the same excuses count as for stopping.
"""

from __future__ import annotations

from typing import Final

from violations.dwell import DwellRule

GRACE_S: Final = 300.0
"""Stopping becomes parking after five minutes by the traffic rules (order 534); a zone may allow more."""

RULE: Final = DwellRule("no_parking", ("no_parking",), GRACE_S, "missing_no_parking")
