"""Users, passwords and logins.

Passwords are hashed with Argon2id. A login is a random token whose SHA-256 the store keeps; it ends when idle, at its
absolute end, on logout, or when the user is disabled. Wrong passwords are throttled by name and by address.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select

from incidents.alert import SERVICES
from qyran.errors import AccessError, ConfigError, InputError, NotFound
from qyran.roles import MACHINE_ROLES, OFFICERS, SYSTEM, Actor, Role
from service.access import log_access, require
from service.i18n import LANGUAGES, Language
from service.store.database import Store, Work
from service.store.tables import AppUser, LoginAttempt, UserSession

SHORTEST: Final = 12  # characters of a password (NIST SP 800-63B asks for 8 at least, 15 where it stands alone)
LONGEST: Final = 256
TOKEN_BYTES: Final = 32
KEPT: Final = timedelta(days=30)
SHARED_ADDRESS: Final = 10  # a whole police station may come from one address
KEEPERS: Final = frozenset({Role.ADMINISTRATOR, Role.SYSTEM})
LOGIN_REFUSED: Final = "The name or the password is wrong, or the user is disabled."
LOGIN_THROTTLED: Final = "Too many wrong passwords; wait and try again."

_hasher = PasswordHasher()
_decoy = _hasher.hash(secrets.token_hex())


class LoginError(AccessError):
    """A login was refused; `throttled` says whether because of too many tries."""

    def __init__(self, message: str, *, throttled: bool) -> None:
        super().__init__(message)
        self.throttled = throttled


@dataclass(frozen=True, slots=True)
class Login:
    """A fresh login: `token` goes into the cookie and nowhere else."""

    token: str
    csrf: str
    expires_at: datetime
    user: User


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who can log in, as pages show it."""

    id: str
    username: str
    name: str
    roles: frozenset[Role]
    territories: frozenset[str]
    service: str | None
    language: Language
    disabled: bool

    @property
    def actor(self) -> Actor:
        """What use cases take."""
        return Actor(self.id, self.roles, self.territories, self.service)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A login that holds: its user and its CSRF token."""

    user: User
    csrf: str
    expires_at: datetime


def add_user(
    work: Work,
    username: str,
    password: str,
    roles: Iterable[Role],
    *,
    name: str | None = None,
    territories: Iterable[str] = (),
    service: str | None = None,
    position: dict[str, str] | None = None,
    language: Language = "kk",
) -> User:
    """Make a user; only an administrator or the command line (as the system) may.

    Raises:
        InputError: the name is taken or badly formed, the password too short, the roles do not go together.
    """
    require(work.actor, KEEPERS)
    given = frozenset(roles)
    _check_user(username, given, service, language)
    _check_password(password, username)
    if work.session.scalar(select(AppUser).where(AppUser.username == username)) is not None:
        raise InputError(f"The user name {username} is taken.")
    row = AppUser(
        id=str(uuid4()),
        username=username,
        name=name or username,
        password_hash=_hasher.hash(password),
        roles=sorted(given),
        territories=sorted(territories),
        service=service,
        position=position,
        language=language,
        disabled=False,
        created_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    _note(work, "user_added", row.id)
    return _user(row)


def set_password(work: Work, user_id: str, password: str) -> None:
    """Change a password (one's own, or anybody's as administrator) and end all logins of that user.

    Raises:
        InputError: the password is too short.
        AccessError: it is somebody else's.
        NotFound: there is no such user.
    """
    if work.actor.id != user_id:
        require(work.actor, KEEPERS)
    row = _row(work, user_id)
    _check_password(password, row.username)
    row.password_hash = _hasher.hash(password)
    _revoke_all(work, user_id)
    _note(work, "password_changed", user_id)


def set_roles(work: Work, user_id: str, roles: Iterable[Role]) -> User:
    """Change what a user may do, and end that user's logins.

    Raises:
        InputError: the roles do not go together.
        NotFound: there is no such user.
    """
    require(work.actor, KEEPERS)
    row = _row(work, user_id)
    given = frozenset(roles)
    _check_user(row.username, given, row.service, row.language)
    row.roles = sorted(given)
    _revoke_all(work, user_id)
    _note(work, "roles_changed", user_id)
    return _user(row)


def disable_user(work: Work, user_id: str) -> None:
    """Lock a user out at once; the user's name stays with what he did.

    Raises:
        NotFound: there is no such user.
    """
    require(work.actor, KEEPERS)
    _row(work, user_id).disabled = True
    _revoke_all(work, user_id)
    _note(work, "user_disabled", user_id)


def users(work: Work) -> list[User]:
    """All users by name."""
    require(work.actor, KEEPERS | {Role.AUDITOR})
    return [_user(row) for row in work.session.scalars(select(AppUser).order_by(AppUser.username))]


def names(work: Work, ids: Iterable[str | None]) -> dict[str, str]:
    """People's names by id, for lists and histories."""
    wanted = {one for one in ids if one}
    found = work.session.execute(select(AppUser.id, AppUser.name).where(AppUser.id.in_(wanted)))
    return {row.id: row.name for row in found}


def log_in(store: Store, username: str, password: str, address: str) -> Login:
    """Check a password and open a login.

    Args:
        store: the store.
        username: as typed.
        password: as typed.
        address: the network address it came from, for throttling.

    Raises:
        LoginError: wrong name or password, disabled user, or too many tries of this name or address.
    """
    settings = store.settings
    subjects = [store.vault.token(f"name:{username.casefold()}"), store.vault.token(f"address:{address}")]
    with store.write() as work:
        since = work.now - timedelta(minutes=settings.login_window_minutes)
        work.session.execute(delete(LoginAttempt).where(LoginAttempt.at < since))
        if _throttled(work, subjects, since):
            raise LoginError(LOGIN_THROTTLED, throttled=True)
        # A try counts before the slow hash is compared, so that many at once cannot slip through.
        work.session.add_all(LoginAttempt(subject=one, at=work.now) for one in subjects)
        row = work.session.scalar(select(AppUser).where(AppUser.username == username))
    right = _matches(row.password_hash if row is not None else _decoy, password)
    if row is None or not right or row.disabled:
        raise LoginError(LOGIN_REFUSED, throttled=False)
    with store.write(_user(row).actor) as work:
        work.session.execute(delete(LoginAttempt).where(LoginAttempt.subject.in_(subjects)))
        if _hasher.check_needs_rehash(row.password_hash):
            _row(work, row.id).password_hash = _hasher.hash(password)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        session = UserSession(
            token_hash=_sha256(token),
            user_id=row.id,
            csrf=secrets.token_hex(TOKEN_BYTES),
            created_at=work.now,
            seen_at=work.now,
            expires_at=work.now + timedelta(hours=settings.session_hours),
            revoked_at=None,
        )
        work.session.add(session)
        _note(work, "login", row.id)
    return Login(token, session.csrf, session.expires_at, _user(row))


def logged_in(store: Store, token: str | None, *, used: bool = True) -> LoggedIn | None:
    """Whose login a cookie's token is, if it still holds.

    Args:
        store: the store.
        token: from the cookie.
        used: whether a person is at work; a page that only listens does not keep a login alive.
    """
    if not token:
        return None
    with store.read() as work:
        found = work.session.execute(
            select(UserSession, AppUser)
            .join(AppUser, AppUser.id == UserSession.user_id)
            .where(UserSession.token_hash == _sha256(token))
        ).one_or_none()
        if found is None:
            return None
        session, row = found
        idle = timedelta(minutes=store.settings.session_idle_minutes)
        over = work.now >= session.expires_at or work.now - session.seen_at >= idle
        if over or session.revoked_at is not None or row.disabled:
            return None
        stale = work.now - session.seen_at >= timedelta(minutes=1)  # one write a minute is enough to measure idleness
    if used and stale:
        with store.write() as work:
            work.session.merge(session).seen_at = work.now
    return LoggedIn(_user(row), session.csrf, session.expires_at)


def log_out(store: Store, token: str | None) -> None:
    """End a login."""
    if not token:
        return
    with store.write() as work:
        session = work.session.get(UserSession, _sha256(token))
        if session is not None and session.revoked_at is None:
            session.revoked_at = work.now


def forget_logins(work: Work) -> None:
    """Remove logins that ended long ago; the access log keeps that they were."""
    work.session.execute(delete(UserSession).where(UserSession.expires_at < work.now - KEPT))


def csrf_matches(login: LoggedIn, given: str | None) -> bool:
    """Whether a form or header carried the login's CSRF token."""
    return given is not None and hmac.compare_digest(login.csrf.encode(), given.encode())


DEMO_USERS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("camera", {"roles": [Role.CAMERA_OPERATOR]}),
    ("officer", {"roles": [Role.POLICE_OFFICER]}),
    ("senior", {"roles": [Role.SENIOR_OFFICER]}),
    ("operator", {"roles": [Role.SITUATIONAL_OPERATOR]}),
    ("dispatcher", {"roles": [Role.SERVICE_DISPATCHER], "service": "101"}),
    ("evaluator", {"roles": [Role.EVALUATOR]}),
    ("administrator", {"roles": [Role.ADMINISTRATOR]}),
    ("auditor", {"roles": [Role.AUDITOR]}),
    ("protection", {"roles": [Role.DATA_PROTECTION_OFFICER]}),
)


def demo_users(store: Store) -> dict[str, str]:
    """One user a role in a demo store, each with a fresh random password (also where the users are there already).

    Raises:
        ConfigError: the store is not a demo store.
    """
    if not store.demo:
        raise ConfigError("Demo users exist only in a demo store; make users with `qyran user add`.")
    passwords = {name: secrets.token_urlsafe(12) for name, _ in DEMO_USERS}
    with store.write(SYSTEM) as work:
        known = {row.username: row.id for row in work.session.scalars(select(AppUser))}
        for name, given in DEMO_USERS:
            if name in known:
                set_password(work, known[name], passwords[name])
            else:
                add_user(work, name, passwords[name], name=f"Demo {name}", **given)
    return passwords


def _check_user(username: str, roles: frozenset[Role], service: str | None, language: str) -> None:
    plain = username.replace(".", "").replace("-", "").replace("_", "")
    if not (1 <= len(username) <= 64 and plain.isascii() and plain.isalnum()):
        raise InputError("A user name has 1 to 64 Latin letters, digits, dots, dashes or underscores.")
    if not roles or roles & MACHINE_ROLES:
        raise InputError("A user needs one or more of the roles that people have.")
    if Role.ADMINISTRATOR in roles and roles & OFFICERS:
        raise InputError("One person cannot be administrator and officer.")
    if (Role.SERVICE_DISPATCHER in roles) != (service is not None):
        raise InputError("A service dispatcher, and nobody else, belongs to a service.")
    if service is not None and service not in SERVICES:
        raise InputError(f"A dispatcher's service is one of {', '.join(SERVICES)}.")
    if language not in LANGUAGES:
        raise InputError(f"A user's language is one of {', '.join(LANGUAGES)}.")


def _check_password(password: str, username: str) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(f"A password has {SHORTEST} to {LONGEST} characters.")
    if username.casefold() in password.casefold() or len(set(password)) < 5:
        raise InputError("The password is too easy to guess; take several unrelated words.")


def _throttled(work: Work, subjects: list[str], since: datetime) -> bool:
    limit = work.store.settings.login_attempts
    tries = work.session.execute(
        select(LoginAttempt.subject, func.count().label("tries"))
        .where(LoginAttempt.subject.in_(subjects), LoginAttempt.at >= since)
        .group_by(LoginAttempt.subject)
    )
    made: dict[str, int] = {row.subject: row.tries for row in tries}
    by_name, by_address = (made.get(subject, 0) for subject in subjects)
    return by_name >= limit or by_address >= limit * SHARED_ADDRESS


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _revoke_all(work: Work, user_id: str) -> None:
    holding = select(UserSession).where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
    for session in work.session.scalars(holding):
        session.revoked_at = work.now


def _note(work: Work, action: str, user_id: str) -> None:
    log_access(work, min(work.actor.roles), action, user_id)


def _row(work: Work, user_id: str) -> AppUser:
    row = work.session.get(AppUser, user_id)
    if row is None:
        raise NotFound(f"There is no user {user_id}.")
    return row


def _user(row: AppUser) -> User:
    return User(
        row.id,
        row.username,
        row.name,
        frozenset(Role(one) for one in row.roles),
        frozenset(row.territories),
        row.service,
        row.language,  # type: ignore[arg-type]  # checked by `_check_user`
        row.disabled,
    )


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
