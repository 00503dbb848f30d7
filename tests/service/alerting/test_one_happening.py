from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from incidents.alert import Verdict
from incidents.where.place import Place
from qyran.errors import InputError, TransitionError
from qyran.roles import Role
from service import alerts
from service.alert_taking import Device, Report, raise_alert
from service.alerting.by_hand import HandReport, raise_by_hand
from service.alerting.drills import Announced, announce, drills, end_drill, mark_drill
from service.alerting.joining import join, part
from service.store.alert_tables import Alert
from tests.service.sensors.senses import a_sensor

HERE, NEXT_DOOR, ELSEWHERE = (43.2389, 76.8897), (43.2391, 76.8897), (43.2789, 76.9897)


@pytest.fixture
def operator(world):
    return world.person(Role.SITUATIONAL_OPERATOR)


def reported(world, kind: str, device: str, place=None, seconds: float = 0, **facts) -> tuple[str, str]:
    """The report's id and that of the alert that stands for it; `device` as `camera:ID` or `sensor:ID`."""
    where, _, name = device.partition(":")
    given = Report(
        id=str(uuid4()), type="fire_alert" if kind in {"fire", "smoke"} else "incident", kind=kind,
        device=Device(where, name), t_detect=world.clock() + timedelta(seconds=seconds),
        place=Place(*place, 20.0) if place else None, origin={"kind": kind}, **facts,
    )  # fmt: skip
    with world.store.write() as work:
        return given.id, raise_alert(work, given).id


def read(world, alert_id: str) -> Alert:
    with world.store.read() as work:
        return work.session.get_one(Alert, alert_id)


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [
        (("fire", "camera:a", HERE), ("fire", "camera:b", NEXT_DOOR), True),
        (("smoke", "camera:a", HERE), ("fire", "camera:b", NEXT_DOOR), True),
        (("fire", "camera:a", HERE), ("fire", "camera:b", ELSEWHERE), False),
        (("fire", "camera:a", HERE), ("crash", "camera:b", HERE), False),
        (("crash", "camera:a", HERE), ("crash", "camera:b", NEXT_DOOR), True),
        (("crash", "camera:a", HERE), ("stopped_vehicle", "camera:b", HERE), True),
        (("fire", "camera:a", HERE), ("smoke", "sensor:s", NEXT_DOOR), True),
        (("smoke", "sensor:s", HERE), ("fire", "camera:a", None), False),
        (("fire", "camera:a", None), ("fire", "camera:b", None), False),
    ],
)
def test_one_happening_is_one_alert_whoever_sees_it(world, one, other, merged):
    _, first = reported(world, *one)
    second, stands = reported(world, *other, seconds=30)
    assert (stands == first) is merged
    if merged:
        assert read(world, first).sources == [one[1], other[1]]
        assert (read(world, second).state, read(world, second).merged_into) == ("merged", first)


def test_camera_and_sensor_of_one_object_confirm_each_other(world):
    a_sensor(world, "s")
    _, first = reported(world, "smoke", "sensor:s", object_id="UTO-1")
    assert read(world, first).certainty == "Likely"
    _, stands = reported(world, "fire", "camera:a", seconds=200, object_id="UTO-1")
    row = read(world, first)
    assert (stands, row.kind, row.certainty, row.reports) == (first, "fire", "Observed", 2)


def test_a_graver_thing_is_told_anew_and_is_one_incident_with_what_came_before(world):
    _, stopped = reported(world, "stopped_vehicle", "camera:a", HERE)
    _, crash = reported(world, "crash", "camera:b", HERE, seconds=20)
    assert crash != stopped
    assert (read(world, crash).state, read(world, crash).incident_id) == ("notified", stopped)


def answered(world, operator, alert_id: str, verdict: Verdict, reason: str | None = None) -> None:
    world.do(operator, alerts.acknowledge, alert_id)
    world.do(operator, alerts.verdict, alert_id, verdict, reason=reason)


def test_what_goes_on_after_its_end_opens_the_alert_again(world, operator):
    first = world.alert("fire", "fire_alert")
    answered(world, operator, first, Verdict.TRUE)
    world.do(operator, alerts.resolve, first)
    world.clock.forward(seconds=20)
    world.alert("fire", "fire_alert")
    assert read(world, first).state == "resolved"
    for _ in range(3):
        world.clock.forward(seconds=25)
        world.alert("fire", "fire_alert")
    row = read(world, first)
    assert (row.state, row.cycle, row.services) == ("notified", 1, [])
    assert world.do(operator, alerts.open_alert, first).chain_fault is None


def test_a_look_alike_that_was_judged_stays_quiet_for_a_while_and_is_then_looked_at_anew(world, operator):
    first = world.alert("smoke", "fire_alert")
    answered(world, operator, first, Verdict.FALSE, "steam_or_dust")
    stands = []
    for _ in range(7):
        world.clock.forward(seconds=50)
        stands.append(read(world, world.alert("smoke", "fire_alert")).state)
    assert stands.index("notified") == 5  # the five minutes are over


def test_a_new_alert_names_the_one_it_repeats(world, operator):
    first = world.alert("fire", "fire_alert")
    answered(world, operator, first, Verdict.TRUE)
    world.do(operator, alerts.resolve, first)
    world.do(operator, alerts.close, first, "handled")
    world.clock.forward(hours=3)
    again = world.alert("fire", "fire_alert")
    assert (read(world, again).state, read(world, again).repeat_of) == ("notified", first)
    world.clock.forward(hours=25)
    assert read(world, world.alert("fire", "fire_alert")).repeat_of is None


def test_a_person_joins_two_alerts_and_parts_them_again(both):
    operator = both.person(Role.SITUATIONAL_OPERATOR)
    first, second = both.alert("crash"), both.alert("crash", track=9, evidence=None)
    with both.store.write() as work:
        work.session.get_one(Alert, second).camera_id = "abay-13"
    if read(both, second).state == "merged":
        both.do(operator, part, second, "another_happening")
    joined = both.do(operator, join, second, first, note="бір оқиға")
    assert (joined.id, joined.reports, [one.id for one in joined.merged]) == (first, 2, [second])
    assert read(both, second).incident_id == first
    parted = both.do(operator, part, second, "another_place")
    assert (parted.state, parted.merged_into, parted.incident_id) == ("notified", None, second)
    back = both.do(operator, alerts.open_alert, first)
    assert (back.reports, back.merged, back.chain_fault, parted.chain_fault) == (1, (), None, None)


def test_what_hangs_on_a_joined_alert_goes_with_it(world, operator):
    first, second, third = (reported(world, kind, "camera:a")[1] for kind in ("fire", "crash", "crowd"))
    world.do(operator, join, third, second)
    world.do(operator, join, second, first)
    assert {read(world, one).merged_into for one in (second, third)} == {first}
    assert read(world, first).reports == 3


@pytest.mark.parametrize("refused", ["itself", "closed", "sent", "drill"])
def test_alerts_that_are_not_joined(world, operator, refused):
    first, second = (reported(world, kind, "camera:a")[1] for kind in ("fire", "crash"))
    if refused == "itself":
        second = first
    elif refused == "closed":
        world.do(operator, alerts.cancel, first, "operator_mistake")
    elif refused == "sent":
        answered(world, operator, second, Verdict.TRUE)
        world.do(operator, alerts.dispatch, second, "102")
    else:
        world.do(operator, mark_drill, second, drill=True)
    with pytest.raises(TransitionError):
        world.do(operator, join, second, first)
    assert read(world, second).merged_into is None


def drill(world, **changes) -> Announced:
    given = {"start": world.clock(), "end": world.clock() + timedelta(hours=1), "cameras": ("abay-12",)}
    return Announced("Қысқы жаттығу", **{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "exercise"),
    [
        ({}, True), ({"cameras": ("other",)}, False), ({"cameras": (), "everywhere": True}, True),
        ({"cameras": (), "sensors": ("abay-12",)}, False),
    ],
)  # fmt: skip
def test_alerts_of_an_announced_drill_are_exercises(world, operator, changes, exercise):
    world.do(operator, announce, drill(world, **changes))
    assert read(world, world.alert("smoke", "fire_alert")).is_drill is exercise


def test_a_drill_at_an_object_holds_for_whoever_reports_from_it(world, operator):
    world.do(operator, announce, drill(world, cameras=(), objects=("UTO-1",)))
    marked = [read(world, reported(world, "smoke", device, object_id=at)[1]).is_drill
              for device, at in (("sensor:s", "UTO-1"), ("camera:c", "UTO-2"))]  # fmt: skip
    assert marked == [True, False]


def test_after_its_end_or_once_it_is_called_off_everything_is_real(world, operator):
    announced = world.do(operator, announce, drill(world))
    first = world.alert("smoke", "fire_alert")
    assert [one.id for one in world.do(operator, drills, now=True)] == [announced.id]
    world.do(operator, end_drill, announced.id)
    second = world.alert("smoke", "fire_alert")
    assert (read(world, first).is_drill, read(world, second).is_drill) == (True, False)
    assert read(world, second).state == "notified"
    with pytest.raises(TransitionError, match="over already"):
        world.do(operator, end_drill, announced.id)


def test_what_was_taken_for_an_exercise_can_be_real(world, operator):
    world.do(operator, announce, drill(world))
    alert_id = world.alert("fire", "fire_alert")
    found = world.do(operator, mark_drill, alert_id, drill=False, note="шынайы өрт")
    assert (found.is_drill, found.history[-1].kind) == (False, "drill")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"end": timedelta(hours=25)}, "24 hours"), ({"end": timedelta(hours=-1)}, "begins before"),
        ({"cameras": ()}, "names its cameras"), ({"everywhere": True}, "names its cameras"),
        ({"start": timedelta(hours=-3), "end": timedelta(hours=-2)}, "over already"),
    ],
)  # fmt: skip
def test_a_drill_that_cannot_be_is_refused(world, operator, changes, fault):
    now = world.clock()
    given = {name: now + value if isinstance(value, timedelta) else value for name, value in changes.items()}
    with pytest.raises(InputError, match=fault):
        world.do(operator, announce, drill(world, **given))


def test_an_alert_a_person_raises_is_a_persons_and_acknowledged(world, operator):
    began = world.clock() - timedelta(minutes=4)
    given = HandReport("fire", via="112", id=uuid4(), latitude=43.24, longitude=76.89, began=began, number="112-9",
                       call_received=began + timedelta(minutes=1), note="қоңырау шалды")  # fmt: skip
    found = world.do(operator, raise_by_hand, given)
    assert (found.initiator, found.state, found.assigned_to) == ("human", "acknowledged", operator.id)
    assert (found.t_onset, found.service_numbers, found.sources) == (began, {"112": "112-9"}, ("person:112",))
    assert found.time_sources["t_call_received"].clock == "typed"
    assert world.do(operator, raise_by_hand, given).id == found.id
    assert world.do(operator, alerts.listing).total == 1


def test_what_the_machine_raised_before_is_not_raised_again_by_hand(world, operator):
    alert_id = world.alert("crash", track=None)
    with world.store.write() as work:
        work.session.get_one(Alert, alert_id).box = None
    found = world.do(operator, raise_by_hand, HandReport("crash", camera="abay-12"))
    assert (found.id, found.reports, found.initiator, found.state) == (alert_id, 2, "system", "acknowledged")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"kind": "ufo"}, "no kind"), ({"camera": None}, "Say where"), ({"latitude": 43.2}, "latitude and longitude"),
        ({"via": "radio"}, "learnt from"), ({"began": timedelta(hours=1)}, "in the future"),
    ],
)  # fmt: skip
def test_a_report_by_hand_that_cannot_be_is_refused(world, operator, changes, fault):
    now = world.clock()
    given = {"kind": "fire", "camera": "abay-12"}
    given |= {name: now + value if isinstance(value, timedelta) else value for name, value in changes.items()}
    with pytest.raises(InputError, match=fault):
        world.do(operator, raise_by_hand, HandReport(**given))
    assert world.do(operator, alerts.listing).total == 0
