"""The people of a demo installation: one user a role."""

from __future__ import annotations

import secrets
from typing import Any, Final

from sqlalchemy import select

from qyran.errors import ConfigError
from qyran.roles import SYSTEM, Role
from service.store.database import Store
from service.store.tables import AppUser
from service.users import add_user, set_password

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
