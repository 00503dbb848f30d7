from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from qyran.errors import AccessError, TransitionError
from qyran.roles import OFFICERS, PERSON_ROLES, SYSTEM, Actor, Role
from violations.case import (
    ATTRIBUTES,
    FIRST,
    REASONS,
    TRANSITIONS,
    Attribute,
    CaseState,
    CaseStep,
    CaseView,
    Transition,
    check,
    check_attribute,
    claim_lapsed,
    find,
    has_ended,
)

NOON = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
S = CaseState


def actor(role: Role, name: str = "officer") -> Actor:
    return Actor(name, frozenset({role}))


def ready(row: Transition, source: CaseState | None) -> CaseView:
    """A case in which every condition of a row holds for the actor called `officer`."""
    return CaseView(
        state=source,
        claimed_by="officer",
        claimed_at=NOON - timedelta(hours=1 if row.name == "release" else 0),
        first_reviewer="another",
        confirmed_by="officer",
        penalty_kind="non_payable" if row.name == "send_on" else "fine",
        second_look_due=row.name == "second_look",
        limitation_ends=NOON - timedelta(seconds=1) if row.name == "expire" else NOON + timedelta(days=60),
        ended=True,
        retained_until=NOON,
    )


def step(row: Transition) -> CaseStep:
    return CaseStep(row.target, NOON, REASONS[row.name][0] if row.name in REASONS else None)


EVERY_STEP = [(row, source) for row in TRANSITIONS for source in row.sources]
NAMES = [f"{row.name}-{source}" for row, source in EVERY_STEP]


def allowed_roles(source: CaseState | None, target: CaseState) -> set[Role]:
    return {role for row in TRANSITIONS if source in row.sources and row.target is target for role in row.roles}


@pytest.mark.parametrize(("row", "source"), EVERY_STEP, ids=NAMES)
def test_every_row_is_open_to_its_roles_and_to_no_other(row, source):
    for role in Role:
        if role in row.roles:
            assert check(ready(row, source), step(row), actor(role)) == row
        else:
            with pytest.raises(AccessError):
                check(ready(row, source), step(row), actor(role))


@pytest.mark.parametrize("source", [None, *CaseState])
@pytest.mark.parametrize("target", CaseState)
def test_what_is_not_in_the_table_is_refused_to_everybody(source, target):
    if allowed_roles(source, target):
        assert find(source, target).target is target
        return
    with pytest.raises(TransitionError, match="cannot become"):
        check(CaseView(source), CaseStep(target, NOON), Actor("all", frozenset(Role)))


@pytest.mark.parametrize(("row", "source"), [one for one in EVERY_STEP if one[0].name in REASONS])
@pytest.mark.parametrize("reason", [None, "", "because"])
def test_a_step_with_reason_codes_takes_no_other(row, source, reason):
    wrong = CaseStep(row.target, NOON, reason)
    with pytest.raises(TransitionError, match="needs a reason code"):
        check(ready(row, source), wrong, actor(min(row.roles)))


@pytest.mark.parametrize("source", [None, *CaseState])
@pytest.mark.parametrize("role", Role)
def test_no_step_is_taken_under_the_name_of_another(source, role):
    """A release asked for on a returned case must not become a repair because both lead to the queue."""
    for row in TRANSITIONS:
        for other in TRANSITIONS:
            if source not in row.sources or other.name == row.name or other.target is not row.target:
                continue
            named = replace(step(row), name=other.name, reason=next(iter(REASONS.get(other.name, ())), None))
            if source in {one for each in TRANSITIONS if each.name == other.name for one in each.sources}:
                continue
            with pytest.raises((TransitionError, AccessError)):
                check(ready(row, source), named, actor(role))


@pytest.mark.parametrize("source", CaseState)
@pytest.mark.parametrize("target", CaseState)
def test_who_may_never_take_a_step_learns_nothing_of_the_case(source, target):
    for role in Role:
        if role not in {one for row in TRANSITIONS if row.target is target for one in row.roles}:
            with pytest.raises(AccessError):
                check(CaseView(source), CaseStep(target, NOON), actor(role))


@pytest.mark.parametrize(("row", "source"), EVERY_STEP, ids=NAMES)
def test_an_officer_of_another_territory_takes_no_step(row, source):
    if row.name == "sign" or not row.roles & OFFICERS:
        return  # whoever confirmed a case signs it, also after he was moved to another territory
    stranger = Actor("officer", frozenset({Role.SENIOR_OFFICER}), frozenset({"bostandyk"}))
    with pytest.raises(TransitionError, match="territory almaly"):
        check(replace(ready(row, source), territory="almaly"), step(row), stranger)


def test_nobody_claims_what_is_held_by_a_quarantine():
    row = find(S.SCREENED, S.IN_REVIEW)
    with pytest.raises(TransitionError, match="under quarantine"):
        check(replace(ready(row, S.SCREENED), held=True), step(row), actor(Role.SENIOR_OFFICER))


def test_no_automatic_step_passes_the_officers_confirmation():
    for row in TRANSITIONS:
        if row.target in {S.OFFICER_CONFIRMED, S.OFFICER_REJECTED, S.NON_PAYABLE, S.SIGNED}:
            assert row.roles <= PERSON_ROLES


def test_every_state_but_closed_can_be_left_and_every_state_reached():
    left = {source for row in TRANSITIONS for source in row.sources}
    reached = {row.target for row in TRANSITIONS}
    assert left == {None, *CaseState} - {S.CLOSED}
    assert reached == set(CaseState)


CONFIRM = find(S.IN_REVIEW, S.OFFICER_CONFIRMED)
REFUSALS = {
    "another officer holds it": ({"claimed_by": "another"}, "another officer reviews it"),
    "the claim lapsed": ({"claimed_at": NOON - timedelta(minutes=30)}, "has lapsed"),
    "a field is empty": ({"missing": ("plate",)}, "fill in first: plate"),
    "the article knows no fine": ({"penalty_kind": "non_payable"}, "not a fine"),
    "a second look is due": ({"second_look_due": True}, "second look is due"),
    "the limitation passed": ({"limitation_ends": NOON}, "limitation has passed"),
}


@pytest.mark.parametrize(("changes", "words"), REFUSALS.values(), ids=REFUSALS)
def test_an_officer_cannot_confirm_when(changes, words):
    case = replace(ready(CONFIRM, S.IN_REVIEW), **changes)
    with pytest.raises(TransitionError, match=words):
        check(case, step(CONFIRM), actor(Role.POLICE_OFFICER))


def test_a_claim_is_for_officers_of_the_cameras_territory():
    row = find(S.SCREENED, S.IN_REVIEW)
    case = replace(ready(row, S.SCREENED), territory="almaly")
    stranger = Actor("o", frozenset({Role.POLICE_OFFICER}), frozenset({"bostandyk"}))
    with pytest.raises(TransitionError, match="territory almaly"):
        check(case, step(row), stranger)
    assert check(case, step(row), replace(stranger, territories=frozenset({"almaly"}))) is row
    assert check(case, step(row), replace(stranger, territories=frozenset())) is row


def test_the_second_look_is_another_officers():
    row = find(S.SECOND_LOOK, S.OFFICER_CONFIRMED)
    case = replace(ready(row, S.SECOND_LOOK), first_reviewer="officer")
    with pytest.raises(TransitionError, match="another officer's"):
        check(case, step(row), actor(Role.POLICE_OFFICER))
    assert check(case, step(row), actor(Role.SENIOR_OFFICER, "senior")) is row


def test_only_the_confirming_officer_signs():
    row = find(S.OFFICER_CONFIRMED, S.SIGNED)
    with pytest.raises(TransitionError, match="only the officer who confirmed it"):
        check(ready(row, S.OFFICER_CONFIRMED), step(row), actor(Role.SENIOR_OFFICER, "senior"))


@pytest.mark.parametrize(
    ("who", "minutes", "allowed"),
    [
        (actor(Role.POLICE_OFFICER), 1, True),
        (actor(Role.POLICE_OFFICER, "stranger"), 1, False),
        (actor(Role.POLICE_OFFICER, "stranger"), 30, True),
        (actor(Role.SENIOR_OFFICER, "senior"), 1, True),
        (SYSTEM, 29.9, False),
        (SYSTEM, 30, True),
    ],
)
def test_a_claim_is_given_back_by_its_officer_a_senior_or_the_clock(who, minutes, allowed):
    case = CaseView(S.IN_REVIEW, claimed_by="officer", claimed_at=NOON - timedelta(minutes=minutes))
    give_back = CaseStep(S.SCREENED, NOON, "released")
    if allowed:
        assert check(case, give_back, who).name == "release"
    else:
        with pytest.raises(TransitionError, match="release is refused"):
            check(case, give_back, who)


def test_a_claim_lapses_at_the_term_and_not_before():
    terms = step(CONFIRM).terms
    held = CaseView(S.IN_REVIEW, claimed_at=NOON)
    assert not claim_lapsed(held, NOON + terms.claim_lapse - timedelta(seconds=1), terms)
    assert claim_lapsed(held, NOON + terms.claim_lapse, terms)
    assert not claim_lapsed(replace(held, claimed_at=None), NOON + timedelta(days=1), terms)


def test_nothing_expires_before_its_limitation_or_closes_before_its_end():
    expire, close = find(S.SCREENED, S.EXPIRED), find(S.SIGNED, S.CLOSED)
    with pytest.raises(TransitionError, match="has not passed"):
        check(replace(ready(expire, S.SCREENED), limitation_ends=NOON + timedelta(1)), step(expire), SYSTEM)
    with pytest.raises(TransitionError, match="has not ended"):
        check(replace(ready(close, S.SIGNED), ended=False), step(close), SYSTEM)
    drop = find(S.AUTO_REJECTED, S.CLOSED)
    with pytest.raises(TransitionError, match="retention has not ended"):
        check(replace(ready(drop, S.AUTO_REJECTED), retained_until=None), step(drop), SYSTEM)


CHANGES = [(one, source, target) for one, table in ATTRIBUTES.items() for source in table for target in table]


@pytest.mark.parametrize(("attribute", "source", "target"), CHANGES)
def test_an_attribute_changes_as_its_table_says(attribute, source, target):
    if target in ATTRIBUTES[attribute][source]:
        check_attribute(attribute, source, target, SYSTEM)
        with pytest.raises(AccessError):
            check_attribute(attribute, source, target, actor(Role.POLICE_OFFICER))
    else:
        with pytest.raises(TransitionError):
            check_attribute(attribute, source, target, SYSTEM)


@pytest.mark.parametrize("table", ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_an_attribute_goes_only_to_values_it_has(table):
    assert {target for targets in table.values() for target in targets} <= set(table)


def test_enforcement_waits_for_an_appeal():
    with pytest.raises(TransitionError, match="until the appeal"):
        check_attribute(Attribute.ENFORCEMENT, "resolved", "enforcement", SYSTEM, appeal="filed")
    check_attribute(Attribute.ENFORCEMENT, "resolved", "ended", SYSTEM, appeal="filed")


DONE = {**FIRST, Attribute.REGISTRATION: "registered", Attribute.DELIVERY: "delivered"}


@pytest.mark.parametrize(
    ("state", "penalty", "changes", "ended"),
    [
        (S.SIGNED, "fine", {}, False),
        (S.SIGNED, "fine", {Attribute.PAYMENT: "half"}, True),
        (S.SIGNED, "fine", {Attribute.PAYMENT: "part"}, False),
        (S.SIGNED, "fine", {Attribute.PAYMENT: "late"}, True),
        (S.SIGNED, "fine", {Attribute.ENFORCEMENT: "ended"}, True),
        (S.SIGNED, "fine", {Attribute.PAYMENT: "full", Attribute.APPEAL: "filed"}, False),
        (S.SIGNED, "fine", {Attribute.PAYMENT: "full", Attribute.DELIVERY: "notified"}, False),
        (S.SIGNED, "warning", {Attribute.PAYMENT: "none_due"}, True),
        (S.SIGNED, "warning", {Attribute.REGISTRATION: "sent"}, False),
        (S.CANCELLED, "fine", {}, True),
        (S.CANCELLED, "fine", {Attribute.PAYMENT: "full"}, False),
        (S.CANCELLED, "fine", {Attribute.PAYMENT: "refunded"}, True),
        (S.OFFICER_REJECTED, None, {}, True),
        (S.NON_PAYABLE, "non_payable", {}, True),
    ],
)
def test_a_case_has_ended_when_nothing_more_will_happen(state, penalty, changes, ended):
    assert has_ended(state, penalty, {**DONE, **changes}) is ended
