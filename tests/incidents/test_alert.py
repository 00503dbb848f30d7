from __future__ import annotations

from dataclasses import replace

import pytest

from incidents.alert import (
    OPEN,
    REASONS,
    SERVICE_ROLES,
    SERVICES,
    TIMES,
    TRANSITIONS,
    VERDICTS,
    AlertState,
    AlertStep,
    AlertView,
    Transition,
    Verdict,
    check,
    find,
)
from qyran.errors import AccessError, TransitionError
from qyran.roles import MACHINE_ROLES, Actor, Role

S = AlertState
EVERY_STEP = [(row, source) for row in TRANSITIONS for source in row.sources]
NAMES = [f"{row.name}-{source}" for row, source in EVERY_STEP]


def actor(role: Role) -> Actor:
    return Actor("somebody", frozenset({role}), service="101" if role in SERVICE_ROLES else None)


def ready(source: AlertState | None, target: AlertState | None = None) -> AlertView:
    """As an alert stands where the step is open: sent to a service, or told to it only."""
    if target in {S.MERGED, S.CANDIDATE}:
        return AlertView(source, Verdict.TRUE)
    if target is S.DISPATCHED and source in {S.RAISED, S.NOTIFIED, S.REOPENED, S.ACKNOWLEDGED, S.VERIFYING}:
        return AlertView(source, Verdict.TRUE, told=("101",))
    return AlertView(source, Verdict.TRUE, ("101",))


def step(row: Transition) -> AlertStep:
    return AlertStep(
        row.target, REASONS[row.name][0] if row.name in REASONS else None, "101" if row.name == "go_out" else "102"
    )


@pytest.mark.parametrize(("row", "source"), EVERY_STEP, ids=NAMES)
def test_every_row_is_open_to_its_roles_and_to_no_other(row, source):
    for role in Role:
        if role in row.roles:
            assert check(ready(source, row.target), step(row), actor(role)) == row
        else:
            with pytest.raises(AccessError):
                check(ready(source, row.target), step(row), actor(role))


@pytest.mark.parametrize("source", [None, *AlertState])
@pytest.mark.parametrize("target", AlertState)
def test_what_is_not_in_the_table_is_refused_to_everybody(source, target):
    if any(source in row.sources and row.target is target for row in TRANSITIONS):
        assert find(source, target).target is target
        return
    with pytest.raises(TransitionError, match="cannot become"):
        check(ready(source), AlertStep(target), Actor("all", frozenset(Role)))


@pytest.mark.parametrize(("row", "source"), [one for one in EVERY_STEP if one[0].name in REASONS])
def test_a_step_with_reason_codes_takes_no_other(row, source):
    with pytest.raises(TransitionError, match="needs a reason code"):
        check(ready(source), replace(step(row), reason="because"), actor(min(row.roles)))


def test_a_verdict_is_always_a_persons():
    for row in TRANSITIONS:
        if row.target in VERDICTS:
            assert not row.roles & MACHINE_ROLES


def test_every_state_but_closed_can_be_left_and_every_state_reached():
    assert {source for row in TRANSITIONS for source in row.sources} == {None, *AlertState}
    assert {row.target for row in TRANSITIONS} == set(AlertState)
    assert {row.target for row in TRANSITIONS if S.CLOSED in row.sources} == {S.REOPENED}


def test_a_dispatcher_acts_on_the_alerts_sent_to_his_own_service():
    dispatcher = actor(Role.SERVICE_DISPATCHER)
    assert check(AlertView(S.DISPATCHED, Verdict.TRUE, ("101",)), AlertStep(S.DEPARTED), dispatcher)
    with pytest.raises(AccessError, match="own service"):
        check(AlertView(S.DISPATCHED, Verdict.TRUE, ("102",)), AlertStep(S.DEPARTED), dispatcher)


@pytest.mark.parametrize("service", [None, "104", ""])
def test_a_dispatch_names_a_service_that_exists(service):
    with pytest.raises(TransitionError, match="names its service"):
        check(AlertView(S.CONFIRMED), AlertStep(S.DISPATCHED, service=service), actor(Role.SITUATIONAL_OPERATOR))


def test_every_service_can_be_sent_once():
    operator = actor(Role.SITUATIONAL_OPERATOR)
    for number, service in enumerate(SERVICES):
        sent = AlertView(S.DISPATCHED if number else S.CONFIRMED, Verdict.TRUE, SERVICES[:number])
        assert check(sent, AlertStep(S.DISPATCHED, service=service), operator)
        with pytest.raises(TransitionError, match="was sent already"):
            check(replace(sent, services=(service,)), AlertStep(S.DISPATCHED, service=service), operator)


@pytest.mark.parametrize("verdict", [None, Verdict.FALSE, Verdict.UNDETERMINED])
def test_nothing_is_resolved_before_somebody_found_it_true(verdict):
    with pytest.raises(TransitionError, match="found it true"):
        check(AlertView(S.ARRIVED, verdict), AlertStep(S.RESOLVED), actor(Role.SITUATIONAL_OPERATOR))


def test_each_verdict_has_its_state_and_each_step_of_the_way_its_time():
    assert set(VERDICTS.values()) == set(Verdict)
    assert {TIMES[state] for state in VERDICTS} == {"t_verdict"}
    assert S.CLOSED not in OPEN
    assert S.NOTIFIED in OPEN
