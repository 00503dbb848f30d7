"""Killed with SIGKILL at each step of issuing and delivery: after a restart nothing is lost and nothing is double."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from qyran.roles import SYSTEM, Role
from service import signing
from service.courier import collect, deliver
from service.delivery_post import print_batch
from service.fault_points import POINTS
from service.outbox import LEASE, messages_of
from service.ports.simulator import Simulator, serving
from service.store.delivery_tables import DeliveryReceipt, OutboxMessage, PostBatch
from service.store.tables import Decision, ViolationCase
from tests import killing
from tests.service.confirmed import a_confirmed
from tests.service.sent import a_signed, case_row, states, with_files
from tests.service.world import World

FILE = 'notify = ["sms", "post"]\n[register]\nurl = "{url}"\n[sms]\nurl = "{url}"\n'
KILLED = killing.KILLED
POST_OWNER = {
    "name": "Мысалов Үлгі",
    "address": "050000, Алматы қ., Абай д., 10",
    "iin": "0",
    "vehicle": "",
    "demo": True,
}


@pytest.fixture(scope="module")
def helper():
    with killing.helper("tests.service.killed_delivery") as tell:
        yield tell


@pytest.fixture
def house(settings, database_url):
    """A demo installation whose register and gateway are simulated outside the killed process."""
    with World(settings.model_copy(update={"database_url": database_url}), demo=True) as made:
        made.clock.now = datetime.now(UTC)  # the killed process has the real clock
        made.outside = Simulator()
        with serving(made.outside) as url:
            with_files(made, FILE.format(url=url))
            made.officer = made.person(Role.POLICE_OFFICER)
            yield made


def on(*points: str, also: str):
    """Every point on SQLite, one of them on PostgreSQL too: what is tried is ours, not the databases'."""
    given = [(point, "sqlite") for point in points]
    given.append(pytest.param(also, "postgresql", marks=pytest.mark.postgres))
    return pytest.mark.parametrize(("point", "database_url"), given, indirect=["database_url"])


def on_sqlite(test):
    return pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)(test)


def killed(helper, world, what: str, point: str, **given) -> int:
    where = {"home": str(world.settings.home), "database_url": world.settings.database_url}
    return helper(what=what, point=point, **where, **given)


@on(*[one for one in POINTS if one.startswith("sign.")], also="sign.written")
def test_a_decision_is_issued_once_whatever_dies_meanwhile(house, helper, point):
    case = a_confirmed(house, house.officer)
    assert killed(helper, house, "issue", point, case=case, officer=house.officer.id) == KILLED
    house.clock.now = datetime.now(UTC)
    if case_row(house, case).state != "signed":
        signing.issue(house.store, house.officer, case)
    other = a_confirmed(house, house.officer)
    signing.issue(house.store, house.officer, other)
    with house.store.read() as work:
        decisions = work.session.scalars(select(Decision).order_by(Decision.number)).all()
        queued = {one: [m.channel for m in messages_of(work, one)] for one in (case, other)}
    assert [(one.case_id, one.number) for one in decisions] == [(case, 1), (other, 2)]
    assert queued == {case: ["register"], other: ["register"]}
    files = sorted(path.name for path in house.settings.documents_folder.rglob("*.pdf") if path.name[0] != ".")
    assert files == [f"{one.document_no}.pdf" for one in decisions]
    path, _ = house.do(house.officer, signing.document, case)
    assert path.name == files[0]


@on(*[f"{point}:{turn}" for point in ("send.leased", "send.handed", "send.settled") for turn in (1, 2)],
    also="send.handed:2")  # fmt: skip
def test_a_message_arrives_once_whatever_dies_meanwhile(house, helper, point):
    case = a_signed(house)
    assert killed(helper, house, "deliver", point) == KILLED
    house.clock.now = datetime.now(UTC) + LEASE
    deliver(house.store)
    assert states(house, case) == [("register", "handed"), ("sms", "handed")]
    assert (len(house.outside.decisions), len(house.outside.messages)) == (1, 1)
    row = case_row(house, case)
    assert (row.registration, row.delivery) == ("sent", "notified")


@on_sqlite
def test_a_receipt_counts_once_though_the_channel_was_never_told(house, helper):
    case = a_signed(house)
    deliver(house.store)
    house.outside.register()
    house.outside.deliver()
    assert killed(helper, house, "deliver", "receipt.stored") == KILLED
    assert len(house.outside.receipts) == 1
    house.clock.now = datetime.now(UTC)
    before = case_row(house, case).seq
    collect(house.store)
    with house.store.read() as work:
        assert len(work.session.scalars(select(DeliveryReceipt)).all()) == 1
    assert (house.outside.receipts, house.outside.answers) == ({}, {})
    row = case_row(house, case)
    assert (row.registration, row.delivery) == ("registered", "delivered")
    assert row.seq == before + 1  # the register's answer; the receipt was stored before


@on_sqlite
def test_a_batch_is_numbered_once_though_its_printer_died(house, helper):
    case = a_signed(house, owner=POST_OWNER)
    assert killed(helper, house, "print", "batch.written") == KILLED
    house.clock.now = datetime.now(UTC)
    batch = house.do(SYSTEM, print_batch)
    assert (batch.number, batch.letters) == (1, 1)
    with house.store.read() as work:
        assert [one.number for one in work.session.scalars(select(PostBatch))] == [1]
        (letter,) = work.session.scalars(select(OutboxMessage).where(OutboxMessage.channel == "post"))
    assert (letter.case_id, letter.batch, letter.position) == (case, 1, 1)


def test_a_real_store_has_no_fault_points(world, monkeypatch):
    monkeypatch.setenv("QYRAN_FAULT_POINT", "send.leased")
    with_files(world, 'notify = ["sms"]\n[sms]\nurl = "http://127.0.0.1:9"')
    case = a_signed(world)
    assert deliver(world.store).put_off == 1
    assert case_row(world, case).state == "signed"
    with world.store.read() as work:
        assert work.session.get_one(ViolationCase, case).delivery == "pending"
