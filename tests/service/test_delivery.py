"""A decision on its way through real HTTP to the simulator of register and gateway, and what is made of the answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qyran.errors import AccessError, ConfigError, InputError, TransitionError
from qyran.roles import Role
from service import delivery
from service.courier import collect, deliver
from service.delivery import give_address
from service.delivery_settings import delivery_of, plan_of, vehicle_register
from service.delivery_view import deliveries_of, health
from service.ports.channels import Receipt
from service.ports.http import code_of
from service.ports.simulator import Faults, Simulator, serving
from tests.service.sent import OWNER, a_signed, case_row, signed_row, states, with_files

FILE = """
notify = ["sms", "post"]
[register]
url = "{url}"
[sms]
url = "{url}"
token = "env:SMS_TOKEN"
[vehicles]
url = "{url}"
"""


@pytest.fixture
def outside(both, monkeypatch):
    """The world, with a simulator it speaks to."""
    monkeypatch.setenv("SMS_TOKEN", "a token of tests")
    simulator = Simulator(clock=both.clock)
    with serving(simulator) as url:
        with_files(both, FILE.format(url=url))
        both.outside = simulator
        yield both


@pytest.fixture
def one(world, monkeypatch):
    monkeypatch.setenv("SMS_TOKEN", "a token of tests")
    simulator = Simulator(clock=world.clock)
    with serving(simulator) as url:
        with_files(world, FILE.format(url=url))
        world.outside = simulator
        yield world


def carry(world, minutes: float = 0) -> None:
    world.clock.forward(minutes=minutes)
    deliver(world.store)
    collect(world.store)


def test_a_decision_is_registered_notified_and_delivered_and_the_terms_start(outside):
    case = a_signed(outside)
    carry(outside)
    assert states(outside, case) == [("register", "handed"), ("sms", "handed")]
    outside.outside.register()
    outside.clock.forward(minutes=10)
    outside.outside.deliver()
    carry(outside, 1)
    row = case_row(outside, case)
    assert (row.registration, row.register_no) == ("registered", f"SIM-{row.document_no}")
    assert (row.delivery, row.delivery_channel) == ("delivered", "sms")
    assert row.t_first_notification_sent < row.t_delivered < outside.clock.now
    assert row.payment_term_ends - row.t_delivered > timedelta(days=30)
    assert states(outside, case) == [("register", "delivered"), ("sms", "delivered")]
    (text,) = [one["text"] for one in outside.outside.messages.values()]
    assert "43\N{NO-BREAK SPACE}250 ₸" in text
    assert row.document_no in text
    for secret in ("123ABC02", OWNER["name"], "599"):
        assert secret not in text


def test_a_decision_of_a_clock_that_ran_ahead_leaves_as_soon_as_the_clock_is_right(one):
    one.clock.forward(hours=1)
    case = a_signed(one)
    one.clock.forward(hours=-1)
    deliver(one.store)
    assert ("register", "handed") in states(one, case)


def test_everything_said_twice_counts_once(one):
    one.outside.faults = Faults(duplicate=1.0)
    case = a_signed(one)
    carry(one)
    one.outside.register("registered", "notified")
    one.outside.deliver()
    carry(one, 1)
    before = case_row(one, case).seq
    one.outside.register()
    collect(one.store)
    assert case_row(one, case).seq == before
    assert (one.outside.receipts, one.outside.answers) == ({}, {})


def test_an_answer_that_is_lost_brings_the_same_message_again_and_it_counts_once(one):
    one.outside.faults = Faults(lose=1.0)
    case = a_signed(one)
    carry(one)
    one.outside.faults = Faults()
    for _ in range(3):
        carry(one, 400)
    assert list(one.outside.handed.values()) == [2, 1]
    assert (len(one.outside.decisions), len(one.outside.messages)) == (1, 1)
    assert case_row(one, case).delivery == "notified"


def test_a_receipt_is_believed_though_the_sender_died_before_he_could_say_so(one):
    one.outside.faults = Faults(lose=1.0)
    case = a_signed(one)
    carry(one)
    one.outside.register()
    carry(one)
    row = case_row(one, case)
    assert row.registration == "registered"
    assert states(one, case)[0] == ("register", "delivered")


def test_an_sms_that_does_not_arrive_is_followed_by_a_letter(one):
    one.outside.faults = Faults(undeliverable=1.0)
    case = a_signed(one)
    carry(one)
    one.outside.deliver()
    carry(one, 1)
    assert case_row(one, case).delivery == "undeliverable"
    assert states(one, case)[1:] == [("sms", "undeliverable"), ("post", "queued")]


def test_a_number_that_does_not_exist_is_followed_by_a_letter_and_nobody_counts_as_notified(one):
    one.outside.faults = Faults(refuse=1.0)
    case = a_signed(one)
    carry(one)
    carry(one)
    assert states(one, case) == [("register", "refused"), ("sms", "refused"), ("post", "queued")]
    row = case_row(one, case)
    assert (row.delivery, row.t_first_notification_sent) == ("pending", None)


def test_what_the_register_refuses_waits_for_a_person(one):
    case = a_signed(one)
    carry(one)
    one.outside.register("refused")
    carry(one)
    assert case_row(one, case).registration == "refused"
    with one.store.read(one.person(Role.ADMINISTRATOR)) as work:
        (stuck,) = health(work).stuck
    assert (stuck.channel, stuck.state, stuck.error) == ("register", "refused", "field_missing")


def test_a_second_register_number_is_put_aside(one):
    case = a_signed(one)
    carry(one)
    one.outside.register()
    carry(one)
    number = case_row(one, case).register_no
    said = {"id": "again", "case_id": case, "kind": "registered", "number": "OTHER"}
    one.outside.answers["again"] = {**said, "time": one.clock().isoformat()}
    carry(one)
    assert case_row(one, case).register_no == number
    assert one.outside.told == ["again"]


@pytest.mark.parametrize("minutes", [-1, 10])
def test_a_receipt_of_a_moment_that_cannot_be_is_put_aside(one, minutes):
    case = a_signed(one)
    signed_at = case_row(one, case).t_signed
    carry(one)
    (key,) = one.outside.messages
    when = signed_at - timedelta(hours=1) if minutes < 0 else one.clock.now + timedelta(minutes=minutes)
    one.outside.receipts["r"] = Receipt(receipt="r", key=key, kind="delivered", time=when).model_dump(mode="json")
    carry(one)
    assert case_row(one, case).delivery == "notified"
    assert one.outside.receipts == {}


def test_a_receipt_of_nobodys_message_blocks_nobody(one):
    case = a_signed(one)
    carry(one)
    strange = Receipt(receipt="0", key="nothing", kind="delivered", time=one.clock())
    one.outside.receipts["0"] = strange.model_dump(mode="json")
    one.outside.deliver()
    carry(one)
    assert case_row(one, case).delivery == "delivered"


def test_without_an_address_nothing_is_sent_and_the_page_says_so_until_an_officer_finds_one(one):
    case = a_signed(one, owner=None)
    officer = one.person(Role.POLICE_OFFICER)
    carry(one)
    assert states(one, case) == [("register", "handed")]
    assert one.do(officer, deliveries_of, case).nowhere
    one.do(officer, give_address, case, "sms", "+77020000002")
    carry(one)
    assert [message["to"] for message in one.outside.messages.values()] == ["+77020000002"]
    seen = one.do(officer, deliveries_of, case)
    assert (seen.nowhere, seen.delivery, seen.channels) == (False, "notified", ("sms",))


@pytest.mark.parametrize(
    ("channel", "address"),
    [("sms", "87020000002"), ("sms", "+7702"), ("email", "nobody"), ("email", "a b@c.kz"), ("post", "x"),
     ("pigeon", "north")],
)  # fmt: skip
def test_an_address_of_another_form_is_refused(one, channel, address):
    case = a_signed(one, owner=None)
    with pytest.raises(InputError) as caught:
        one.do(one.person(Role.POLICE_OFFICER), give_address, case, channel, address)
    assert address not in str(caught.value)


def test_an_address_is_for_officers_and_for_what_is_not_delivered(one):
    case = a_signed(one)
    with pytest.raises(AccessError):
        one.do(one.person(Role.ADMINISTRATOR), give_address, case, "sms", "+77020000002")
    with pytest.raises(TransitionError, match="still on its way"):
        one.do(one.person(Role.POLICE_OFFICER), give_address, case, "sms", "+77020000002")
    carry(one)
    one.outside.deliver()
    carry(one)
    with pytest.raises(TransitionError, match="not delivered yet"):
        one.do(one.person(Role.POLICE_OFFICER), give_address, case, "sms", "+77020000002")


def test_the_vehicle_register_is_asked_in_the_body_and_its_silence_is_an_os_error(one):
    one.outside.owners["123ABC02"] = {name: OWNER[name] for name in ("name", "iin", "address", "vehicle", "phone")}
    day = one.clock().date()
    register = vehicle_register(one.store)
    owner = register.owner_of("123ABC02", day)
    assert (owner.name, owner.demo) == (OWNER["name"], False)
    assert register.owner_of("777QYR01", day) is None
    one.outside.faults = Faults(fail=1.0)
    with pytest.raises(OSError, match="http_503"):
        register.owner_of("123ABC02", day)


def test_no_payable_notice_leaves_for_an_article_without_a_fine(one):
    def step(work):
        row = signed_row(work, begin=False)
        row.penalty_kind, row.fine_kzt, row.fine_mci = "warning", None, None
        delivery.begin(work, row)

    one.do(one.person(Role.POLICE_OFFICER), step)
    carry(one)
    (text,) = [message["text"] for message in one.outside.messages.values()]
    assert "предупреждение" in text
    assert "Штраф" not in text


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("notify = [", "cannot be read"),
        ('notify = ["sms"]', r"\[sms\] is missing"),
        ('notify = ["pigeon"]', "notify.0"),
        ('colour = "red"', "colour"),
        ('[sms]\nurl = "ftp://x"', "sms.url"),
        ('[sms]\nurl = "http://user:pw@x"', "sms.url"),
        ('[sms]\nurl = "http://x"\ntoken = "open"', "sms.token"),
    ],
)
def test_a_delivery_file_that_cannot_be_used_is_refused_with_its_place(world, toml, said):
    with_files(world, toml)
    with pytest.raises(ConfigError, match=said) as caught:
        plan_of(world.store)
    assert "pw" not in str(caught.value)


def test_a_secret_that_is_missing_is_named_and_only_sending_waits_for_it(world):
    with_files(world, '[sms]\nurl = "http://x"\ntoken = "env:QYRAN_NO_SUCH"')
    assert plan_of(world.store).notify == ("post",)
    with pytest.raises(ConfigError, match="QYRAN_NO_SUCH"):
        delivery_of(world.store)


@pytest.mark.parametrize(
    ("word", "code"),
    [("Unknown number", "unknown_number"), ("absent-subscriber", "absent_subscriber"), ("+77010000001", None),
     ("owner@example.kz", None), ("", None), ("x" * 41, None), ("Жоқ", None), (None, None)],
)  # fmt: skip
def test_only_words_of_others_that_read_like_codes_are_kept(word, code):
    assert code_of(word) == code
