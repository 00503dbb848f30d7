"""What happens in a city of a test: cases decided, alarms judged, days that pass."""

from __future__ import annotations

from incidents.alert import Verdict
from service import alerts, cases


def decided(world, *, true: bool = True, **changes: object) -> str:
    case_id = world.case(**changes)
    decide(world, case_id, true=true)
    return case_id


def decide(world, case_id: str, *, true: bool = True) -> None:
    offence = world.do(world.officer, cases.claim, case_id).offences[0]
    if true:
        world.do(world.officer, cases.confirm, case_id, offence)
    else:
        world.do(world.officer, cases.reject, case_id, "no_violation")


def alarm(world, **changes: object) -> str:
    return world.alert("crash", **{"track": None, **changes})


def judge(world, alert_id: str, *, true: bool = True) -> None:
    world.do(world.operator, alerts.acknowledge, alert_id)
    if true:
        world.do(world.operator, alerts.verdict, alert_id, Verdict.TRUE)
    else:
        world.do(world.operator, alerts.verdict, alert_id, Verdict.FALSE, reason="no_event")


def next_month(world) -> None:
    world.clock.forward(days=12)  # from 22 November to the first days of December
