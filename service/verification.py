"""What a citizen learns about a decision from its number and the code printed beside it.

No name, no address, no reading of a plate: whoever holds the paper knows them, whoever found the number does not. A
wrong code and an unknown number are answered alike, and wrong tries slow the next ones down.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import select

from qyran.errors import NotFound, QyranError
from qyran.roles import SYSTEM, Role
from service import fines
from service.access import log_access
from service.evidence_copies import CLIP, MaskedFile, ask, masked_clip, masked_pictures, ready
from service.records import evidence_of, load, name_of
from service.signing import check_code
from service.store.database import Store, Work
from service.store.fine_tables import Appeal, AppealResolution
from service.store.tables import Camera, Decision, Evidence, ViolationCase
from service.throttle import tried, waits_for

TRIES: Final = 10
"""Wrong tries of one address, or about one number, before the next has to wait."""
SHOWN_FOR: Final = timedelta(minutes=30)
"""How long the addresses of pictures hold after a right code."""


class TooManyTries(QyranError):
    """Too many wrong codes came from one address, or for one number."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """An answer to a complaint against a decision; `sha256` is of its signed document."""

    document_no: str
    signed_at: datetime
    sha256: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A decision as its page for citizens shows it.

    Attributes:
        case_id: for the masked pictures; it stands in no page.
        sha256: of the signed document, to compare a file with.
        cancelled: it is in force no more.
        fine_kzt: None for a warning.
        paid_tiyn, owed_tiyn, over_tiyn: its account.
        half_until, full_until, appeal_until: last days; None while not delivered or halted.
        appealed: an appeal runs.
        resolutions: answers to complaints, the oldest first.
    """

    case_id: str
    document_no: str
    signed_at: datetime
    sha256: str
    kind: str
    offence: str | None
    place: dict[str, str]
    occurred: datetime
    cancelled: bool
    fine_kzt: int | None
    paid_tiyn: int
    owed_tiyn: int
    over_tiyn: int
    half_until: date | None
    full_until: date | None
    appeal_until: date | None
    delivered: date | None
    appealed: bool
    resolutions: tuple[Resolved, ...] = ()


def check(store: Store, number: str, code: str, address: str) -> Checked:
    """The decision of a number, to whoever knows its code; the look is logged.

    Args:
        store: the open store.
        number: as it was typed; spaces and small letters do not matter.
        code: likewise; dashes do not matter either.
        address: of the network the request came from.

    Raises:
        TooManyTries: wait.
        NotFound: no decision has this number and code.
    """
    number = _plain(number)
    subjects = tuple(store.vault.token(f"check {what}") for what in (f"address {address}", f"number {number}"))
    with store.write(SYSTEM) as work:
        if any(waits_for(work, subject, TRIES) for subject in subjects):
            raise TooManyTries("Too many wrong codes; wait a few minutes.")
        found = _found(work, number, code)
        if found is None:
            tried(work, *subjects)
    if found is None:
        raise NotFound("No decision has this number and code.")
    return found


@dataclass(frozen=True, slots=True)
class Media:
    """Masked files of a decision's evidence; `clip_comes` while the masked clip is still being made."""

    event_id: str
    pictures: tuple[MaskedFile, ...]
    clip: MaskedFile | None
    clip_comes: bool
    until: int
    key: str


def media(store: Store, found: Checked) -> Media | None:
    """What may be shown of the evidence, and the key its addresses carry; None where nothing is kept any more."""
    with store.write(SYSTEM) as work:
        package = _package(work, found.case_id)
        if package is None:
            return None
        has_clip = any(entry["role"] == "clip" for entry in package.files)
        made = has_clip and ready(store, package, CLIP)
        if has_clip and not made:
            ask(work, package, CLIP)
    pictures = tuple(one for one in masked_pictures(store, package).values() if one.role == "still")
    until = int((store.clock() + SHOWN_FOR).timestamp())
    clip = masked_clip(store, package) if made else None
    return Media(package.event_id, pictures, clip, has_clip and not made, until, _key(store, package.event_id, until))


def media_file(store: Store, event_id: str, name: str, until: int, key: str) -> MaskedFile:
    """A masked file by its address.

    Raises:
        NotFound: the address is wrong or holds no more, or there is no such file.
    """
    right = hmac.compare_digest(key.encode(), _key(store, event_id, until).encode())
    if not right or datetime.fromtimestamp(until, UTC) < store.clock():
        raise NotFound("The address of the picture holds no more; check the decision again.")
    with store.read(SYSTEM) as work:
        package = work.session.get(Evidence, event_id)
    found: Sequence[MaskedFile] = ()
    if package is not None and not package.erased:
        found = list(masked_pictures(store, package).values())
        clip = masked_clip(store, package) if ready(store, package, CLIP) else None
        found += [clip] if clip else []
    for one in found:
        if one.name == name:
            return one
    raise NotFound("There is no such picture.")


def _package(work: Work, case_id: str) -> Evidence | None:
    whole = [one for one in evidence_of(work, [case_id]).get(case_id, []) if not one.erased and one.intact]
    return whole[0] if whole else None


def _key(store: Store, event_id: str, until: int) -> str:
    return store.vault.token(f"check picture {event_id} {until}")


def _found(work: Work, number: str, code: str) -> Checked | None:
    decision = _decision(work, number)
    right = _letters(check_code(work.store.vault, number))
    # Compared even where there is no such decision, so that the time tells nothing.
    same = hmac.compare_digest(right.encode(), _letters(code).encode())
    if decision is None or not same:
        return None
    row = load(work, ViolationCase, decision.case_id, lock=False)
    log_access(work, Role.SYSTEM, "decision_checked", row.id)
    now, camera = fines.standing(work, row), work.session.get(Camera, row.camera_id)
    ends = now.deadlines
    return Checked(
        case_id=row.id,
        document_no=decision.document_no,
        signed_at=decision.signed_at,
        sha256=decision.sha256,
        kind=row.kind,
        offence=row.offence,
        place=name_of(camera, row.camera_id),
        occurred=row.t_onset or row.t_detect,
        cancelled=row.t_cancelled is not None,
        fine_kzt=row.fine_kzt if row.penalty_kind == "fine" else None,
        paid_tiyn=now.balance.paid,
        owed_tiyn=now.balance.owed,
        over_tiyn=now.balance.over,
        half_until=ends.half_price if ends else None,
        full_until=ends.full if ends else None,
        appeal_until=ends.appeal if ends else None,
        delivered=now.delivered,
        appealed=now.appealed,
        resolutions=_resolved(work, row.id),
    )


def _decision(work: Work, number: str) -> Decision | None:
    """The decision of a number: its own, or that of a resolution on a complaint against it."""
    found = work.session.scalar(select(Decision).where(Decision.document_no == number))
    made = work.session.scalar(select(AppealResolution).where(AppealResolution.document_no == number))
    return found or (work.session.get(Decision, made.case_id) if made is not None else None)


def _resolved(work: Work, case_id: str) -> tuple[Resolved, ...]:
    query = select(AppealResolution, Appeal.outcome).join(Appeal, Appeal.id == AppealResolution.appeal_id)
    rows = work.session.execute(query.where(AppealResolution.case_id == case_id).order_by(AppealResolution.signed_at))
    return tuple(Resolved(made.document_no, made.signed_at, made.sha256, outcome or "") for made, outcome in rows)


def _plain(number: str) -> str:
    return "".join(number.split()).upper()


def _letters(code: str) -> str:
    """A code without what people put between its letters; O is 0 and I and L are 1, as in Crockford's base 32."""
    plain = "".join(one for one in code.upper() if one.isascii() and one.isalnum())
    return plain.translate(str.maketrans("OIL", "011"))
