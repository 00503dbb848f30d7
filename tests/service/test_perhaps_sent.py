"""A letter of which nobody knows whether it left is never sent twice by itself: real SMTP, real kills."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from qyran.errors import TransitionError
from qyran.roles import SYSTEM, Role
from service import delivery
from service.courier import deliver
from service.outbox import LEASE, messages_of
from service.ports.channels import Receipt
from tests.service import test_delivery_killed as kills
from tests.service.sent import a_signed, case_row, states, with_files
from tests.service.smtp_server import PASSWORD, USER, smtp_server
from tests.service.test_resolutions import MAIL
from tests.service.world import World

helper = kills.helper


@pytest.fixture
def house(settings, tmp_path):
    """A demo installation that sends by e-mail first, by post then."""
    with smtp_server(tmp_path) as (box, port, certificate), World(settings, demo=True) as made:
        made.clock.now, made.box = datetime.now(UTC), box  # the killed process has the real clock
        (tmp_path / "secret").write_text(PASSWORD, encoding="utf-8")  # the killed process has another environment
        (tmp_path / "secret").chmod(0o600)
        mail = MAIL.format(port=port, user=USER, certificate=certificate)
        with_files(made, mail.replace("env:SMTP_PASSWORD", f"file:{tmp_path / 'secret'}"))
        made.case, made.senior = a_signed(made), made.person(Role.SENIOR_OFFICER)
        yield made


def mail_of(work, world):
    return next(one for one in messages_of(work, world.case) if one.channel == "email")


def message(world):
    with world.store.read(SYSTEM) as work:
        return mail_of(work, world)


def states_of_mail(world) -> list[tuple[str, str]]:
    return [one for one in states(world, world.case) if one[0] == "email"]


def later(world) -> None:
    world.clock.forward(seconds=2 * LEASE.total_seconds())


def test_a_connection_that_dies_after_the_content_leaves_it_to_a_person(house):
    house.box.silent = 1
    assert deliver(house.store).perhaps == 1
    later(house)
    deliver(house.store)
    assert (states_of_mail(house), len(house.box.letters)) == ([("email", "perhaps_sent")], 1)


@pytest.mark.parametrize(("point", "letters"), [("send.leaving", 0), ("send.handed:2", 1)])
def test_a_process_killed_while_it_leaves_doubles_nothing(house, helper, point, letters):
    assert kills.killed(helper, house, "deliver", point) == kills.KILLED
    later(house)
    deliver(house.store)
    assert (states_of_mail(house), len(house.box.letters)) == ([("email", "perhaps_sent")], letters)


def test_a_process_killed_before_it_leaves_lets_the_next_one_send_it_once(house, helper):
    assert kills.killed(helper, house, "deliver", "send.leased:2") == kills.KILLED
    later(house)
    deliver(house.store)
    assert (states_of_mail(house), len(house.box.letters)) == ([("email", "handed")], 1)


def test_a_person_says_that_it_was_sent(house):
    house.box.silent = 1
    deliver(house.store)
    house.do(house.senior, delivery.say_sent, message(house).id)
    assert (states_of_mail(house), case_row(house, house.case).delivery) == ([("email", "handed")], "notified")
    with pytest.raises(TransitionError, match="known already"):
        house.do(house.senior, delivery.say_sent, message(house).id)


def test_a_person_sends_it_again_under_the_same_number(house):
    house.box.silent = 1
    deliver(house.store)
    house.do(house.senior, delivery.send_again, message(house).id)
    deliver(house.store)
    numbers = {message_from_bytes(one, policy=policy.default)["Message-ID"] for _, one in house.box.letters}
    assert (len(house.box.letters), len(numbers)) == (2, 1)


@pytest.mark.parametrize(("kind", "state"), [("delivered", "delivered"), ("undeliverable", "undeliverable")])
def test_the_mails_own_notice_tells_what_became_of_it(house, kind, state):
    house.box.silent = 1
    deliver(house.store)

    def told(work) -> None:
        one = mail_of(work, house)
        delivery.take_receipt(work, "email", Receipt(receipt="r", key=one.key, kind=kind, time=work.now), one)

    house.do(SYSTEM, told)
    assert states_of_mail(house)[0] == ("email", state)


@pytest.mark.parametrize("reply", ["452 4.3.1 disk full", "421 4.3.2 going down"])
def test_a_content_that_the_server_refused_for_now_goes_again_by_itself(house, reply):
    house.box.replies = [reply]
    assert deliver(house.store).put_off == 1
    house.clock.forward(hours=1)
    deliver(house.store)
    assert message(house).state == "handed"
