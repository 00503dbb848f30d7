"""The second factor of a person: offered, confirmed by a code, asked at each login; recovery codes for its loss.

A code is worth something once: the time step of the last one is kept, and it and those before are taken no more.
Recovery codes are 80 random bits, kept as keyed hashes, each good for one login.
"""

from __future__ import annotations

import base64
import io
import secrets
from dataclasses import dataclass
from typing import Final

import segno
from sqlalchemy import delete, func, select

from qyran.errors import InputError, TransitionError
from qyran.roles import Role
from service import totp
from service.access import require
from service.store.database import Work
from service.store.people_tables import RecoveryCode, UserSecurity
from service.users import KEEPERS, end_logins, load_user, note, security_of

TABLE: Final = UserSecurity.__tablename__
RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 10  # 80 bits, 16 signs of base 32
QR_SCALE: Final = 5  # pixels a module


@dataclass(frozen=True, slots=True)
class Offer:
    """A factor that is offered: shown once, to the person it is for."""

    secret: str
    uri: str
    qr: str


@dataclass(frozen=True, slots=True)
class Factor:
    """Whether a person has a second factor, and how many recovery codes are left."""

    enrolled: bool
    codes_left: int


def factor_of(work: Work, user_id: str) -> Factor:
    """What a person has."""
    row = work.session.get(UserSecurity, user_id)
    unused = select(func.count()).select_from(RecoveryCode)
    left = work.session.scalar(unused.where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))) or 0
    return Factor(row is not None and row.enrolled_at is not None, left)


def offer(work: Work) -> Offer:
    """A fresh secret for the actor; it holds once a code of it is given.

    Raises:
        TransitionError: the actor has a second factor; it goes first.
    """
    row = security_of(work, work.actor.id)
    if row.enrolled_at is not None:
        raise TransitionError("There is a second factor already; remove it before taking another.")
    secret = totp.new_secret()
    row.wrapped_key, row.sealed = work.store.vault.seal(row.user_id, 0, {"secret": secret}, table=TABLE)
    row.last_step = -1
    return shown(work, secret)


def offered(work: Work) -> Offer | None:
    """The secret that waits for its first code, None where none does."""
    row = work.session.get(UserSecurity, work.actor.id)
    if row is None or row.enrolled_at is not None or row.sealed is None:
        return None
    return shown(work, _secret(work, row))


def shown(work: Work, secret: str) -> Offer:
    """A secret as an authenticator takes it: by hand, by its URI, or by a QR code (an SVG)."""
    account = load_user(work, work.actor.id).username
    said = totp.uri(secret, account, f"Qyran {work.store.settings.city_name['en']}")
    picture = io.BytesIO()
    segno.make(said, error="m", micro=False).save(picture, kind="svg", border=4, scale=QR_SCALE, light="#fff")
    return Offer(secret, said, picture.getvalue().decode())


def enrol(work: Work, code: str) -> tuple[str, ...]:
    """Take the offered factor by its first code; the recovery codes, shown this once.

    Raises:
        TransitionError: none was offered.
        InputError: the code is not its.
    """
    row = security_of(work, work.actor.id)
    if row.enrolled_at is not None or row.sealed is None:
        raise TransitionError("No second factor was offered; begin again.")
    step = totp.matching_step(_secret(work, row), code, work.now)
    if step is None:
        raise InputError("The code is wrong; check the clock of the telephone and give the next one.")
    row.enrolled_at, row.last_step = work.now, step
    note(work, "second_factor_added", row.user_id)
    return _new_codes(work, row.user_id)


def renew_codes(work: Work, code: str) -> tuple[str, ...]:
    """Fresh recovery codes instead of those before, for a code of the factor.

    Raises:
        InputError: the code is wrong or was used.
    """
    if not accepts(work, work.actor.id, code):
        raise InputError("The code is wrong or was used already; give the next one.")
    note(work, "recovery_codes_made", work.actor.id)
    return _new_codes(work, work.actor.id)


def remove(work: Work, user_id: str, code: str | None = None) -> None:
    """Take a second factor away: one's own by a code of it, anybody's as administrator; ends that user's logins.

    Raises:
        AccessError: it is somebody else's.
        InputError: the code is wrong or was used.
        TransitionError: there is none.
    """
    own = work.actor.id == user_id and Role.SYSTEM not in work.actor.roles
    if not own:
        require(work.actor, KEEPERS)
    load_user(work, user_id)
    row = security_of(work, user_id)
    if row.enrolled_at is None:
        raise TransitionError("There is no second factor to remove.")
    if own and not accepts(work, user_id, code or ""):
        raise InputError("The code is wrong or was used already; give the next one.")
    row.wrapped_key = row.sealed = row.enrolled_at = None
    row.last_step = -1
    work.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    end_logins(work, user_id)
    note(work, "second_factor_removed", user_id)


def accepts(work: Work, user_id: str, code: str) -> bool:
    """Whether a code is good now, of the factor or for recovery; it is used up by this."""
    row = security_of(work, user_id)
    if row.enrolled_at is None or row.sealed is None:
        return False
    step = totp.matching_step(_secret(work, row), code, work.now, after=row.last_step)
    if step is not None:
        row.last_step = step
        return True
    spare = work.session.get(RecoveryCode, _hash(work, user_id, code), with_for_update=True)
    if spare is None or spare.user_id != user_id or spare.used_at is not None:
        return False
    spare.used_at = work.now
    return True


def _secret(work: Work, row: UserSecurity) -> str:
    assert row.wrapped_key is not None  # noqa: S101  both columns are written together
    assert row.sealed is not None  # noqa: S101
    return str(work.store.vault.open(row.user_id, 0, row.wrapped_key, row.sealed, table=TABLE)["secret"])


def _new_codes(work: Work, user_id: str) -> tuple[str, ...]:
    work.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    plain = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    work.session.add_all(
        RecoveryCode(code_hash=_hash(work, user_id, one), user_id=user_id, made_at=work.now) for one in plain
    )
    return tuple("-".join(one[start : start + 4] for start in range(0, len(one), 4)) for one in plain)


def _hash(work: Work, user_id: str, code: str) -> str:
    plain = code.upper().replace("-", "").replace(" ", "")
    return work.store.vault.token(f"recovery|{user_id}|{plain}")
