"""What a citizen learns about a decision from its number and the code printed beside it.

No name, no address, no reading of a plate: whoever holds the paper knows them, whoever found the number does not. A
wrong code and an unknown number are answered alike, and wrong tries slow the next ones down.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select

from qyran.errors import NotFound, QyranError
from qyran.roles import SYSTEM, Role
from service import fines
from service.access import log_access
from service.records import load, name_of
from service.signing import check_code
from service.store.database import Store, Work
from service.store.tables import Camera, Decision, ViolationCase
from service.throttle import tried, waits_for

TRIES: Final = 10
"""Wrong tries of one address, or about one number, before the next has to wait."""


class TooManyTries(QyranError):
    """Too many wrong codes came from one address, or for one number."""


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


def _found(work: Work, number: str, code: str) -> Checked | None:
    decision = work.session.scalar(select(Decision).where(Decision.document_no == number))
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
    )


def _plain(number: str) -> str:
    return "".join(number.split()).upper()


def _letters(code: str) -> str:
    """A code without what people put between its letters; O is 0 and I and L are 1, as in Crockford's base 32."""
    plain = "".join(one for one in code.upper() if one.isascii() and one.isalnum())
    return plain.translate(str.maketrans("OIL", "011"))
