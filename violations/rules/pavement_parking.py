"""Parking on a pavement or a lawn: a vehicle stands there with its near wheels for longer than the grace.

Code of Administrative Offences of Kazakhstan, article 597. No queue leads over a pavement, so neither a red light nor a
jam excuses it. A car beside the pavement is innocent, although its box reaches over the pavement behind it.
"""

from __future__ import annotations

from typing import Final

from violations.dwell import DwellRule

GRACE_S: Final = 30.0
"""Whoever drives into a yard or makes way stands shorter; a zone may say otherwise."""

RULE: Final = DwellRule("pavement_parking", ("pavement", "lawn"), GRACE_S, "missing_pavement", excuses=False)
