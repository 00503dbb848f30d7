"""Who may watch a camera: at most one machine at any moment, told by leases in the store.

A machine says every few seconds which cameras it wants, in one call: `beat`. The answer says which it holds, under
which epoch. A lease is in force until the next one begins; the next may begin where there is none, where the holder let
go, where it named an heir (or a controller did in its place), or where it was not heard of for as long as leases last.
What a machine saw after the next lease began counts no more (`service.cluster.fence`), so that even a machine that
knows nothing of its loss doubles nothing; a machine that is not answered stops by its own clock (`keeper`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import func, select

from qyran.errors import AccessError, InputError
from service.cluster.lease_clock import LeaseClock
from service.store.database import Work, utc_now
from service.store.lease_tables import CameraLease, LeaseHolder

TERM_LEAST_S: Final = 2.0
TERM_MOST_S: Final = 3600.0
CAMERAS_MOST: Final = 2000
"""Cameras of one machine."""
AHEAD_MOST_S: Final = 10 * 366 * 86_400.0

CameraId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
MachineName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Beat(BaseModel):
    """A machine's word.

    Attributes:
        session: of its home folder, a UUID.
        at: its clock as it speaks.
        ahead_s: how far its clock is ahead of the store's, as it measured by earlier answers; None at first.
        term_s: for how long it is sure of its leases after each answer.
        version: of its program.
        wants: the cameras it is to watch, with the epoch it watches each under; None where under none. Whatever else
            it holds is released.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    session: Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
    at: AwareDatetime
    ahead_s: Annotated[float | None, Field(ge=-AHEAD_MOST_S, le=AHEAD_MOST_S)] = None
    term_s: Annotated[float, Field(ge=TERM_LEAST_S, le=TERM_MOST_S)]
    version: Annotated[str, StringConstraints(max_length=32)]
    wants: Annotated[dict[CameraId, Annotated[int | None, Field(ge=1)]], Field(max_length=CAMERAS_MOST)]


class Standing(BaseModel):
    """How a machine stands with a camera it wants.

    Attributes:
        state: `held` under `epoch` since `since`; `waiting` for `holder`; `lost` where the epoch it named ended.
        epoch: of the lease in force.
        since: when that lease began, by the store's clock.
        holder: whose it is.
        ended: when the lease that it named ended.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    state: Literal["held", "waiting", "lost"]
    epoch: int
    since: datetime
    holder: str
    ended: datetime | None = None


class Answer(BaseModel):
    """What the store says to a beat.

    Attributes:
        now: the store's clock.
        ahead_s: how far the machine's clock counts as ahead of it.
        cameras: how the machine stands with each camera it wants.
        heir_to: cameras of others that were left to it and that it does not want yet.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    now: datetime
    ahead_s: float
    cameras: dict[str, Standing]
    heir_to: tuple[str, ...] = ()


def beat(work: Work, holder: str, word: Beat, clock: LeaseClock) -> Answer:
    """Take a machine's word: prolong what it holds, give it what is free, take back what it wants no more.

    Raises:
        AccessError: another program speaks in the machine's name.
    """
    now = store_now(work)
    clock.look(now)
    ahead_s = word.ahead_s if word.ahead_s is not None else (word.at - now).total_seconds()
    _hear(work, holder, word, ahead_s, now, clock)
    current = _current(work, set(word.wants))
    held = {row.camera_id: row for row in _of(work, holder)}
    for camera, row in held.items():
        if camera not in word.wants:
            row.released = True
    stands = {
        camera: _stand(work, holder, camera, epoch, current.get(camera), ahead_s=ahead_s, now=now, clock=clock)
        for camera, epoch in word.wants.items()
    }
    left = select(CameraLease.camera_id).where(CameraLease.ended.is_(None), CameraLease.heir == holder)
    heir_to = tuple(sorted(set(work.session.scalars(left)) - set(word.wants)))
    return Answer(now=now, ahead_s=ahead_s, cameras=stands, heir_to=heir_to)


def bequeath(work: Work, heirs: Mapping[str, str | None], *, holder: str | None = None) -> tuple[str, ...]:
    """Let other machines follow on cameras at once, without anything being missed in between.

    Until the heir is ready and takes the camera, the present holder goes on; what both see counts once.

    Args:
        work: the unit of work.
        heirs: who follows on which camera; None takes an heir back.
        holder: who asks; None is a controller, which may speak for all.

    Returns:
        The cameras for which it was noted; the others have no holder, and need no heir.

    Raises:
        AccessError: a camera is another machine's.
    """
    noted = []
    for camera, row in sorted(_current(work, set(heirs)).items()):
        if holder is not None and row.holder != holder:
            raise AccessError(f"The camera {camera} is not held by {holder}; only its holder leaves it to another.")
        row.heir = heirs[camera] if heirs[camera] != row.holder else None
        noted.append(camera)
    return tuple(noted)


def holder_of(work: Work, camera: str) -> str | None:
    """The machine that holds a camera; None where nobody does."""
    query = select(CameraLease.holder).where(CameraLease.camera_id == camera, CameraLease.ended.is_(None))
    return work.session.scalar(query)


def store_now(work: Work) -> datetime:
    """The store's clock: the database's own where many machines write into one, so that they need not agree."""
    if work.session.get_bind().dialect.name == "postgresql" and work.store.clock is utc_now:
        found: datetime | None = work.session.scalar(select(func.clock_timestamp()))
        if found is not None:
            return found
    return work.now


def _hear(work: Work, holder: str, word: Beat, ahead_s: float, now: datetime, clock: LeaseClock) -> None:
    row = work.session.get(LeaseHolder, holder, with_for_update=True)
    if row is None:
        row = LeaseHolder(name=holder, session=word.session, heard_at=now, until=now, term_s=word.term_s, beats=0)
        work.session.add(row)
    elif row.session != word.session and not clock.ended(holder, row.beats, row.until, row.term_s, now):
        raise AccessError(f"Another program speaks as {holder}; each machine needs a name and a token of its own.")
    row.session, row.heard_at, row.term_s = word.session, now, word.term_s
    row.until = now + timedelta(seconds=word.term_s)
    row.beats, row.ahead_s, row.version = row.beats + 1, ahead_s, word.version


def _stand(
    work: Work, holder: str, camera: str, epoch: int | None, row: CameraLease | None, *, ahead_s: float, now: datetime,
    clock: LeaseClock,
) -> Standing:  # fmt: skip
    """How a machine stands with a camera, after it got it where it may have it."""
    if row is not None and row.holder == holder and row.epoch == epoch and not row.released:
        return _held(row)
    mine = row is not None and row.holder == holder
    if row is None or mine or row.released or row.heir == holder or _silent(work, row.holder, now, clock):
        fresh = _begin(work, holder, camera, row, ahead_s=ahead_s, now=now)
        return _held(fresh)
    if epoch is None:
        return Standing(state="waiting", epoch=row.epoch, since=row.since, holder=row.holder)
    lost = work.session.get(CameraLease, (camera, epoch))
    ended = lost.ended if lost is not None else row.since
    return Standing(state="lost", epoch=row.epoch, since=row.since, holder=row.holder, ended=ended)


def _begin(
    work: Work, holder: str, camera: str, before: CameraLease | None, *, ahead_s: float, now: datetime
) -> CameraLease:
    """Begin the next term; the one before ends at the same moment."""
    since = now if before is None else max(now, before.since)  # a clock that was set back ends no term before it began
    if before is not None:
        before.ended, before.heir = since, None
        before.ahead_s = (
            work.session.scalar(select(LeaseHolder.ahead_s).where(LeaseHolder.name == before.holder)) or 0.0
        )
    epoch = 1 if before is None else before.epoch + 1
    row = CameraLease(camera_id=camera, epoch=epoch, holder=holder, since=since, ended=None, ahead_s=ahead_s)
    row.released, row.heir = False, None
    work.session.add(row)
    work.session.flush()
    return row


def _silent(work: Work, holder: str, now: datetime, clock: LeaseClock) -> bool:
    row = work.session.get(LeaseHolder, holder)
    return row is None or clock.ended(holder, row.beats, row.until, row.term_s, now)


def _current(work: Work, cameras: set[str]) -> dict[str, CameraLease]:
    """The leases in force, locked."""
    query = select(CameraLease).where(CameraLease.ended.is_(None), CameraLease.camera_id.in_(cameras))
    rows = work.session.scalars(query.order_by(CameraLease.camera_id).with_for_update())
    return {row.camera_id: row for row in rows}


def _of(work: Work, holder: str) -> list[CameraLease]:
    query = select(CameraLease).where(CameraLease.ended.is_(None), CameraLease.holder == holder)
    return list(work.session.scalars(query))


def _held(row: CameraLease) -> Standing:
    return Standing(state="held", epoch=row.epoch, since=row.since, holder=row.holder)


def check_machine(name: str) -> str:
    """A machine's name, checked.

    Raises:
        InputError: it is badly formed.
    """
    plain = name.replace(".", "").replace("-", "").replace("_", "")
    if not (1 <= len(name) <= 64 and plain.isascii() and plain.isalnum() and name[0].isalnum()):
        raise InputError("The name of a machine has 1 to 64 Latin letters, digits, dots, dashes or underscores.")
    return name
