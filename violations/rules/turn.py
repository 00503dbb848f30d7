"""Turn: a vehicle turns to the side where a sign or the camera file forbids it.

Code of Administrative Offences of Kazakhstan, articles 595 and 601; which one the officer chooses.
"""

from __future__ import annotations

from typing import Final

from violations.forbidden_way import ForbiddenWay

RULE: Final = ForbiddenWay("turn")
