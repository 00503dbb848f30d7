from __future__ import annotations

from datetime import date, timedelta
from email import message_from_bytes, policy
from uuid import uuid4

import pytest
from sqlalchemy import select

from evidence.keys import trust_store
from evidence.verify import verify
from qyran.errors import AccessError, InputError, IntegrityError, NotFound, TransitionError
from qyran.roles import SYSTEM, Role
from service import appeals, delivery, fines, resolutions
from service.courier import collect, deliver
from service.delivery_post import print_batch
from service.outbox import messages_of
from service.ports.channels import Receipt
from service.signing import check_code
from service.store.events import append_event, facts_of
from service.store.fine_tables import Appeal, AppealResolution
from service.store.tables import ViolationCase
from service.verification import check
from tests.service.sent import OWNER, with_files
from tests.service.signed import a_fine, delivered
from tests.service.smtp_server import PASSWORD, USER, smtp_server
from tests.service.test_appeals import TODAY, answer, new, pay

MAIL = """
notify = ["email", "post"]
starts_terms = ["email", "post"]
[email]
host = "127.0.0.1"
port = {port}
sender = "notices@example.kz"
user = "{user}"
password = "env:SMTP_PASSWORD"
ca_file = "{certificate}"
"""


@pytest.fixture
def house(both, tmp_path, monkeypatch):
    """An installation with a mail server, and a delivered fine whose owner complained."""
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    with smtp_server(tmp_path) as (box, port, certificate):
        both.box, both.senior, both.fine = box, both.person(Role.SENIOR_OFFICER), a_fine(both)
        with_files(both, MAIL.format(port=port, user=USER, certificate=certificate))
        delivered(both, both.fine)

        def owner(work):
            row = work.session.get_one(ViolationCase, both.fine.case)
            append_event(work, row, "owner_loaded", Role.SYSTEM, payload={"owner": OWNER})

        both.do(SYSTEM, owner)
        both.appeal = both.do(both.senior, appeals.file, both.fine.case, new()).id
        yield both


def answered(house, outcome: str = "upheld", reason: str = "act_proven", told: date | None = None, **more) -> str:
    house.do(house.senior, appeals.answer, house.appeal, answer(outcome, reason, told, **more))
    return house.appeal


def made(house) -> AppealResolution:
    with house.store.read() as work:
        return work.session.get_one(AppealResolution, house.appeal)


def standing(house):
    with house.store.read() as work:
        return fines.standing(work, work.session.get_one(ViolationCase, house.fine.case))


def carried(house) -> list:
    """The courier's round; the letters the mail server took in it."""
    before = len(house.box.letters)
    deliver(house.store)
    return house.box.letters[before:]


def receipt(house, kind: str, name: str = "r1") -> None:
    def step(work):
        message = next(one for one in reversed(messages_of(work, house.fine.case)) if one.appeal_id)
        told = Receipt(receipt=name, key=message.key, kind=kind, time=work.now)
        delivery.take_receipt(work, message.channel, told, message)

    house.do(SYSTEM, step)


@pytest.mark.parametrize(
    ("outcome", "reason", "more"),
    [
        ("upheld", "act_proven", {}),
        ("cancelled", "wrong_vehicle", {}),
    ],
)
def test_an_answer_is_numbered_signed_verifiable_and_sent(house, outcome, reason, more):
    answered(house, outcome, reason, **more)
    document = made(house)
    assert document.document_no == "CITY-R-2026-000001"
    path = house.store.settings.documents_folder / document.file
    assert verify(path, trust_store(house.settings.home)).ok
    letter = message_from_bytes(carried(house)[-1][1], policy=policy.default)
    (attached,) = letter.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == (f"{document.document_no}.pdf", path.read_bytes())
    assert document.document_no in letter["Subject"]
    assert OWNER["name"] not in letter.get_body().get_content()


def test_a_cancelled_decision_says_what_goes_back(house):
    pay(house, house.fine, house.fine.kzt, "P-1", TODAY)
    answered(house, "cancelled", "no_violation")
    with house.store.read() as work:
        said = facts_of(work.session, house.store.vault, [house.fine.case])[house.fine.case]["resolution_1"]
    assert (said["money"]["paid"], said["money"]["owed"], said["money"]["back"]) == ("43250", "0", "43250")
    assert (said["before"]["fine_kzt"], said["after"], said["outcome"]) == (43_250, None, "cancelled")


def test_a_changed_decision_says_the_smaller_penalty_and_what_was_paid_too_much(house):
    pay(house, house.fine, 20_000, "P-1", TODAY)
    answered(house, "changed", "wrong_article", TODAY, offence="601-1")
    with house.store.read() as work:
        said = facts_of(work.session, house.store.vault, [house.fine.case])[house.fine.case]["resolution_1"]
        row = work.session.get_one(ViolationCase, house.fine.case)
    assert (said["before"]["fine_kzt"], said["after"]["fine_kzt"], row.fine_kzt) == (43_250, 12_975, 12_975)
    assert (said["money"]["owed"], said["money"]["back"]) == ("0", "7025")


@pytest.mark.parametrize(
    ("instance", "outcome", "reason"),
    [("court", "cancelled", "no_violation"), ("body", "withdrawn", "asked_by_person")],
)
def test_a_courts_ruling_and_a_withdrawn_complaint_have_no_paper_of_ours_and_need_the_day(
    world, instance, outcome, reason
):
    senior, fine = world.person(Role.SENIOR_OFFICER), a_fine(world)
    appeal = world.do(senior, appeals.file, fine.case, new(instance=instance))
    with pytest.raises(InputError, match="on which day"):
        world.do(senior, appeals.answer, appeal.id, answer(outcome, reason, None))
    world.do(senior, appeals.answer, appeal.id, answer(outcome, reason))
    with world.store.read() as work:
        assert work.session.scalars(select(AppealResolution)).all() == []


def test_the_terms_stand_still_until_the_resolution_is_delivered(house):
    before = standing(house).deadlines
    assert before.full is None
    answered(house)
    assert standing(house).deadlines.full is None
    carried(house)
    house.clock.forward(days=4)
    receipt(house, "delivered")
    told = house.clock().date()
    assert standing(house).deadlines.full == TODAY + timedelta(days=30) + (told - TODAY)
    receipt(house, "delivered")
    with house.store.read() as work:
        assert work.session.get_one(Appeal, house.appeal).told_on == told


def test_what_does_not_arrive_by_one_channel_goes_by_the_next_and_then_waits_for_an_address(house):
    answered(house)
    carried(house)
    receipt(house, "undeliverable")
    with house.store.read() as work:
        sent = [(one.channel, one.state) for one in messages_of(work, house.fine.case) if one.appeal_id]
    assert sent == [("email", "undeliverable"), ("post", "queued")]
    batch = house.do(house.senior, print_batch)
    assert made(house).document_no in (batch.folder / "addresses.csv").read_text(encoding="utf-8-sig")
    receipt(house, "undeliverable", "r2")
    officer = house.person(Role.POLICE_OFFICER)
    house.do(officer, delivery.give_address, house.fine.case, "email", "new@example.kz")
    ((to, _),) = carried(house)
    assert to == ["new@example.kz"]


def test_a_day_is_noted_by_hand_where_no_channel_tells_it(house):
    answered(house)
    house.do(house.senior, appeals.tell, house.appeal, TODAY)
    assert standing(house).deadlines.full is not None
    with pytest.raises(TransitionError, match="no day is known"):
        house.do(house.senior, appeals.tell, house.appeal, TODAY)


@pytest.mark.parametrize("day", [date(2026, 11, 21), date(2026, 11, 23)])
def test_a_day_that_cannot_be_is_refused(house, day):
    answered(house)
    with pytest.raises(InputError, match="between the appeal and today"):
        house.do(house.senior, appeals.tell, house.appeal, day)


def test_the_resolution_of_a_cancelled_decision_is_sent_though_the_notice_no_longer_is(both, monkeypatch, tmp_path):
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    with smtp_server(tmp_path) as (box, port, certificate):
        senior, fine = both.person(Role.SENIOR_OFFICER), a_fine(both)
        with_files(both, MAIL.format(port=port, user=USER, certificate=certificate))
        both.do(both.person(Role.POLICE_OFFICER), delivery.give_address, fine.case, "email", "owner@example.kz")
        appeal = both.do(senior, appeals.file, fine.case, new())
        both.do(senior, appeals.answer, appeal.id, answer("cancelled", "wrong_vehicle", None))
        deliver(both.store)
        with both.store.read() as work:
            sent = {(one.kind, one.state) for one in messages_of(work, fine.case)}
        assert sent == {("decision", "cancelled"), ("resolution", "handed")}
        assert len(box.letters) == 1


def undone(work, appeal: str) -> None:
    appeals.answer(work, appeal, answer("upheld", "act_proven"))
    raise RuntimeError("power cut")


def test_numbers_have_no_gap_though_an_answer_is_undone(both):
    senior = both.person(Role.SENIOR_OFFICER)
    for wanted in ("000001", "000002"):
        fine = a_fine(both)
        appeal = both.do(senior, appeals.file, fine.case, new()).id
        with pytest.raises(RuntimeError):
            both.do(senior, undone, appeal)
        both.do(senior, appeals.answer, appeal, answer("upheld", "act_proven"))
        with both.store.read() as work:
            assert work.session.get_one(AppealResolution, appeal).document_no == f"CITY-R-2026-{wanted}"


def test_the_citizens_page_knows_the_resolution_by_its_own_number_and_code(house):
    answered(house, "cancelled", "vehicle_sold")
    number = made(house).document_no
    found = check(house.store, number, check_code(house.store.vault, number), "10.0.0.1")
    assert (found.document_no, found.cancelled) == (house.fine.number, True)
    assert [(one.document_no, one.outcome) for one in found.resolutions] == [(number, "cancelled")]
    with pytest.raises(NotFound):
        check(house.store, number, check_code(house.store.vault, house.fine.number), "10.0.0.1")


def test_the_paper_is_shown_to_who_may_see_the_case_and_an_altered_one_to_nobody(house):
    answered(house)
    path, name = house.do(house.senior, resolutions.document, house.fine.case, house.appeal)
    assert name == f"{made(house).document_no}.pdf"
    with pytest.raises(AccessError):
        house.do(house.person(Role.EVALUATOR), resolutions.document, house.fine.case, house.appeal)
    with pytest.raises(NotFound):
        house.do(house.senior, resolutions.document, str(uuid4()), house.appeal)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(IntegrityError, match="gone or not what was signed"):
        house.do(house.senior, resolutions.document, house.fine.case, house.appeal)


def test_collecting_receipts_of_resolutions_changes_nothing_twice(house):
    answered(house)
    carried(house)
    assert collect(house.store).heard == 0
