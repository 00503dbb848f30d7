"""Users: who there is, what each may do, and how an administrator changes that; every change ends the user's logins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from unicodedata import category, normalize
from uuid import uuid4

from sqlalchemy import select

from incidents.alert import SERVICES
from qyran.errors import AccessError, InputError, NotFound
from qyran.roles import NOTHING_DENIED, Actor, Denied, Role, conflict
from service import passwords
from service.access import log_access, require
from service.i18n import LANGUAGES, Language
from service.store.database import Work
from service.store.people_tables import UserSecurity
from service.store.tables import AppUser, UserSession

KEEPERS: Final = frozenset({Role.ADMINISTRATOR, Role.SYSTEM})
READERS: Final = KEEPERS | {Role.AUDITOR}


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
    denied: Denied = NOTHING_DENIED

    @property
    def actor(self) -> Actor:
        """What use cases take."""
        return Actor(self.id, self.roles, self.territories, self.service, self.denied)


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

    A password that an administrator chose opens nothing but its own change.

    Raises:
        InputError: the name is taken or badly formed, the password too short, the roles do not go together.
    """
    require(work.actor, KEEPERS)
    given = frozenset(roles)
    _check_user(username, given, service, language)
    _check_name(name or username)
    passwords.check(password, username)
    if work.session.scalar(select(AppUser).where(AppUser.username == username)) is not None:
        raise InputError(f"The user name {username} is taken.")
    row = AppUser(
        id=str(uuid4()),
        username=username,
        name=name or username,
        password_hash=passwords.hashed(password),
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
    _password_set(work, row.id)
    note(work, "user_added", row.id)
    return user_of(row)


def set_password(work: Work, user_id: str, password: str, *, current: str | None = None) -> None:
    """Change a password (one's own, or anybody's as administrator) and end all logins of that user.

    Args:
        work: the unit of work.
        user_id: whose.
        password: the new one.
        current: the one that holds; one's own is changed with it only.

    Raises:
        InputError: the password is too easy or the same as before, or the present one is wrong.
        AccessError: it is somebody else's.
        NotFound: there is no such user.
    """
    own = work.actor.id == user_id
    if not own:
        require(work.actor, KEEPERS)
    row = load_user(work, user_id)
    if own and not passwords.matches(row.password_hash, current or ""):
        raise InputError("The present password is wrong.")
    passwords.check(password, row.username)
    if passwords.matches(row.password_hash, password):
        raise InputError("The new password is the one that holds already; take another.")
    row.password_hash = passwords.hashed(password)
    _password_set(work, user_id)
    end_logins(work, user_id)
    note(work, "password_changed", user_id)


def set_roles(work: Work, user_id: str, roles: Iterable[Role], territories: Iterable[str] | None = None) -> User:
    """Change what a user may do, and where, and end that user's logins.

    Raises:
        InputError: the roles do not go together.
        AccessError: the actor is no administrator, or it is himself.
        NotFound: there is no such user.
    """
    require(work.actor, KEEPERS)
    if work.actor.id == user_id:
        raise AccessError("Nobody changes his own roles; another administrator does.")
    row = load_user(work, user_id)
    given = frozenset(roles)
    _check_user(row.username, given, row.service, row.language)
    row.roles = sorted(given)
    if territories is not None:
        row.territories = sorted(territories)
    end_logins(work, user_id)
    note(work, "roles_changed", user_id)
    return user_of(row)


def disable_user(work: Work, user_id: str) -> None:
    """Lock a user out at once; the user's name stays with what he did.

    Raises:
        NotFound: there is no such user.
    """
    require(work.actor, KEEPERS)
    load_user(work, user_id).disabled = True
    end_logins(work, user_id)
    note(work, "user_disabled", user_id)


def enable_user(work: Work, user_id: str, password: str) -> None:
    """Let a user in again, with a new password that he has to change.

    Raises:
        InputError: the password is too easy.
        NotFound: there is no such user.
    """
    require(work.actor, KEEPERS)
    set_password(work, user_id, password)
    load_user(work, user_id).disabled = False
    note(work, "user_enabled", user_id)


def users(work: Work) -> list[User]:
    """All users by name."""
    require(work.actor, READERS)
    return [user_of(row) for row in work.session.scalars(select(AppUser).order_by(AppUser.username))]


def names(work: Work, ids: Iterable[str | None]) -> dict[str, str]:
    """People's names by id, for lists and histories."""
    wanted = {one for one in ids if one}
    found = work.session.execute(select(AppUser.id, AppUser.name).where(AppUser.id.in_(wanted)))
    return {row.id: row.name for row in found}


def end_logins(work: Work, user_id: str) -> None:
    """End every login of a user."""
    holding = select(UserSession).where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
    for session in work.session.scalars(holding):
        session.revoked_at = work.now


def security_of(work: Work, user_id: str) -> UserSecurity:
    """How a user proves who he is; made where there is no such row yet."""
    row = work.session.get(UserSecurity, user_id, with_for_update=True)
    if row is None:
        row = UserSecurity(user_id=user_id, last_step=-1, must_change=False)
        work.session.add(row)
        work.session.flush()
    return row


def load_user(work: Work, user_id: str) -> AppUser:
    """A user's row.

    Raises:
        NotFound: there is none.
    """
    row = work.session.get(AppUser, user_id)
    if row is None:
        raise NotFound(f"There is no user {user_id}.")
    return row


def user_of(row: AppUser, denied: Denied = NOTHING_DENIED) -> User:
    """A row as a user."""
    return User(
        row.id,
        row.username,
        row.name,
        frozenset(Role(one) for one in row.roles),
        frozenset(row.territories),
        row.service,
        row.language,  # type: ignore[arg-type]  # checked by `_check_user`
        row.disabled,
        denied,
    )


def note(work: Work, action: str, user_id: str) -> None:
    """Write down that somebody changed something about a user."""
    log_access(work, min(work.actor.roles), action, user_id)


def _password_set(work: Work, user_id: str) -> None:
    row = security_of(work, user_id)
    row.password_at = work.now
    row.must_change = Role.ADMINISTRATOR in work.actor.roles and work.actor.id != user_id


def _check_name(name: str) -> None:
    """A name is shown beside what somebody decided: nothing in it may hide, turn round or break a line."""
    if not name.isprintable() or any(category(sign) in {"Cf", "Mn"} for sign in normalize("NFC", name)):
        raise InputError("A person's name has printable letters only, none that is invisible or turns the line round.")


def _check_user(username: str, roles: frozenset[Role], service: str | None, language: str) -> None:
    plain = username.replace(".", "").replace("-", "").replace("_", "")
    if not (1 <= len(username) <= 64 and plain.isascii() and plain.isalnum()):
        raise InputError("A user name has 1 to 64 Latin letters, digits, dots, dashes or underscores.")
    why = conflict(roles)
    if why is not None:
        raise InputError(why)
    if (Role.SERVICE_DISPATCHER in roles) != (service is not None):
        raise InputError("A service dispatcher, and nobody else, belongs to a service.")
    if service is not None and service not in SERVICES:
        raise InputError(f"A dispatcher's service is one of {', '.join(SERVICES)}.")
    if language not in LANGUAGES:
        raise InputError(f"A user's language is one of {', '.join(LANGUAGES)}.")
