"""Who may ask what: questions about public safety are the operators' too, those about KPIs the evaluators'."""

from __future__ import annotations

from typing import Final

from qyran.roles import Role

EVALUATORS: Final = frozenset({Role.CENTRE, Role.EVALUATOR, Role.SENIOR_OFFICER, Role.AUDITOR})
OPERATORS: Final = frozenset({Role.CENTRE, Role.SITUATIONAL_OPERATOR, Role.AUDITOR})
TECHNICIANS: Final = OPERATORS | {Role.CAMERA_OPERATOR, Role.ADMINISTRATOR, Role.EVALUATOR}
ASKERS: Final = EVALUATORS | OPERATORS | TECHNICIANS
"""Who may ask anything at all."""
