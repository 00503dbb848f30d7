"""Asking the vehicle register whose the vehicle is: only for a case the officer has open, and stored sealed."""

from __future__ import annotations

from typing import Any

from qyran.errors import NotFound, TransitionError
from qyran.roles import OFFICERS, Actor
from service.access import log_access, require
from service.case_choice import correct_plate
from service.cases import open_case
from service.plates import normal, of_kazakhstan
from service.ports.vehicles import VehicleRegister
from service.records import load
from service.store.database import Store, Work
from service.store.events import append_event, facts_of
from service.store.people_tables import SubjectRecord
from service.store.tables import ViolationCase
from service.views import CaseDetail
from violations.case import CaseState


def load_owner(
    store: Store,
    actor: Actor,
    case_id: str,
    register: VehicleRegister,
    *,
    plate: str | None = None,
    version: int | None = None,
) -> CaseDetail:
    """Ask the register for the owner on the day of the violation and keep the answer in the case.

    Nobody else has to wait while the register thinks: it is asked between two transactions.

    Args:
        store: the open store.
        actor: the officer who has the case open.
        case_id: the case.
        register: who is asked.
        plate: the plate as the officer reads it, which is kept with the answer; None asks for the known one.
        version: what the officer saw.

    Raises:
        AccessError: the actor is no officer.
        InputError: the plate cannot be one.
        TransitionError: the actor does not hold the case, or its plate is not known.
        NotFound: the register knows no such plate.
        OSError: the register did not answer.
    """
    with store.read(actor) as work:
        row, known = _held(work, case_id, version)
        seen, day = row.version, row.t_detect.date()
    asked = normal(plate) if plate else known
    if asked is None:
        raise TransitionError("The plate is not known yet; read it from the pictures first.")
    owner = register.owner_of(asked, day)
    if owner is None and not of_kazakhstan(asked):
        raise NotFound("The vehicle register knows no such plate, and it has no form of Kazakhstan's plates.")
    if owner is None:
        raise NotFound("The vehicle register knows no such plate.")
    with store.write(actor) as work:
        row, _ = _held(work, case_id, seen)
        role = require(actor, OFFICERS)
        payload: dict[str, Any] = {"owner": owner.model_dump(mode="json")}
        if asked != known:
            payload["plate"] = correct_plate(work, row, asked)
        append_event(work, row, "owner_loaded", role, data={"register": register.name}, payload=payload)
        row.owner_loaded = True
        remember_person(work, case_id, owner.iin)
        log_access(work, role, "owner_loaded", case_id, reason="own_case", territory=row.territory)
        return open_case(work, case_id)


def _held(work: Work, case_id: str, version: int | None) -> tuple[ViolationCase, str | None]:
    """The case the actor has open, and its plate as far as it is known."""
    require(work.actor, OFFICERS)
    row = load(work, ViolationCase, case_id, version)
    if row.state not in {CaseState.IN_REVIEW, CaseState.SECOND_LOOK} or (
        row.state == CaseState.IN_REVIEW and row.claimed_by != work.actor.id
    ):
        raise TransitionError("The owner is loaded by the officer who reviews the case.")
    return row, facts_of(work.session, work.store.vault, [row.id])[row.id].get("plate")


def person_token(work: Work, iin: str) -> str:
    """The keyed token of an ИИН: a request of the person finds his records by it, and nobody else can."""
    return work.store.vault.token(f"iin|{iin.strip()}")


def remember_person(work: Work, case_id: str, iin: str) -> None:
    """Keep in the index of persons that a case is about one."""
    token = person_token(work, iin)
    if work.session.get(SubjectRecord, (token, case_id)) is None:
        work.session.add(SubjectRecord(token=token, record=case_id, kind="cases"))
