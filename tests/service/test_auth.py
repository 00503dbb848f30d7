from __future__ import annotations

import pytest
from sqlalchemy import select

from qyran.errors import AccessError, ConfigError, InputError, NotFound
from qyran.roles import OFFICERS, PERSON_ROLES, SYSTEM, Role
from service import auth
from service.auth import LoginError
from service.demo.users import demo_users
from service.store.tables import AppUser, LoginAttempt, UserSession
from tests.service.world import PASSWORD, World

HERE = "192.0.2.7"


@pytest.fixture
def officer(both):
    actor = both.person(Role.POLICE_OFFICER)
    with both.store.read() as work:
        return work.session.get_one(AppUser, actor.id)


def log_in(world, user, password: str = PASSWORD, address: str = HERE) -> auth.Login:
    return auth.log_in(world.store, user.username, password, address)


def test_who_knows_the_password_gets_a_login_that_holds(both, officer):
    login = log_in(both, officer)
    held = auth.logged_in(both.store, login.token)
    assert (held.user.id, held.csrf) == (officer.id, login.csrf)
    assert held.user.actor.roles == {Role.POLICE_OFFICER}


@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_without_its_token_nobody_is_logged_in(world, token):
    assert auth.logged_in(world.store, token) is None


def test_the_store_knows_neither_passwords_nor_tokens(world):
    actor = world.person(Role.POLICE_OFFICER)
    with world.store.read() as work:
        user = work.session.get_one(AppUser, actor.id)
    login = log_in(world, user)
    with world.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = (world.settings.home / "qyran.db").read_bytes()
    assert user.password_hash.startswith("$argon2id$")
    assert PASSWORD.encode() not in stored
    assert login.token.encode() not in stored
    assert HERE.encode() not in stored


@pytest.mark.parametrize("minutes", [29, 30])
def test_a_login_ends_when_it_is_idle(both, officer, minutes):
    login = log_in(both, officer)
    both.clock.forward(minutes=minutes)
    assert (auth.logged_in(both.store, login.token) is not None) == (minutes < 30)


def test_a_login_in_use_lives_on_but_not_past_its_absolute_end(both, officer):
    login = log_in(both, officer)
    for _ in range(12 * 3 - 1):
        both.clock.forward(minutes=20)
        assert auth.logged_in(both.store, login.token) is not None
    both.clock.forward(minutes=20)
    assert auth.logged_in(both.store, login.token) is None


def test_a_page_that_only_listens_does_not_keep_a_login_alive(both, officer):
    login = log_in(both, officer)
    for minute in range(29):
        both.clock.forward(minutes=1)
        assert auth.logged_in(both.store, login.token, used=False) is not None, minute
    both.clock.forward(minutes=1)
    assert auth.logged_in(both.store, login.token, used=False) is None


def test_logins_that_ended_long_ago_are_forgotten(both, officer):
    log_in(both, officer)
    both.clock.forward(days=31)
    fresh = log_in(both, officer)
    both.do(SYSTEM, auth.forget_logins)
    with both.store.read() as work:
        assert [one.csrf for one in work.session.scalars(select(UserSession))] == [fresh.csrf]


def test_logging_out_ends_the_login_at_once(both, officer):
    login, other = log_in(both, officer), log_in(both, officer)
    auth.log_out(both.store, login.token)
    assert auth.logged_in(both.store, login.token) is None
    assert auth.logged_in(both.store, other.token) is not None


@pytest.mark.parametrize(
    "change",
    [
        auth.disable_user,
        lambda work, user: auth.set_password(work, user, "another long phrase"),
        lambda work, user: auth.set_roles(work, user, [Role.AUDITOR]),
    ],
    ids=["disabled", "new password", "other roles"],
)
def test_a_change_of_the_user_ends_all_logins(both, officer, change):
    login = log_in(both, officer)
    both.do(SYSTEM, change, officer.id)
    assert auth.logged_in(both.store, login.token) is None


def test_wrong_passwords_are_throttled_by_name_and_the_right_one_too_until_the_time_is_over(both, officer):
    for number in range(5):
        with pytest.raises(LoginError) as error:
            log_in(both, officer, "wrong", f"192.0.2.{number}")
        assert not error.value.throttled
    with pytest.raises(LoginError) as error:
        log_in(both, officer)
    assert error.value.throttled
    both.clock.forward(minutes=15, seconds=1)
    assert log_in(both, officer).user.id == officer.id


def test_many_names_from_one_address_are_throttled_too(world):
    for number in range(50):
        with pytest.raises(LoginError):
            auth.log_in(world.store, f"guess-{number}", "wrong", HERE)
    with pytest.raises(LoginError) as error:
        auth.log_in(world.store, "guess-50", "wrong", HERE)
    assert error.value.throttled


def test_a_right_password_forgets_the_wrong_ones_before(both, officer):
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(LoginError):
                log_in(both, officer, "wrong")
        log_in(both, officer)
    with both.store.read() as work:
        assert work.session.scalars(select(LoginAttempt)).all() == []


def test_an_unknown_name_and_a_wrong_password_are_refused_alike(both, officer):
    with pytest.raises(LoginError) as unknown:
        auth.log_in(both.store, "nobody", PASSWORD, HERE)
    with pytest.raises(LoginError) as wrong:
        log_in(both, officer, "wrong")
    assert str(unknown.value) == str(wrong.value)


def test_a_csrf_token_belongs_to_its_login(both, officer):
    mine, other = log_in(both, officer), log_in(both, officer)
    held = auth.logged_in(both.store, mine.token)
    assert auth.csrf_matches(held, mine.csrf)
    assert not auth.csrf_matches(held, other.csrf)
    assert not auth.csrf_matches(held, None)
    assert not auth.csrf_matches(held, "")


@pytest.mark.parametrize("officer_role", sorted(OFFICERS))
def test_nobody_is_administrator_and_officer(world, officer_role):
    with pytest.raises(InputError, match="cannot be administrator and officer"):
        world.person(Role.ADMINISTRATOR, officer_role)
    officer = world.person(officer_role)
    with pytest.raises(InputError):
        world.do(SYSTEM, auth.set_roles, officer.id, [officer_role, Role.ADMINISTRATOR])


BAD_USERS = {
    "no roles": {"roles": []},
    "a machine's role": {"roles": [Role.SYSTEM]},
    "a strange name": {"username": "a b"},
    "no name": {"username": ""},
    "a short password": {"password": "short"},
    "a password with the name in it": {"password": "xx-somebody-xx-2026"},
    "a password of one letter": {"password": "aaaaaaaaaaaaaaa"},
    "a dispatcher of no service": {"roles": [Role.SERVICE_DISPATCHER]},
    "an officer of a service": {"service": "102"},
    "an unknown service": {"roles": [Role.SERVICE_DISPATCHER], "service": "911"},
    "an unknown language": {"language": "xx"},
}


@pytest.mark.parametrize("changes", BAD_USERS.values(), ids=BAD_USERS)
def test_a_user_that_cannot_be_is_refused(world, changes):
    given = {"username": "somebody", "password": PASSWORD, "roles": [Role.POLICE_OFFICER], **changes}
    name, password, roles = (given.pop(key) for key in ("username", "password", "roles"))
    with pytest.raises(InputError):
        world.do(SYSTEM, auth.add_user, name, password, roles, **given)
    with world.store.read() as work:
        assert work.session.scalars(select(AppUser)).all() == []


def test_a_name_is_given_once(world):
    world.do(SYSTEM, auth.add_user, "somebody", PASSWORD, [Role.AUDITOR])
    with pytest.raises(InputError, match="taken"):
        world.do(SYSTEM, auth.add_user, "somebody", PASSWORD, [Role.AUDITOR])


@pytest.mark.parametrize("role", sorted(PERSON_ROLES - {Role.ADMINISTRATOR}))
def test_only_administrators_make_users(world, role):
    actor = world.person(role)
    with pytest.raises(AccessError):
        world.do(actor, auth.add_user, "friend", PASSWORD, [Role.AUDITOR])
    with pytest.raises(AccessError):
        world.do(actor, auth.set_password, world.person(Role.AUDITOR).id, "another long phrase")


def test_everybody_changes_his_own_password(both, officer):
    actor = both.person(Role.EVALUATOR)
    with pytest.raises(InputError, match="present password is wrong"):
        both.do(actor, auth.set_password, actor.id, "another long phrase", current="a guess")
    both.do(actor, auth.set_password, actor.id, "another long phrase", current=PASSWORD)
    with pytest.raises(NotFound):
        both.do(SYSTEM, auth.set_password, "nobody", "another long phrase")


def test_demo_users_exist_in_a_demo_store_only_and_get_new_passwords_each_time(world):
    with pytest.raises(ConfigError, match="demo store"):
        demo_users(world.store)
    with World(world.settings.model_copy(update={"home": world.settings.home / "demo"}), demo=True) as demo:
        first = demo_users(demo.store)
        again = demo_users(demo.store)
        assert first.keys() == again.keys()
        assert not set(first.values()) & set(again.values())
        with pytest.raises(LoginError):
            auth.log_in(demo.store, "officer", first["officer"], HERE)
        login = auth.log_in(demo.store, "officer", again["officer"], HERE)
        assert login.user.roles == {Role.POLICE_OFFICER}
        with demo.store.read() as work:
            assert len(work.session.scalars(select(UserSession)).all()) == 1
