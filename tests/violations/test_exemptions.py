from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.violations.records import NOON
from violations.case import REASONS
from violations.exemptions import CONTROLLER, ROADWORKS, Act, Flag, Permit, exemption
from violations.offences import kinds

HOUR = timedelta(hours=1)
ACT = Act("no_parking", NOON, "abay-12", zone="kerb", class_="car", plate="p", seconds=120.0)


def permit(ground: str = "permit", **changes: object) -> Permit:
    given = {
        "id": "1", "ground": ground, "plate": "p", "class_": None, "kinds": frozenset(), "cameras": frozenset(),
        "zones": frozenset(), "start": NOON - HOUR, "end": NOON + HOUR,
    }  # fmt: skip
    return Permit(**{**given, **changes})


def flag(reason: str = CONTROLLER, **changes: object) -> Flag:
    return replace(Flag("f", reason, "abay-12", NOON - HOUR, NOON + HOUR), **changes)


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"plate": "other"}, False),
        ({"plate": None}, True),
        ({"plate": None, "class_": "bus"}, False),
        ({"plate": None, "class_": "car"}, True),
        ({"kinds": frozenset({"no_parking"})}, True),
        ({"kinds": frozenset({"bus_lane"})}, False),
        ({"cameras": frozenset({"abay-12"})}, True),
        ({"cameras": frozenset({"abay-13"})}, False),
        ({"zones": frozenset({"kerb"})}, True),
        ({"zones": frozenset({"lawn"})}, False),
        ({"start": NOON}, True),
        ({"start": NOON + timedelta(seconds=1)}, False),
        ({"end": NOON}, False),
        ({"end": None}, True),
        ({"grace_s": 120.0}, True),
        ({"grace_s": 119.0}, False),
    ],
)
def test_a_permit_holds_for_whom_what_where_and_when_it_says(changes, holds):
    found = exemption(ACT, [permit(**changes)])
    assert (found is not None and found.reason == "permit") == holds


def test_a_plate_that_was_not_read_and_an_act_without_length_are_not_exempt():
    assert exemption(replace(ACT, plate=None), [permit()]) is None
    assert exemption(replace(ACT, seconds=None), [permit(grace_s=1000.0)]) is None


@pytest.mark.parametrize(("ground", "reason"), [("emergency", "emergency_vehicle"), ("grace", "grace_time")])
def test_each_ground_has_its_reason_and_the_weightiest_comes_first(ground, reason):
    assert exemption(ACT, [permit(ground)]).reason == reason
    assert exemption(ACT, [permit("grace"), permit("permit"), permit("emergency")]).reason == "emergency_vehicle"


@pytest.mark.parametrize(
    ("kind", "exempt"),
    [("red_light", True), ("turn", True), ("railway_crossing", False), ("speeding", False), ("no_insurance", False),
     ("phone", False), ("no_parking", False)],
)  # fmt: skip
def test_a_controller_overrules_lamps_signs_and_markings_only(kind, exempt):
    assert (exemption(replace(ACT, kind=kind), [], [flag()]) is not None) == exempt


def test_a_flag_that_names_kinds_means_those():
    named = flag(kinds=frozenset({"no_parking"}))
    assert exemption(ACT, [], [named]).reason == CONTROLLER
    assert exemption(replace(ACT, kind="red_light"), [], [named]) is None


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"camera": "abay-13"}, False),
        ({"start": NOON + timedelta(seconds=1)}, False),
        ({"end": NOON}, False),
    ],
)
def test_roadworks_hold_at_their_camera_and_in_their_time(changes, holds):
    assert (exemption(ACT, [], [flag(ROADWORKS, **changes)]) is not None) == holds


def test_roadworks_excuse_no_speed_of_a_device():
    assert exemption(replace(ACT, traffic=False), [], [flag(ROADWORKS)]) is None


moments = st.integers(-7200, 7200).map(lambda seconds: NOON + timedelta(seconds=seconds))
acts = st.builds(
    Act, st.sampled_from(kinds()), moments, st.sampled_from(["abay-12", "abay-13"]),
    st.sampled_from([None, "kerb"]), st.sampled_from([None, "car", "bus"]), st.sampled_from([None, "p", "q"]),
    st.none() | st.floats(0, 1000),
)  # fmt: skip
permits = st.builds(
    permit, st.sampled_from(["emergency", "permit", "grace"]), id=st.text("abc", min_size=1, max_size=2),
    plate=st.sampled_from([None, "p"]), class_=st.sampled_from([None, "car"]), start=moments, end=st.none() | moments,
    kinds=st.frozensets(st.sampled_from(kinds()), max_size=2), grace_s=st.none() | st.floats(0, 1000),
)  # fmt: skip
flags = st.builds(flag, st.sampled_from([CONTROLLER, ROADWORKS]), start=moments, end=moments)


@given(acts, st.lists(permits, max_size=4), st.lists(flags, max_size=3), st.integers(-(10**6), 10**6), st.randoms())
def test_order_and_a_shift_of_all_times_change_nothing_and_every_reason_is_one_of_the_table(
    act, some, held, by, random
):
    found = exemption(act, some, held)
    shift = timedelta(seconds=by)
    moved = [replace(one, start=one.start + shift, end=one.end and one.end + shift) for one in some]
    flagged = [replace(one, start=one.start + shift, end=one.end + shift) for one in held]
    random.shuffle(moved)
    random.shuffle(flagged)
    assert exemption(replace(act, time=act.time + shift), moved, flagged) == found
    assert found is None or found.reason in REASONS["auto_reject"]


@given(acts, st.lists(permits, max_size=4), permits)
def test_a_further_permit_never_takes_an_exemption_away(act, some, more):
    assert exemption(act, some) is None or exemption(act, [*some, more]) is not None
