from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qyran.errors import AccessError, InputError, NotFound, TransitionError
from qyran.roles import SYSTEM, Role
from service import auth, passwords, second_factor, throttle, totp, users
from service.auth import LoginError
from service.denials import deny, end_denial
from service.settings import load_settings
from service.store.tables import AppUser
from tests.service.world import PASSWORD, World

HERE, THERE = "192.0.2.7", "198.51.100.1"

# RFC 6238, appendix B, eight digits: the seeds are these texts of 20, 32 and 64 bytes.
SEED = "12345678901234567890"
SEEDS = {"sha1": SEED, "sha256": (SEED * 2)[:32], "sha512": (SEED * 4)[:64]}
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]


@pytest.mark.parametrize(("second", "sha1", "sha256", "sha512"), VECTORS)
def test_codes_are_those_of_the_rfc(second, sha1, sha256, sha512):
    step = totp.step_of(datetime.fromtimestamp(second, UTC))
    told = [totp.hotp(SEEDS[name].encode(), step, 8, name) for name in SEEDS]
    assert told == [sha1, sha256, sha512]


@given(st.integers(0, 2**33), st.integers(-3, 3))
def test_a_code_holds_one_step_before_and_after_its_own_and_no_longer(second, away):
    secret = totp.new_secret()
    now = datetime.fromtimestamp(second + 120, UTC)
    code = totp.hotp(totp.key_of(secret), totp.step_of(now) + away)
    held = [totp.hotp(totp.key_of(secret), totp.step_of(now) + one) for one in (-1, 0, 1)]
    assert (totp.matching_step(secret, code, now) is not None) == (code in held)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "12 34"])
def test_what_is_no_code_is_never_one(code):
    assert totp.matching_step(totp.new_secret(), code, datetime.now(UTC)) is None


@pytest.fixture
def person(both):
    actor = both.person(Role.POLICE_OFFICER)
    both.username = name_of(both, actor)
    return actor


def name_of(world, actor) -> str:
    with world.store.read() as work:
        return work.session.get_one(AppUser, actor.id).username


def code_of(world, secret: str, steps: int = 0) -> str:
    return totp.hotp(totp.key_of(secret), totp.step_of(world.clock.now) + steps)


def enrolled(world, actor) -> tuple[str, tuple[str, ...]]:
    secret = world.do(actor, second_factor.offer).secret
    codes = world.do(actor, second_factor.enrol, code_of(world, secret))
    world.clock.forward(seconds=60)
    return secret, codes


def log_in(world, password: str = PASSWORD, address: str = HERE, **named) -> auth.Login:
    return auth.log_in(world.store, world.username, password, address, **named)


def test_after_the_password_a_login_opens_nothing_before_its_code(both, person):
    secret, _ = enrolled(both, person)
    waiting = log_in(both)
    assert waiting.waits
    assert auth.logged_in(both.store, waiting.token) is None
    login = auth.give_code(both.store, waiting.token, code_of(both, secret), HERE)
    assert login.token != waiting.token
    assert auth.logged_in(both.store, login.token).user.id == person.id
    assert auth.logged_in(both.store, waiting.token) is None


def test_a_used_code_is_worth_nothing_any_more(both, person):
    secret, _ = enrolled(both, person)
    code = code_of(both, secret)
    log_in(both, code=code)
    for again in (code, code_of(both, secret, -1)):
        with pytest.raises(LoginError, match="used already"):
            log_in(both, code=again)
    both.clock.forward(seconds=30)
    assert not log_in(both, code=code_of(both, secret)).waits


def test_the_code_that_enrolled_opens_no_login(both, person):
    secret = both.do(person, second_factor.offer).secret
    code = code_of(both, secret)
    both.do(person, second_factor.enrol, code)
    with pytest.raises(LoginError):
        log_in(both, code=code)


def test_a_recovery_code_opens_one_login(both, person):
    _, codes = enrolled(both, person)
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    assert not log_in(both, code=codes[0].lower()).waits
    with pytest.raises(LoginError):
        log_in(both, code=codes[0])
    assert both.do(person, second_factor.factor_of, person.id).codes_left == len(codes) - 1


def test_new_recovery_codes_end_the_old_ones(both, person):
    secret, old = enrolled(both, person)
    new = both.do(person, second_factor.renew_codes, code_of(both, secret))
    with pytest.raises(LoginError):
        log_in(both, code=old[1])
    assert not log_in(both, code=new[1]).waits


def test_wrong_codes_are_slowed_down_and_a_late_one_is_too_late(both, person):
    secret, _ = enrolled(both, person)
    waiting = log_in(both)
    for _ in range(both.settings.login_attempts):
        with pytest.raises(LoginError) as error:
            auth.give_code(both.store, waiting.token, "000000", HERE)
        assert not error.value.throttled
    with pytest.raises(LoginError) as error:
        auth.give_code(both.store, waiting.token, code_of(both, secret), HERE)
    assert error.value.throttled
    both.clock.forward(minutes=6)
    with pytest.raises(LoginError, match="has ended"):
        auth.give_code(both.store, waiting.token, code_of(both, secret), HERE)


def test_the_store_holds_neither_secret_nor_recovery_codes(world):
    actor = world.person(Role.AUDITOR)
    secret, codes = enrolled(world, actor)
    with world.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = (world.settings.home / "qyran.db").read_bytes()
    assert secret.encode() not in stored
    assert not [one for one in codes if one.encode() in stored or one.replace("-", "").encode() in stored]


def test_an_enrolment_takes_its_own_code_only_and_one_factor_at_a_time(both, person):
    with pytest.raises(TransitionError):
        both.do(person, second_factor.enrol, "123456")
    offered = both.do(person, second_factor.offer)
    assert offered.uri.startswith("otpauth://totp/Qyran")
    assert offered.qr.lstrip().startswith("<?xml")
    wrong = f"{(int(code_of(both, offered.secret)) + 1) % 10**6:06d}"
    with pytest.raises(InputError, match="clock of the telephone"):
        both.do(person, second_factor.enrol, wrong)
    both.do(person, second_factor.enrol, code_of(both, offered.secret))
    with pytest.raises(TransitionError, match="already"):
        both.do(person, second_factor.offer)


def test_a_factor_is_removed_by_its_code_or_by_the_administrator_and_ends_all_logins(both, person):
    secret, _ = enrolled(both, person)
    login = log_in(both, code=code_of(both, secret))
    with pytest.raises(InputError):
        both.do(person, second_factor.remove, person.id, "000000")
    with pytest.raises(AccessError):
        both.do(both.person(Role.AUDITOR), second_factor.remove, person.id)
    both.do(both.person(Role.ADMINISTRATOR), second_factor.remove, person.id)
    assert auth.logged_in(both.store, login.token) is None
    assert not log_in(both).waits


@pytest.mark.parametrize(
    ("given", "demo", "roles"),
    [
        ({}, False, set()),
        ({"public_url": "https://qyran.example.kz"}, False,
         {Role.POLICE_OFFICER, Role.SENIOR_OFFICER, Role.ADMINISTRATOR, Role.DATA_PROTECTION_OFFICER}),
        ({"public_url": "https://qyran.example.kz"}, True, set()),
        ({"public_url": "https://qyran.example.kz", "second_factor_roles": "none"}, False, set()),
        ({"second_factor_roles": "auditor, evaluator"}, True, {Role.AUDITOR, Role.EVALUATOR}),
    ],
)  # fmt: skip
def test_who_needs_a_second_factor_is_a_setting(tmp_path, given, demo, roles):
    assert load_settings(home=tmp_path, **given).second_factor_for(demo=demo) == roles


def test_who_needs_a_factor_and_has_none_can_only_take_one(settings):
    with World(settings.model_copy(update={"second_factor_roles": frozenset({Role.POLICE_OFFICER})})) as world:
        actor = world.person(Role.POLICE_OFFICER)
        world.username = name_of(world, actor)
        assert auth.logged_in(world.store, log_in(world).token).must == "second_factor"
        secret, _ = enrolled(world, actor)
        held = auth.logged_in(world.store, log_in(world, code=code_of(world, secret)).token)
        assert held.must is None


def test_a_password_somebody_else_chose_opens_nothing_but_its_change(both, person):
    both.do(both.person(Role.ADMINISTRATOR), users.set_password, person.id, "a phrase from upstairs")
    held = auth.logged_in(both.store, log_in(both, "a phrase from upstairs").token)
    assert held.must == "password"
    both.do(person, users.set_password, person.id, "my own tulip garden", current="a phrase from upstairs")
    assert auth.logged_in(both.store, log_in(both, "my own tulip garden").token).must is None


@pytest.mark.parametrize(
    "bad",
    ["short", "aaaaaaaaaaaaaaaa", "somebody-somebody", "abcabcabcabcabc", "qwertyuiopasdfgh", "123456789012345",
     "Password2026!", "йцукенгшщзхъ1", "qyranqyran2026"],
)  # fmt: skip
def test_what_is_guessed_soon_is_no_password(bad):
    with pytest.raises(InputError):
        passwords.check(bad, "somebody")


@given(st.text(alphabet=st.characters(categories=["L", "N", "P"]), min_size=24, max_size=60))
def test_a_long_password_of_many_signs_is_one(text):
    if len(set(text.casefold())) < 16:
        return
    passwords.check(text, "somebody-else-altogether")


def test_hashes_are_argon2id_of_the_parameters_of_rfc_9106_and_old_ones_are_made_anew(both, person, monkeypatch):
    assert (passwords.TIME_COST, passwords.MEMORY_KIB, passwords.LANES) == (3, 65536, 4)
    with both.store.read() as work:
        before = work.session.get_one(AppUser, person.id).password_hash
    assert before.startswith("$argon2id$")
    stronger = passwords.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", stronger)
    log_in(both)
    with both.store.read() as work:
        after = work.session.get_one(AppUser, person.id).password_hash
    assert re.search(r"m=16,t=2", after)
    assert not log_in(both).waits


def fail(world, count: int, username: str, address: str) -> list[bool]:
    told = []
    for _ in range(count):
        with pytest.raises(LoginError) as error:
            auth.log_in(world.store, username, "wrong", address)
        told.append(error.value.throttled)
    return told


def test_each_further_try_waits_twice_as_long(both, person):
    limit = both.settings.login_attempts
    assert fail(both, limit + 1, both.username, HERE) == [False] * limit + [True]
    for minutes in (1, 2, 4):
        both.clock.forward(minutes=minutes, seconds=-5)
        assert fail(both, 1, both.username, HERE) == [True]
        both.clock.forward(seconds=10)
        assert fail(both, 2, both.username, HERE) == [False, True]


def test_a_flood_from_elsewhere_does_not_lock_a_person_out_at_his_own_desk(both, person):
    log_in(both)
    for number in range(20):
        fail(both, 2, both.username, f"198.51.100.{number}")
    assert fail(both, 1, both.username, "203.0.113.9") == [True]
    assert log_in(both).user.id == person.id


def test_a_colleague_who_guesses_at_one_address_does_not_lock_the_station_out(both, person):
    log_in(both)
    for number in range(both.settings.login_attempts * throttle.SHARED_ADDRESS + 5):
        fail(both, 1, f"guess-{number}", HERE)
    assert fail(both, 1, "one-more", HERE) == [True]
    assert log_in(both).user.id == person.id


def test_a_person_sees_his_logins_and_ends_one(both, person):
    login, other = log_in(both, agent="Firefox"), log_in(both, address=THERE, agent="Chromium")
    held = auth.logged_in(both.store, login.token)
    found = both.do(person, auth.sessions, person.id, held.session_id)
    assert {(one.address, one.agent, one.current) for one in found} == {
        (HERE, "Firefox", True), (THERE, "Chromium", False),
    }  # fmt: skip
    far = next(one for one in found if not one.current)
    with pytest.raises(AccessError):
        both.do(both.person(Role.EVALUATOR), auth.end_session, far.id)
    both.do(person, auth.end_session, far.id)
    assert auth.logged_in(both.store, other.token) is None
    assert auth.logged_in(both.store, login.token) is not None
    with pytest.raises(NotFound):
        both.do(person, auth.end_session, "nowhere")


def test_an_administrator_ends_anybodys_login_and_nobody_changes_his_own_roles(both, person):
    login, keeper = log_in(both), both.person(Role.ADMINISTRATOR)
    (one,) = both.do(keeper, auth.sessions, person.id)
    both.do(keeper, auth.end_session, one.id)
    assert auth.logged_in(both.store, login.token) is None
    with pytest.raises(AccessError, match="his own roles"):
        both.do(keeper, users.set_roles, keeper.id, [Role.POLICE_OFFICER])


def test_a_denial_holds_from_the_next_request_and_ends(both, person):
    login, keeper = log_in(both), both.person(Role.ADMINISTRATOR)
    both.do(keeper, deny, person.id, "function", "passages", "an inquiry")
    vehicle = both.do(keeper, deny, person.id, "vehicle", "123 abc 02", "his own car")
    denied = auth.logged_in(both.store, login.token).user.actor.denied
    assert denied.functions == {"passages"}
    assert denied.vehicles == {both.store.vault.token("123ABC02")}
    both.do(keeper, end_denial, vehicle)
    assert auth.logged_in(both.store, login.token).user.actor.denied.vehicles == frozenset()
    with pytest.raises(NotFound):
        both.do(keeper, end_denial, vehicle)


BAD_DENIALS = {
    "an unknown function": ("function", "coffee", "a reason"), "an unknown kind": ("mood", "x", "a reason"),
    "no reason": ("territory", "medeu", ""), "no plate": ("vehicle", "!", "a reason"),
    "nothing": ("territory", "", "a reason"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "target", "ground"), BAD_DENIALS.values(), ids=BAD_DENIALS)
def test_a_denial_that_cannot_be_is_refused(world, kind, target, ground):
    actor = world.person(Role.POLICE_OFFICER)
    with pytest.raises(InputError):
        world.do(SYSTEM, deny, actor.id, kind, target, ground)


def test_a_place_is_forgotten_when_nobody_came_from_it_for_long(both, person):
    log_in(both)
    both.clock.forward(days=throttle.REMEMBERED / timedelta(days=1) + 1)
    both.do(SYSTEM, throttle.sweep)
    for number in range(6):
        fail(both, 1, both.username, f"198.51.100.{number}")
    assert fail(both, 1, both.username, HERE) == [True]
