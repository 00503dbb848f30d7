from __future__ import annotations

import threading

import pytest

from qyran.errors import ConfigError, TransitionError
from qyran.roles import SYSTEM, Role
from service import attributes, cases, signing
from service.jobs import Jobs, keep_house
from service.ports.erap import Answer, development_erap
from service.records import load
from service.store.tables import ViolationCase
from tests.service.world import World
from violations.case import Attribute


@pytest.fixture
def demo(settings):
    with World(settings, demo=True) as made:
        made.officer = made.person(Role.POLICE_OFFICER)
        made.erap = development_erap(made.store)
        yield made


@pytest.fixture
def signed(demo):
    case_id = demo.case()
    offence = demo.do(demo.officer, cases.claim, case_id).offences[0]
    demo.do(demo.officer, cases.confirm, case_id, offence)
    demo.do(demo.officer, signing.sign, case_id)
    return case_id


def row(world, case_id: str) -> ViolationCase:
    with world.store.read() as work:
        return work.session.get_one(ViolationCase, case_id)


def change(world, case_id: str, attribute: Attribute, target: str) -> None:
    def step(work) -> None:
        attributes.change(work, load(work, ViolationCase, case_id), attribute, target)

    world.do(SYSTEM, step)


def test_a_real_store_has_no_development_register(world):
    with pytest.raises(ConfigError, match="demo store only"):
        development_erap(world.store)


def test_nothing_is_registered_or_notified_before_the_register_says_so(demo, signed):
    assert keep_house(demo.store).sent == 1
    assert keep_house(demo.store).sent == 0
    waiting = row(demo, signed)
    assert (waiting.registration, waiting.delivery, waiting.t_first_notification_sent) == ("sent", "pending", None)
    assert demo.erap.acknowledge(demo.clock()) == 1
    assert keep_house(demo.store).answered == 2
    told = row(demo, signed)
    assert (told.registration, told.delivery, told.delivery_channel) == ("registered", "notified", "sms")
    assert told.register_no == "DEMO-CITY-2026-000001"
    assert told.t_first_notification_sent == told.t_registered


def test_an_answer_told_twice_changes_nothing(demo, signed):
    keep_house(demo.store)
    demo.erap.acknowledge(demo.clock())
    answers = [answer for _, answer in demo.erap.answers()]
    keep_house(demo.store)
    before = row(demo, signed).seq
    for number, answer in enumerate(answers):
        (demo.erap.inbox / f"again-{number}.json").write_text(answer.model_dump_json())
    assert keep_house(demo.store).answered == 0
    assert row(demo, signed).seq == before


def test_an_answer_that_cannot_be_is_refused_and_blocks_nobody(demo, signed):
    keep_house(demo.store)
    early = Answer(case_id=signed, kind="registered", time=demo.clock.now.replace(year=2025), number="1")
    (demo.erap.inbox / "0-early.json").write_text(early.model_dump_json())
    (demo.erap.inbox / "0-garbage.json").write_text("{")
    demo.erap.acknowledge(demo.clock())
    assert keep_house(demo.store).answered == 2
    assert row(demo, signed).registration == "registered"
    assert len(list(demo.erap.inbox.glob("*.unreadable"))) == 2


def test_a_file_that_is_being_written_is_read_when_it_is_whole(demo, signed):
    keep_house(demo.store)
    (demo.erap.inbox / ".half.json").write_text("{")
    (demo.erap.outbox / ".half.json").write_text("{")
    assert demo.erap.acknowledge(demo.clock()) == 1
    assert keep_house(demo.store).answered == 2
    assert not list(demo.erap.inbox.glob("*.unreadable"))


def test_a_paid_and_delivered_case_closes_and_not_before(demo, signed):
    keep_house(demo.store)
    demo.erap.acknowledge(demo.clock())
    keep_house(demo.store)
    change(demo, signed, Attribute.DELIVERY, "delivered")
    delivered = row(demo, signed)
    assert (delivered.payment_term_ends - delivered.t_delivered).days == 30
    assert keep_house(demo.store).closed == 0
    change(demo, signed, Attribute.PAYMENT, "half")
    assert keep_house(demo.store).closed == 1
    assert row(demo, signed).state == "closed"


def test_attributes_begin_with_the_signature(demo):
    case_id = demo.case()
    with pytest.raises(TransitionError, match="once it is signed"):
        change(demo, case_id, Attribute.PAYMENT, "full")


def test_a_cancelled_case_closes_when_what_was_paid_is_paid_back(demo, signed):
    senior = demo.person(Role.SENIOR_OFFICER)
    change(demo, signed, Attribute.PAYMENT, "full")
    cancelled = demo.do(senior, cases.cancel, signed, "plate_forged")
    assert cancelled.history[-1].data == {"refund": True}
    assert keep_house(demo.store).closed == 0
    change(demo, signed, Attribute.PAYMENT, "refunded")
    assert keep_house(demo.store).closed == 1


def test_a_returned_case_closes_after_its_retention(demo):
    case_id = demo.case()
    demo.do(demo.officer, cases.send_back, case_id, "camera_moved")
    demo.clock.forward(days=29)
    assert keep_house(demo.store).closed == 0
    demo.clock.forward(days=1)
    assert keep_house(demo.store).closed == 1


def test_the_jobs_take_what_is_put_and_stop_when_told(demo):
    event = demo.event()
    demo.put(event)
    jobs = Jobs(demo.store)
    jobs.start()
    until = threading.Event()
    for _ in range(600):
        if len(demo.spool) == 0 and until.wait(0.05) is False:
            break
        until.wait(0.05)
    jobs.stop()
    assert row(demo, str(event.id)).state == "screened"
