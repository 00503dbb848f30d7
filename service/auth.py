"""Logins: a password, where it is asked for a code, and a token that ends.

A login is a random token whose SHA-256 the store keeps; it ends when idle, at its absolute end, on logout, when
somebody ends it, or when the user is changed. Between a right password and its code a login opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy import delete, select

from qyran.errors import AccessError, NotFound
from qyran.roles import Role
from service import passwords, second_factor, throttle
from service.access import require
from service.denials import denied_to
from service.passwords import LONGEST
from service.store.database import Store, Work
from service.store.people_tables import UserSecurity
from service.store.tables import AppUser, Personal, UserSession
from service.throttle import SHARED_ADDRESS
from service.users import (
    KEEPERS,
    User,
    add_user,
    disable_user,
    load_user,
    names,
    note,
    set_password,
    set_roles,
    user_of,
    users,
)

__all__ = [
    "LONGEST", "SHARED_ADDRESS", "LoggedIn", "Login", "LoginError", "SessionView", "User", "add_user", "csrf_matches",
    "disable_user", "end_session", "forget_logins", "give_code", "log_in", "log_out", "logged_in", "names", "sessions",
    "set_password", "set_roles", "users",
]  # fmt: skip

TOKEN_BYTES: Final = 32
KEPT: Final = timedelta(days=30)
CODE_WITHIN: Final = timedelta(minutes=5)
"""A code has to follow the password within so long."""
AGENT_CHARS: Final = 200
LOGIN_REFUSED: Final = "The name or the password is wrong, or the user is disabled."
CODE_REFUSED: Final = "The code is wrong, or it was used already; give the next one."
CODE_LATE: Final = "The login has ended before its code came; begin again."
LOGIN_THROTTLED: Final = "Too many wrong passwords; wait and try again."

Must = Literal["password", "second_factor"]
"""What a login has to do before anything else: change its password, take a second factor."""


class LoginError(AccessError):
    """A login was refused; `throttled` says whether because of too many tries."""

    def __init__(self, message: str, *, throttled: bool = False) -> None:
        super().__init__(message)
        self.throttled = throttled


@dataclass(frozen=True, slots=True)
class Login:
    """A fresh login: `token` goes into the cookie and nowhere else; with `waits` it opens nothing before its code."""

    token: str
    csrf: str
    expires_at: datetime
    user: User
    waits: bool = False


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A login that holds: its user, its CSRF token, and what it has to do before anything else."""

    user: User
    csrf: str
    expires_at: datetime
    session_id: str = ""
    must: Must | None = None


@dataclass(frozen=True, slots=True)
class SessionView:
    """A login as lists show it."""

    id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    current: bool


def log_in(
    store: Store, username: str, password: str, address: str, *, code: str | None = None, agent: str = ""
) -> Login:
    """Check a password and open a login; where the person has a second factor, one that waits for its code.

    Args:
        store: the store.
        username: as typed.
        password: as typed.
        address: the network address it came from, for throttling.
        code: of the second factor, where it is given at once.
        agent: what the browser says of itself, for the list of logins.

    Raises:
        LoginError: wrong name, password or code, disabled user, or too many tries of this name or address.
    """
    tried = throttle.subjects(store, username, address)
    with store.write() as work:
        throttle.sweep(work)
        if throttle.waits(work, tried):
            raise LoginError(LOGIN_THROTTLED, throttled=True)
        # A try counts before the slow hash is compared, so that many at once cannot slip through.
        throttle.tried(work, *tried.all)
        row = work.session.scalar(select(AppUser).where(AppUser.username == username))
    right = passwords.matches(row.password_hash if row is not None else None, password)
    if row is None or not right or row.disabled:
        raise LoginError(LOGIN_REFUSED)
    with store.write(user_of(row).actor) as work:
        throttle.forget(work, *tried.all)
        if passwords.outdated(row.password_hash):
            load_user(work, row.id).password_hash = passwords.hashed(password)
        if second_factor.factor_of(work, row.id).enrolled:
            login = _open(work, row, address, agent, waits=True)
        else:
            throttle.remember(work, tried.place)
            login = _open(work, row, address, agent)
    return login if code is None or not login.waits else give_code(store, login.token, code, address, agent=agent)


def give_code(store: Store, token: str | None, code: str, address: str, *, agent: str = "") -> Login:
    """Open the login whose password was right by the code of its second factor.

    Raises:
        LoginError: the code is wrong or was used, the login has ended, or there were too many tries.
    """
    with store.write() as work:
        waiting = work.session.get(UserSession, _sha256(token or ""))
        if waiting is None or waiting.stage != "code" or waiting.revoked_at or work.now >= waiting.expires_at:
            raise LoginError(CODE_LATE)
        row = load_user(work, waiting.user_id)
        subject = store.vault.token(f"code:{row.id}|{address}")
        if throttle.waits_for(work, subject, store.settings.login_attempts):
            raise LoginError(LOGIN_THROTTLED, throttled=True)
        throttle.tried(work, subject)
    with store.write(user_of(row).actor) as work:
        waiting = work.session.get_one(UserSession, _sha256(token or ""), with_for_update=True)
        right = waiting.revoked_at is None and not row.disabled and second_factor.accepts(work, row.id, code)
        if right:
            waiting.revoked_at = work.now
            throttle.forget(work, subject)
            throttle.remember(work, throttle.subjects(store, row.username, address).place)
            return _open(work, row, address, agent)
    raise LoginError(CODE_REFUSED)


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
            select(UserSession, AppUser, UserSecurity)
            .join(AppUser, AppUser.id == UserSession.user_id)
            .outerjoin(UserSecurity, UserSecurity.user_id == AppUser.id)
            .where(UserSession.token_hash == _sha256(token), UserSession.stage == "full")
        ).one_or_none()
        if found is None:
            return None
        session, row, security = found
        idle = timedelta(minutes=store.settings.session_idle_minutes)
        over = work.now >= session.expires_at or work.now - session.seen_at >= idle
        if over or session.revoked_at is not None or row.disabled:
            return None
        stale = work.now - session.seen_at >= timedelta(minutes=1)  # one write a minute is enough to measure idleness
        user = user_of(row, denied_to(work.session, row.id))
    if used and stale:
        with store.write() as work:
            work.session.merge(session).seen_at = work.now
    return LoggedIn(user, session.csrf, session.expires_at, session.id or "", _must(store, user, security))


def log_out(store: Store, token: str | None) -> None:
    """End a login."""
    if not token:
        return
    with store.write() as work:
        session = work.session.get(UserSession, _sha256(token))
        if session is not None and session.revoked_at is None:
            session.revoked_at = work.now


def sessions(work: Work, user_id: str, current: str = "") -> tuple[SessionView, ...]:
    """The logins of a user that hold, the last used first: one's own, or anybody's as administrator.

    Raises:
        AccessError: they are somebody else's.
    """
    if work.actor.id != user_id:
        require(work.actor, KEEPERS | {Role.AUDITOR})
    idle = work.now - timedelta(minutes=work.store.settings.session_idle_minutes)
    query = select(UserSession).where(
        UserSession.user_id == user_id,
        UserSession.revoked_at.is_(None),
        UserSession.expires_at > work.now,
        UserSession.seen_at > idle,
        UserSession.stage == "full",
    )
    return tuple(_view(work, row, current) for row in work.session.scalars(query.order_by(UserSession.seen_at.desc())))


def end_session(work: Work, session_id: str) -> None:
    """End one login: one's own, or anybody's as administrator.

    Raises:
        AccessError: it is somebody else's.
        NotFound: there is no such login.
    """
    row = work.session.scalar(select(UserSession).where(UserSession.id == session_id))
    if row is None:
        raise NotFound("There is no such login, or it has ended.")
    if row.user_id != work.actor.id:
        require(work.actor, KEEPERS)
    if row.revoked_at is None:
        row.revoked_at = work.now
        note(work, "login_ended", row.user_id)


def forget_logins(work: Work) -> None:
    """Remove logins that ended long ago; the access log keeps that they were."""
    over = select(UserSession.id).where(UserSession.expires_at < work.now - KEPT)
    gone = [one for one in work.session.scalars(over) if one]
    work.session.execute(delete(Personal).where(Personal.record.in_(gone)))
    work.session.execute(delete(UserSession).where(UserSession.expires_at < work.now - KEPT))


def csrf_matches(login: LoggedIn, given: str | None) -> bool:
    """Whether a form or header carried the login's CSRF token."""
    return given is not None and hmac.compare_digest(login.csrf.encode(), given.encode())


def _open(work: Work, row: AppUser, address: str, agent: str, *, waits: bool = False) -> Login:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    lives = CODE_WITHIN if waits else timedelta(hours=work.store.settings.session_hours)
    session = UserSession(
        token_hash=_sha256(token),
        user_id=row.id,
        csrf=secrets.token_hex(TOKEN_BYTES),
        created_at=work.now,
        seen_at=work.now,
        expires_at=work.now + lives,
        revoked_at=None,
        id=str(uuid4()),
        stage="code" if waits else "full",
    )
    work.session.add(session)
    if not waits:
        said = {"payload": {"address": address, "agent": agent[:AGENT_CHARS]}}
        wrapped, sealed = work.store.vault.seal(str(session.id), 0, said)
        work.session.add(Personal(record=str(session.id), seq=0, wrapped_key=wrapped, sealed=sealed))
        note(work, "login", row.id)
    return Login(token, session.csrf, session.expires_at, user_of(row), waits)


def _must(store: Store, user: User, security: UserSecurity | None) -> Must | None:
    if security is not None and security.must_change:
        return "password"
    enrolled = security is not None and security.enrolled_at is not None
    return "second_factor" if user.roles & store.settings.second_factor_for(demo=store.demo) and not enrolled else None


def _view(work: Work, row: UserSession, current: str) -> SessionView:
    item = work.session.get(Personal, (str(row.id), 0))
    said: dict[str, Any] = {}
    if item is not None and item.wrapped_key is not None and item.sealed is not None:
        said = work.store.vault.open(str(row.id), 0, item.wrapped_key, item.sealed)["payload"]
    address, agent = str(said.get("address", "")), str(said.get("agent", ""))
    return SessionView(
        str(row.id), row.created_at, row.seen_at, row.expires_at, address, agent, row.id == current and bool(current)
    )


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
