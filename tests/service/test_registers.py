from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest

from qyran.errors import AccessError, ConfigError, InputError, TransitionError
from qyran.roles import SYSTEM, Role
from service import cases
from service.ingest import ingest
from service.passage_still import VEHICLE, VIEW
from service.ports.road_registers import InventedRoadRegister, demo_road_register, road_register
from service.registers import PaymentLine, RegisterLine, feeds_heard, take_payments, take_register
from service.store.tables import ViolationCase
from tests.service.records import a_picture
from tests.service.world import NOON, World

PLATE = "123ABC02"
HOUR = timedelta(hours=1)


def register(world, until: date, register: str = "insurance", plate: str = PLATE, as_of=NOON) -> None:
    line = RegisterLine(plate=plate, valid_from=date(2025, 1, 1), valid_until=until)
    world.do(SYSTEM, take_register, register, [line], as_of=as_of, source="test")


def pass_by(world, **changes: object) -> None:
    """A vehicle over the control line with its still; whatever follows is taken too."""
    given = {
        "type": "passage", "line": "count", "onset_s": None, "score": None, "plate_score": 0.99, "plate_uncertain": (),
        "evidence": None, "still": "still", **changes,
    }  # fmt: skip
    event = world.event("control", **given)
    folder = world.settings.home / "stills" / str(event.id)
    folder.mkdir(parents=True)
    for name in (VEHICLE, VIEW):
        (folder / name).write_bytes(a_picture())
    hashes = {name: hashlib.sha256(a_picture()).hexdigest() for name in (VEHICLE, VIEW)}
    world.spool.put(event.model_copy(update={"still_files": hashes}), folder)
    ingest(world.spool, world.store)
    ingest(world.spool, world.store)


def found(world) -> list[ViolationCase]:
    with world.store.read() as work:
        return list(work.session.query(ViolationCase).order_by(ViolationCase.t_detect))


def test_a_passage_without_cover_becomes_one_case_a_day_with_the_vehicles_picture(both):
    register(both, date(2026, 11, 21))
    pass_by(both)
    both.clock.forward(hours=1)
    pass_by(both)
    (row,) = found(both)
    assert (row.kind, row.state) == ("no_insurance", "screened")
    detail = both.do(both.person(Role.POLICE_OFFICER), cases.open_case, row.id)
    assert [step.code for step in detail.trace] == ["plate_sure", "register_without_cover", "register_cover_ended"]
    assert [one.name for one in detail.evidence[0].files] == [
        "record.json", "still_in_act.jpg", "still_wide.jpg", "trace.json",
    ]  # fmt: skip
    assert (detail.plate, detail.evidence[0].intact, detail.offences) == (PLATE, True, ("230",))
    both.clock.forward(hours=24)
    register(both, date(2026, 11, 21), as_of=both.clock())
    pass_by(both)
    assert len(found(both)) == 2


@pytest.mark.parametrize(
    ("delivered", "passage"),
    [
        ({"until": date(2026, 11, 22)}, {}),
        ({"until": date(2026, 11, 1), "plate": "777XYZ01"}, {}),
        ({"until": date(2026, 11, 1), "as_of": NOON - 49 * HOUR}, {}),
        ({"until": date(2026, 11, 1)}, {"plate_score": 0.9}),
        ({"until": date(2026, 11, 1)}, {"plate_uncertain": (3,)}),
        ({"until": date(2026, 11, 1)}, {"plate": None, "plate_score": None}),
        ({"until": date(2026, 11, 1)}, {"camera": "elsewhere"}),
    ],
)
def test_nobody_is_accused_by_a_stale_or_silent_register_or_a_doubtful_plate(world, delivered, passage):
    register(world, **delivered)
    pass_by(world, **passage)
    assert found(world) == []


def test_without_any_register_nothing_is_asked(world):
    pass_by(world)
    assert found(world) == []
    assert world.do(SYSTEM, feeds_heard) == {}


def test_the_invented_register_is_a_demos_only_and_gives_way_to_a_real_delivery(settings, tmp_path):
    with World(settings, demo=True) as demo:
        assert isinstance(demo.do(SYSTEM, road_register, "insurance"), InventedRoadRegister)
        pass_by(demo, plate="000ABC02")
        assert [row.kind for row in found(demo)] == ["no_insurance", "no_inspection"]
        register(demo, date(2027, 1, 1))
        assert not isinstance(demo.do(SYSTEM, road_register, "insurance"), InventedRoadRegister)
    real = World(settings.model_copy(update={"home": tmp_path / "real"}))
    with real, pytest.raises(ConfigError, match="demo store"):
        real.do(SYSTEM, demo_road_register, "insurance")


PAID = PaymentLine(
    reference="P-1", tariff="centre", plate=PLATE, start=NOON - HOUR, end=NOON + HOUR, amount_kzt=200
)  # fmt: skip
KERB = {"id": "kerb", "kind": "parking", "points": [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]], "tariff": "centre"}


def stands(world, plate: str = PLATE, **changes: object) -> str:
    """A stay of 25 minutes in the paid zone, as the rule finds it."""
    finding = {"video_s": 1500.0, "onset_s": 0.0, "track": None, "line": None, "plate": plate, **changes}
    event = world.event("paid_parking", **finding)
    world.put_with_zone(event, "kerb")
    return str(event.id)


@pytest.fixture
def paying(both, monkeypatch):
    both.register(zones=[KERB])

    def put_with_zone(event, zone):
        from tests.service import world as module  # noqa: PLC0415

        plain = module.a_finding
        with monkeypatch.context() as patched:
            patched.setattr(module, "a_finding", lambda **named: plain(**named, zone=zone))
            both.take(event)

    both.put_with_zone = put_with_zone
    return both


def state(world, name: str) -> tuple[str, str | None]:
    (row,) = [one for one in found(world) if one.id == name]
    return row.state, row.reason


def test_a_paid_stay_is_set_aside_an_unpaid_one_goes_to_the_officer(paying):
    paying.do(SYSTEM, take_payments, [PAID], as_of=NOON, source="test")
    assert state(paying, stands(paying)) == ("auto_rejected", "parking_paid")
    assert state(paying, stands(paying, "777XYZ01"))[0] == "screened"


def test_where_no_payments_were_ever_delivered_nobody_is_called_unpaid(paying):
    assert state(paying, stands(paying)) == ("auto_rejected", "payments_unknown")


def test_a_payment_that_comes_late_is_told_to_the_case(paying):
    paying.do(SYSTEM, take_payments, [], as_of=NOON, source="test")
    name = stands(paying)
    assert state(paying, name)[0] == "screened"
    paying.do(SYSTEM, take_payments, [PAID], as_of=NOON, source="test")
    detail = paying.do(paying.person(Role.POLICE_OFFICER), cases.open_case, name)
    assert (detail.history[-1].kind, detail.history[-1].data["reference"]) == ("payment_found", "P-1")


def test_a_payment_is_known_by_its_reference_and_never_replaced(both):
    assert both.do(SYSTEM, take_payments, [PAID], as_of=NOON, source="test").fresh == 1
    assert both.do(SYSTEM, take_payments, [PAID], as_of=NOON, source="test").known == 1
    other = PAID.model_copy(update={"amount_kzt": 300})
    with pytest.raises(TransitionError, match="P-1"):
        both.do(SYSTEM, take_payments, [other], as_of=NOON, source="test")


def test_deliveries_are_refused_from_the_future_and_from_officers(world):
    with pytest.raises(InputError, match="future"):
        register(world, date(2027, 1, 1), as_of=NOON + HOUR)
    with pytest.raises(InputError, match="one of insurance"):
        register(world, date(2027, 1, 1), "wanted")
    with pytest.raises(AccessError):
        world.do(world.person(Role.POLICE_OFFICER), take_payments, [], as_of=NOON, source="test")
