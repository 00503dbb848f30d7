"""Who may do what with video."""

from __future__ import annotations

from typing import Final

from qyran.roles import Role

WATCHERS: Final = frozenset({Role.SITUATIONAL_OPERATOR, Role.AUDITOR})
"""Who watches live; a dispatcher only the cameras of his own open alerts."""
VIEWERS: Final = frozenset({Role.SITUATIONAL_OPERATOR, Role.SENIOR_OFFICER, Role.AUDITOR, Role.SYSTEM})
"""Who opens the archive with a purpose; a dispatcher only around his own alerts."""
NEAR: Final = frozenset({Role.SERVICE_DISPATCHER})
EXPORTERS: Final = frozenset({Role.SITUATIONAL_OPERATOR, Role.SENIOR_OFFICER, Role.SYSTEM})
LOCKERS: Final = frozenset({Role.SITUATIONAL_OPERATOR, Role.SENIOR_OFFICER, Role.DATA_PROTECTION_OFFICER, Role.SYSTEM})
KEEPERS: Final = frozenset({Role.ADMINISTRATOR, Role.DATA_PROTECTION_OFFICER, Role.SYSTEM})
"""Who says how long a camera's video stays."""
OVERSEERS: Final = VIEWERS | NEAR | LOCKERS | KEEPERS
"""Who sees which camera is recorded and what is kept: no picture."""
