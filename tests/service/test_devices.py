from __future__ import annotations

from datetime import date, timedelta

import pytest

from evidence.keys import trust_store
from evidence.verify import verify
from qyran.errors import AccessError, InputError, TransitionError
from qyran.roles import SYSTEM, Role
from service import cases, signing
from service.device_cases import settle
from service.devices import Delivery, listing, opened, picture_path, take_record
from service.erasure import erase
from service.ingest import ingest
from service.record_retention import forget_records
from service.store.record_tables import DeviceRecord
from service.store.tables import Decision, ViolationCase
from tests.service.records import a_picture, deliver, passage, settled
from tests.service.world import World
from tests.violations.records import NOON, a_record


@pytest.fixture
def demo(settings, database_url):
    with World(settings.model_copy(update={"database_url": database_url}), demo=True) as made:
        yield made


def held(world, name: str) -> DeviceRecord:
    with world.store.read() as work:
        return work.session.get_one(DeviceRecord, name)


def case(world, name: str) -> ViolationCase | None:
    with world.store.read() as work:
        return work.session.get(ViolationCase, name)


def test_a_certified_record_becomes_a_case_with_its_band_picture_and_papers(both):
    name = deliver(both)
    settled(both)
    row = case(both, name)
    assert (row.state, row.kind, row.over_kmh) == ("screened", "speeding", 33.0)
    assert held(both, name).outcome == "case"
    assert not picture_path(both.store, name).exists()
    detail = both.do(both.person(Role.POLICE_OFFICER), cases.open_case, name)
    assert detail.offences == ("592-2", "592-4")
    assert [step.code for step in detail.trace] == [
        "device_measured", "margin_subtracted", "papers_valid", "device_unmatched",
    ]  # fmt: skip
    assert [(one.name, one.role) for one in detail.evidence[0].files] == [
        ("record.json", "record"), ("still_device.jpg", "still"), ("trace.json", "trace"),
    ]  # fmt: skip
    assert (detail.evidence[0].intact, detail.plate) == (True, "123ABC02")
    assert (detail.device.serial, detail.device.measured_kmh, detail.device.over_kmh) == ("K-0042", 95.0, 33.0)
    assert (detail.device.verification, detail.device.verified_until) == ("ВТ-17", date(2027, 3, 1))


def test_the_signed_decision_names_device_papers_and_measured_value(demo):
    name = deliver(demo)
    settled(demo)
    officer = demo.person(Role.POLICE_OFFICER, name="Ержан Сериков")
    demo.do(officer, cases.claim, name)
    with pytest.raises(InputError, match="592-3"):
        demo.do(officer, cases.confirm, name, "592-3")
    demo.do(officer, cases.confirm, name, "592-2")
    demo.do(officer, signing.sign, name)
    with demo.store.read() as work:
        facts = signing.facts_of(work.session, demo.store.vault, [name])[name]["decision"]
        assert work.session.get_one(Decision, name).document_no
    assert facts["device"]["certificate"] == "KZ.02.1"
    assert (facts["measurement"]["measured"], facts["measurement"]["permitted"], facts["measurement"]["margin"]) == (
        95.0, 60.0, 2.0,
    )  # fmt: skip
    assert verify(demo.store.settings.evidence_folder, trust_store(demo.store.settings.home)).ok


def test_what_our_camera_saw_is_matched_and_its_speed_stays_auxiliary(both):
    now = both.clock()
    seen = passage(both, at=now)
    name = deliver(both, time=now)
    settled(both)
    row = held(both, name)
    assert (row.match, row.passage_id) == ("matched", seen)
    detail = both.do(both.person(Role.POLICE_OFFICER), cases.open_case, name)
    assert detail.speed_kmh == 93.0
    assert [step.code for step in detail.trace][-2:] == ["device_matched", "video_speed"]


def test_two_that_fit_are_ambiguous_and_the_case_says_so(world):
    now = world.clock()
    passage(world, 0.3, at=now, plate=None, plate_score=None)
    passage(world, 0.6, at=now, plate=None, plate_score=None, track=8)
    name = deliver(world, time=now)
    settled(world)
    assert (held(world, name).match, held(world, name).passage_id) == ("ambiguous", None)


def test_a_record_waits_for_its_passage_and_no_longer_than_its_patience(world):
    now = world.clock()
    name = deliver(world, time=now)
    settle(world.store)
    assert held(world, name).outcome is None
    seen = passage(world, at=now)
    settle(world.store)
    assert (held(world, name).outcome, held(world, name).passage_id) == ("case", seen)
    late = deliver(world, record_id="2", plate="777XYZ01")
    settle(world.store)
    world.clock.forward(seconds=21)
    settle(world.store)
    assert (held(world, late).outcome, held(world, late).match) == ("case", "none")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"verified_until": date(2026, 11, 21)}, "verification_expired"),
        ({"certificate": None}, "papers_absent"),
        ({"measured_kmh": 71.0}, "no_band"),
    ],
)
def test_a_record_that_grounds_no_case_stays_with_its_reason(both, changes, why):
    name = deliver(both, **changes)
    settled(both)
    row = held(both, name)
    assert (row.outcome, case(both, name), row.trace[-1]["code"]) == (why, None, why)


def test_the_day_of_the_verification_is_the_citys(world):
    world.clock.forward(hours=11, minutes=50)  # ten to midnight in Almaty
    assert world.clock().astimezone(world.store.settings.zone).date() == date(2026, 11, 22)
    last = deliver(world, verified_until=date(2026, 11, 22))
    world.clock.forward(minutes=20)
    over = deliver(world, record_id="2", verified_until=date(2026, 11, 22))
    settled(world)
    assert (held(world, last).outcome, held(world, over).outcome) == ("case", "verification_expired")


def test_without_a_picture_an_officer_has_nothing_to_decide_on(world):
    name = world.do(SYSTEM, take_record, Delivery(a_record(time=world.clock())))
    settled(world)
    assert (case(world, name).state, case(world, name).reason) == ("auto_rejected", "evidence_missing")


@pytest.mark.parametrize("kind", ["seat_belt", "phone"])
def test_belt_and_phone_become_cases_without_a_measured_value(world, kind):
    name = deliver(world, kind)
    settled(world)
    assert (case(world, name).state, case(world, name).kind, case(world, name).over_kmh) == ("screened", kind, None)


def test_a_section_keeps_the_moment_of_its_entry(world):
    now = world.clock()
    name = deliver(world, "section_speeding", time=now, entry_time=now - timedelta(seconds=72), exit_time=now)
    settled(world)
    assert case(world, name).t_onset == now - timedelta(seconds=72)
    assert world.do(world.person(Role.POLICE_OFFICER), cases.open_case, name).offences == ("592-2", "592-4")


def test_the_same_record_again_is_refused_and_another_under_its_number_too(both):
    now = both.clock()
    deliver(both, time=now)
    with pytest.raises(TransitionError, match="stored already"):
        deliver(both, time=now)
    with pytest.raises(TransitionError, match="never replaced"):
        deliver(both, time=now, measured_kmh=99.0)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"camera": "elsewhere"}, "not in the register"),
        ({"time": NOON + timedelta(hours=1)}, "future"),
        ({"picture_sha256": "0" * 64}, "SHA-256 differs"),
    ],
)
def test_a_record_that_cannot_be_stored_leaves_nothing(world, changes, why):
    with pytest.raises(InputError, match=why):
        deliver(world, **changes)
    with world.store.read() as work:
        assert work.session.query(DeviceRecord).count() == 0


def test_a_picture_that_is_none_or_that_nobody_named_is_refused(world):
    bare = a_record(time=world.clock(), picture=None, picture_sha256=None)
    with pytest.raises(InputError, match="does not name"):
        world.do(SYSTEM, take_record, Delivery(bare, a_picture()))
    with pytest.raises(InputError, match="JPEG"):
        deliver(world, picture=b"<svg/>")


def test_a_kill_between_spool_and_store_doubles_nothing(world, monkeypatch):
    name = deliver(world)
    with monkeypatch.context() as broken:
        broken.setattr("service.device_cases.clear_workshop", _killed)
        with pytest.raises(KeyboardInterrupt):
            settled(world)
    ingest(world.spool, world.store)
    settled(world)
    assert (held(world, name).outcome, case(world, name).state) == ("case", "screened")
    assert len(world.do(world.person(Role.POLICE_OFFICER), cases.open_case, name).evidence) == 1


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_plates_lie_sealed_and_lists_show_none(both):
    name = deliver(both)
    administrator = both.person(Role.ADMINISTRATOR)
    (row,) = both.do(administrator, listing, outcome="waiting")
    assert "123ABC02" not in str(vars(row))
    with both.store.read() as work:
        assert opened(work, work.session.get_one(DeviceRecord, name)).plate == "123ABC02"


@pytest.mark.parametrize("role", [Role.EVALUATOR, Role.SITUATIONAL_OPERATOR, Role.CAMERA_OPERATOR])
def test_who_delivers_nothing_and_who_sees_nothing(world, role):
    person = world.person(role)
    with pytest.raises(AccessError):
        world.do(person, take_record, Delivery(a_record(time=world.clock()), a_picture()))
    with pytest.raises(AccessError):
        world.do(person, listing)


def test_a_record_without_a_case_loses_its_plate_when_its_term_is_over(both):
    none, kept = deliver(both, measured_kmh=61.0), deliver(both, record_id="2", plate="777XYZ01")
    settled(both)
    both.clock.forward(days=both.settings.retention_days, minutes=1)
    assert both.do(SYSTEM, forget_records) == 1
    assert both.do(SYSTEM, forget_records) == 0
    with both.store.read() as work:
        rows = [work.session.get_one(DeviceRecord, name) for name in (none, kept)]
        assert [opened(work, row) is None for row in rows] == [True, False]
    assert [row.plate_token is None for row in rows] == [True, False]


def test_an_erasure_of_the_case_erases_the_devices_record_too_and_the_chain_stays_whole(both):
    name = deliver(both)
    settled(both)
    both.do(SYSTEM, erase, ViolationCase, name, "court_order")
    with both.store.read() as work:
        row = work.session.get_one(DeviceRecord, name)
        assert (opened(work, row), row.plate_token) == (None, None)
    detail = both.do(both.person(Role.POLICE_OFFICER), cases.open_case, name)
    assert (detail.chain_fault, detail.plate, detail.device.serial) == (None, None, "K-0042")
