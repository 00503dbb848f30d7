"""The register of protected objects: entered, changed and taken out, each state kept with who made it and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import or_, select

from qyran.errors import InputError, NotFound, TransitionError
from qyran.roles import Role
from service.access import log_access, require
from service.auth import names
from service.protected_objects import sealed
from service.protected_objects.model import Contact, Details, ObjectBody, Plan, VersionLine
from service.store.database import CHANGED_MEANWHILE, Work
from service.store.sensor_tables import ObjectVersion, ProtectedObject
from service.store.tables import Camera

KEEPERS: Final = frozenset({Role.ADMINISTRATOR, Role.SYSTEM})
"""Who enters and changes objects by hand; whole files come through the evaluator's imports."""
READERS: Final = frozenset({Role.SITUATIONAL_OPERATOR, Role.ADMINISTRATOR, Role.AUDITOR, Role.SYSTEM})
"""Who sees every object; a dispatcher sees those of his own open alerts."""
BY_HAND: Final = "hand"
LARGEST_PLAN: Final = 8 * 1024 * 1024
PLAN_BEGINS: Final[Mapping[bytes, str]] = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
CONTACTS_KEPT: Final = timedelta(days=365)
"""How long contacts of a state that stands no more are kept; then their key is destroyed."""
COLUMNS: Final = ("kind", "since", "until", "station", "cameras")


@dataclass(frozen=True, slots=True)
class Standing:
    """An object as it stands."""

    row: ProtectedObject
    details: Details
    contacts: tuple[Contact, ...]

    @property
    def body(self) -> ObjectBody:
        """As somebody would enter it."""
        columns = {name: getattr(self.row, name) for name in COLUMNS}
        return ObjectBody.model_validate(
            {**columns, "cameras": tuple(self.row.cameras), "details": self.details, "contacts": self.contacts}
        )


def add(work: Work, object_id: str, body: ObjectBody, reason: str | None = None) -> ProtectedObject:
    """Enter an object.

    Raises:
        AccessError: the actor keeps no register.
        InputError: the id is taken, or a camera is none of the city's.
    """
    role = require(work.actor, KEEPERS)
    if work.session.get(ProtectedObject, object_id) is not None:
        raise InputError(f"There is an object {object_id} already; change it.")
    _check_cameras(work, body.cameras)
    row = write(work, object_id, body, BY_HAND, reason)
    log_access(work, role, "object_entered", object_id)
    return row


def change(
    work: Work, object_id: str, body: ObjectBody, *, version: int | None = None, reason: str | None = None
) -> ProtectedObject:
    """Give an object another state.

    Raises:
        AccessError: the actor keeps no register.
        NotFound: there is no such object.
        TransitionError: it has changed since the actor saw it.
        InputError: a camera is none of the city's.
    """
    role = require(work.actor, KEEPERS)
    row = load(work, object_id, lock=True)
    if version is not None and row.version != version:
        raise TransitionError(CHANGED_MEANWHILE)
    _check_cameras(work, [one for one in body.cameras if one not in row.cameras])
    write(work, object_id, body, BY_HAND, reason)
    log_access(work, role, "object_changed", object_id)
    return row


def write(work: Work, object_id: str, body: ObjectBody, origin: str, reason: str | None) -> ProtectedObject:
    """Append a version and let the object stand at it; whoever calls has checked the roles."""
    row = work.session.get(ProtectedObject, object_id)
    number = last_number(work, object_id) + 1
    made = ObjectVersion(
        id=str(uuid4()),
        object_id=object_id,
        number=number,
        at=work.now,
        by=work.actor.id,
        reason=(reason or "").strip()[:255] or None,
        origin=origin,
        gone=False,
        contacts_erased_at=None,
        **_columns(body),
    )
    work.session.add(made)
    sealed.seal(work, made.id, body.details, body.contacts)
    if row is None:
        row = ProtectedObject(id=object_id, registered_at=work.now)
        work.session.add(row)
    for name, value in _columns(body).items():
        setattr(row, name, value)
    row.version_id, row.version, row.origin, row.changed_at = made.id, number, origin, work.now
    work.session.flush()
    return row


def last_number(work: Work, object_id: str) -> int:
    """Number of an object's newest version, 0 without one; an object that was taken out goes on counting."""
    query = select(ObjectVersion.number).where(ObjectVersion.object_id == object_id)
    return work.session.scalar(query.order_by(ObjectVersion.number.desc()).limit(1)) or 0


def load(work: Work, object_id: str, *, lock: bool = False) -> ProtectedObject:
    """An object's row.

    Raises:
        NotFound: there is none.
    """
    query = select(ProtectedObject).where(ProtectedObject.id == object_id)
    row = work.session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(f"There is no object {object_id[:64]}.")
    return row


def standing(work: Work, object_id: str) -> Standing:
    """An object with all that is restricted; whoever calls decides what of it is shown, and logs the look.

    Raises:
        NotFound: there is none.
    """
    row = load(work, object_id)
    details = sealed.details_of(work, [row.version_id]).get(row.version_id, Details())
    return Standing(row, details, sealed.contacts_of(work, row.version_id))


def history(work: Work, object_id: str) -> tuple[VersionLine, ...]:
    """All states of an object, the newest first, each with what it changed."""
    query = select(ObjectVersion).where(ObjectVersion.object_id == object_id).order_by(ObjectVersion.number)
    rows = work.session.scalars(query).all()
    people = names(work, [one.by for one in rows])
    details = sealed.details_of(work, [one.id for one in rows])
    found: list[VersionLine] = []
    before: ObjectVersion | None = None
    for row in rows:
        changed = () if before is None else _changed(work, before, row, details)
        found.append(
            VersionLine(
                number=row.number,
                at=row.at,
                by=row.by,
                by_name=people.get(row.by, row.by),
                origin=BY_HAND if row.origin == BY_HAND else "import",
                reason=row.reason,
                changed=changed,
            )
        )
        before = row
    return tuple(reversed(found))


def attach_plan(work: Work, object_id: str, name: str, data: bytes, *, version: int | None = None) -> ProtectedObject:
    """Put a plan of the floors to an object.

    Raises:
        InputError: it is no PDF, PNG or JPEG, empty or too large.
    """
    require(work.actor, KEEPERS)
    media = next((kind for begins, kind in PLAN_BEGINS.items() if data.startswith(begins)), None)
    if media is None or len(data) > LARGEST_PLAN:
        raise InputError(f"A plan is a PDF, PNG or JPEG of at most {LARGEST_PLAN // 2**20} MiB.")
    body = standing(work, object_id).body
    plan = Plan.model_validate(
        {"id": str(uuid4()), "name": name.strip()[-255:] or "plan", "media": media, "bytes": len(data)}
    )
    sealed.keep_file(work, plan.id, data)
    changed = body.model_copy(update={"details": body.details.model_copy(update={"plan": plan})})
    return change(work, object_id, changed, version=version, reason="plan")


def forget_contacts(work: Work) -> int:
    """Destroy contacts of states that have not stood for a year; how many."""
    old = (
        select(ObjectVersion)
        .outerjoin(ProtectedObject, ProtectedObject.version_id == ObjectVersion.id)
        .where(
            ObjectVersion.contacts_erased_at.is_(None),
            ObjectVersion.at < work.now - CONTACTS_KEPT,
            ProtectedObject.id.is_(None),
        )
    )
    count = 0
    for row in work.session.scalars(old).all():
        following = select(ObjectVersion.at).where(
            ObjectVersion.object_id == row.object_id, ObjectVersion.number == row.number + 1
        )
        replaced = work.session.scalar(following)
        if replaced is not None and replaced < work.now - CONTACTS_KEPT:
            sealed.destroy_contacts(work, row.id)
            row.contacts_erased_at = work.now
            count += 1
    return count


def in_register(work: Work) -> list[ProtectedObject]:
    """Objects that stand in the register now, by id."""
    now = work.now
    query = select(ProtectedObject).where(or_(ProtectedObject.until.is_(None), ProtectedObject.until >= now))
    return list(work.session.scalars(query.order_by(ProtectedObject.id)))


def _columns(body: ObjectBody) -> dict[str, Any]:
    return {name: getattr(body, name) for name in COLUMNS[:-1]} | {"cameras": list(body.cameras)}


def _check_cameras(work: Work, cameras: Sequence[str]) -> None:
    known = set(work.session.scalars(select(Camera.id).where(Camera.id.in_(cameras)))) if cameras else set()
    strange = next((one for one in cameras if one not in known), None)
    if strange is not None:
        raise InputError(f"There is no camera {strange}; register it first.")


def _changed(work: Work, before: ObjectVersion, row: ObjectVersion, details: Mapping[str, Details]) -> tuple[str, ...]:
    found = [name for name in COLUMNS if getattr(before, name) != getattr(row, name)]
    one, other = details.get(before.id, Details()), details.get(row.id, Details())
    found += [name for name in Details.model_fields if getattr(one, name) != getattr(other, name)]
    if before.contacts_erased_at is None and row.contacts_erased_at is None:
        people = sealed.contacts_of(work, before.id), sealed.contacts_of(work, row.id)
        found += ["contacts"] if people[0] != people[1] else []
    return (*found, "gone") if row.gone else tuple(found)
