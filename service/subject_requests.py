"""What people ask about their own data: access, correction, restriction, erasure; from receipt to letter.

A request has a term in working days with its source, is decided with a reason, is carried out, and says what was done
record by record. Who asked, about what and why lies sealed under the request's id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy import func, or_, select

from qyran.errors import InputError, NotFound, TransitionError
from qyran.roles import Role
from service.access import log_access, require
from service.erasure import erase, erase_passage
from service.evidence_locks import hold_of
from service.owners import person_token
from service.passage_retention import held_ids
from service.plates import normal
from service.privacy_terms import last_day, terms, today
from service.restrictions import lift, restrict, restrict_vehicle
from service.store.counter import next_number
from service.store.database import Work
from service.store.events import append_event, facts_of
from service.store.people_tables import SubjectRecord, SubjectRequest
from service.store.tables import Passage, Personal, ViolationCase

KINDS: Final = ("access", "correction", "restriction", "erasure")
CHANNELS: Final = ("in_person", "post", "e_mail", "egov", "phone")
IDENTIFIED_BY: Final = ("identity_card", "e_signature", "egov", "power_of_attorney", "not_identified")
GROUNDS: Final = ("own_data", "representative", "guardian", "court", "other")
DECISIONS: Final = ("granted", "partly", "refused")
REASONS: Final = ("lawful", "no_data", "not_identified", "not_the_subject", "running_case", "kept_by_law", "other")
"""Why a request is decided so; `lawful` is the reason of what is granted."""
KEEPERS: Final = frozenset({Role.DATA_PROTECTION_OFFICER, Role.SYSTEM})
READERS: Final = KEEPERS | {Role.AUDITOR}
MOST_PASSAGES: Final = 2000
"""Passages that one request's erasure takes; more are erased by carrying it out again."""

State = Literal["received", "decided", "done"]


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, as the request says it; kept sealed."""

    name: str
    iin: str = ""
    contact: str = ""
    plate: str = ""


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request as it was received."""

    kind: str
    person: Person
    text: str
    channel: str
    identified_by: str
    ground: str
    received_on: date
    language: str = "kk"


def register(work: Work, new: NewRequest) -> SubjectRequest:
    """Write a request down: its number, its term, and the records it is about.

    Raises:
        AccessError: the actor is no data-protection officer.
        InputError: something of it cannot be.
    """
    role = require(work.actor, KEEPERS)
    _check(new, today(work))
    term = terms(work, new.received_on)[f"request_{new.kind}"]
    person = new.person
    plate = normal(person.plate) if person.plate.strip() else ""
    row = SubjectRequest(
        id=str(uuid4()),
        number=f"DS-{new.received_on.year}-{next_number(work, f'subject_request {new.received_on.year}'):06d}",
        kind=new.kind,
        state="received",
        language=new.language,
        channel=new.channel,
        identified_by=new.identified_by,
        ground=new.ground,
        received_on=new.received_on,
        due_on=last_day(new.received_on, term),
        term_days=term.value,
        term_source=term.source,
        term_verified=term.verified,
        person_token=person_token(work, person.iin) if person.iin.strip() else None,
        plate_token=work.store.vault.token(plate) if plate else None,
        records=[],
        done=[],
        registered_at=work.now,
        registered_by=work.actor.id,
    )
    row.records = find_records(work, row)
    work.session.add(row)
    said = {
        "name": person.name.strip(), "iin": person.iin.strip(), "contact": person.contact.strip(), "plate": plate,
        "text": new.text.strip(),
    }  # fmt: skip
    _seal(work, row.id, 0, said)
    log_access(work, role, "request_registered", row.id)
    work.session.flush()
    return row


def find_records(work: Work, row: SubjectRequest) -> list[str]:
    """The cases that are about the person or the vehicle of a request."""
    by: list[Any] = []
    if row.plate_token is not None:
        by.append(ViolationCase.plate_token == row.plate_token)
    if row.person_token is not None:
        known = select(SubjectRecord.record).where(SubjectRecord.token == row.person_token)
        by.append(ViolationCase.id.in_(known))
    if not by:
        return []
    return list(work.session.scalars(select(ViolationCase.id).where(or_(*by)).order_by(ViolationCase.t_detect)))


def passages_of(work: Work, row: SubjectRequest) -> list[Passage]:
    """The passages of the vehicle of a request, the oldest first."""
    if row.plate_token is None:
        return []
    query = select(Passage).where(Passage.plate_token == row.plate_token).order_by(Passage.time)
    return list(work.session.scalars(query.limit(MOST_PASSAGES)))


def requests(work: Work, *, open_only: bool = False) -> tuple[SubjectRequest, ...]:
    """Requests, those first whose term ends first; nobody's name."""
    require(work.actor, READERS)
    query = select(SubjectRequest).order_by(SubjectRequest.done_at.is_not(None), SubjectRequest.due_on)
    if open_only:
        query = query.where(SubjectRequest.state != "done")
    return tuple(work.session.scalars(query.order_by(SubjectRequest.number.desc())))


def overdue(work: Work) -> int:
    """How many requests are past their term."""
    query = select(func.count()).select_from(SubjectRequest)
    return work.session.scalar(query.where(SubjectRequest.state != "done", SubjectRequest.due_on < today(work))) or 0


def opened(work: Work, request_id: str) -> tuple[SubjectRequest, dict[str, Any]]:
    """A request and what it says; the look is logged. What was erased is said no more.

    Raises:
        NotFound: there is no such request.
    """
    role = require(work.actor, READERS)
    row = _load(work, request_id)
    log_access(work, role, "request_opened", row.id)
    return row, facts_of(work.session, work.store.vault, [row.id])[row.id]


def decide(work: Work, request_id: str, decision: str, reason: str, words: str) -> SubjectRequest:
    """Grant a request, in part or not, with the reason.

    Raises:
        InputError: the decision and its reason do not go together, or the reason is not explained.
        TransitionError: it was decided already, or who asks is not identified.
    """
    role = require(work.actor, KEEPERS)
    row = _load(work, request_id, lock=True)
    if row.state != "received":
        raise TransitionError("The request was decided already.")
    if decision not in DECISIONS or reason not in REASONS:
        raise InputError(f"A decision is {', '.join(DECISIONS)}; its reason one of {', '.join(REASONS)}.")
    if (decision == "granted") != (reason == "lawful"):
        raise InputError("What is granted is lawful; what is refused, wholly or in part, needs another reason.")
    if decision != "granted" and len(words.strip()) < 10:
        raise InputError("Explain the refusal in ten characters or more; the letter says it.")
    if decision != "refused" and row.identified_by == "not_identified":
        raise TransitionError("Nothing is granted to somebody who is not identified.")
    row.state, row.decision, row.reason = "decided", decision, reason
    row.decided_at, row.decided_by = work.now, work.actor.id
    row.records = find_records(work, row) or row.records
    _seal(work, row.id, 1, {"words": words.strip()})
    if decision == "refused":
        row.state, row.done_at = "done", work.now
    log_access(work, role, "request_decided", row.id)
    return row


def carry_out(
    work: Work, request_id: str, *, name: str = "", address: str = "", only: tuple[str, ...] | None = None
) -> SubjectRequest:
    """Do what was granted, and write down what was done with each record.

    Args:
        work: the unit of work.
        request_id: the request.
        name: of the owner as it should be; for a correction.
        address: the same.
        only: the records that are meant; None means all of the request.

    Raises:
        TransitionError: it was not granted, or was carried out already.
        InputError: a correction says nothing.
    """
    role = require(work.actor, KEEPERS)
    row = _load(work, request_id, lock=True)
    if row.state != "decided":
        raise TransitionError("Only a request that was granted is carried out, and once.")
    records = [one for one in row.records if only is None or one in only]
    match row.kind:
        case "correction":
            done = _correct(work, records, role, name.strip(), address.strip())
        case "restriction":
            done = [_line(one, "restricted" if restrict(work, one, row.id) else "was_restricted") for one in records]
            done += _restrict_passages(work, row)
        case "erasure":
            done = [_erased(work, one) for one in records] + _erase_passages(work, row)
        case _:
            done = [_line(one, "told") for one in records]
    row.done, row.state, row.done_at = done, "done", work.now
    if row.kind == "erasure" and any(line["result"] == "kept" for line in done) and row.decision == "granted":
        row.decision = "partly"
    log_access(work, role, "request_done", row.id)
    return row


def lift_restriction(work: Work, request_id: str) -> int:
    """Let what a request blocked be used again; how many records.

    Raises:
        TransitionError: nothing is blocked by it.
    """
    role = require(work.actor, KEEPERS)
    row = _load(work, request_id, lock=True)
    count = lift(work, row.id)
    if not count:
        raise TransitionError("No record is blocked by this request.")
    row.done = [*row.done, *(_line(one["record"], "lifted") for one in row.done if one["result"] == "restricted")]
    log_access(work, role, "restriction_lifted", row.id)
    return count


def letter_sent(work: Work, request_id: str) -> None:
    """The letter went out.

    Raises:
        TransitionError: the request is not decided yet.
    """
    role = require(work.actor, KEEPERS)
    row = _load(work, request_id, lock=True)
    if row.state != "done":
        raise TransitionError("The letter goes out when the request is done.")
    row.letter_at = work.now
    log_access(work, role, "request_answered", row.id)


def _correct(work: Work, records: list[str], role: Role, name: str, address: str) -> list[dict[str, Any]]:
    said = {key: value for key, value in (("name", name), ("address", address)) if value}
    if not said:
        raise InputError("Say what is right: the name, the address, or both.")
    done = []
    for record in records:
        case = work.session.get_one(ViolationCase, record, with_for_update=True)
        owner = facts_of(work.session, work.store.vault, [record])[record].get("owner")
        if owner is None:
            done.append(_line(record, "no_owner"))
            continue
        # What was written stays in the chain; what holds from now on is said by the later event.
        append_event(work, case, "owner_corrected", role, payload={"owner": {**owner, **said}})
        done.append(_line(record, "corrected"))
    return done


def _erased(work: Work, record: str) -> dict[str, Any]:
    case = work.session.get_one(ViolationCase, record)
    held = hold_of(work, case)
    if held is not None:
        return _line(record, "kept", why=held.reason if held.lock is None else held.lock.reason)
    try:
        return _line(record, "erased", number=erase(work, ViolationCase, record, "data_subject_request"))
    except TransitionError:
        return _line(record, "was_erased")


def _erase_passages(work: Work, row: SubjectRequest) -> list[dict[str, Any]]:
    passages = passages_of(work, row)
    if not passages:
        return []
    kept = held_ids(work, passages)
    for one in passages:
        if one.id not in kept:
            erase_passage(work, one.id)
    gone = len(passages) - len(kept)
    return [
        _line("passages", result, number=count, why=why)
        for result, count, why in (("erased", gone, None), ("kept", len(kept), "running"))
        if count
    ]


def _restrict_passages(work: Work, row: SubjectRequest) -> list[dict[str, Any]]:
    """The vehicle's passages, also those to come."""
    if row.plate_token is None:
        return []
    new = restrict_vehicle(work, row.plate_token, row.id)
    return [_line("passages", "restricted" if new else "was_restricted", number=len(passages_of(work, row)))]


def _line(record: str, result: str, *, number: int | None = None, why: str | None = None) -> dict[str, Any]:
    return {"record": record, "result": result, "number": number, "why": why}


def _seal(work: Work, request_id: str, seq: int, said: dict[str, Any]) -> None:
    wrapped, sealed = work.store.vault.seal(request_id, seq, {"payload": said})
    work.session.add(Personal(record=request_id, seq=seq, wrapped_key=wrapped, sealed=sealed))


def _load(work: Work, request_id: str, *, lock: bool = False) -> SubjectRequest:
    row = work.session.get(SubjectRequest, request_id, with_for_update=lock)
    if row is None:
        raise NotFound(f"There is no request {request_id}.")
    return row


def _check(new: NewRequest, now: date) -> None:
    for value, known in (
        (new.kind, KINDS), (new.channel, CHANNELS), (new.identified_by, IDENTIFIED_BY), (new.ground, GROUNDS),
        (new.language, ("kk", "ru")),
    ):  # fmt: skip
        if value not in known:
            raise InputError(f"A request says one of {', '.join(known)}.")
    if not 2 <= len(new.person.name.strip()) <= 200:
        raise InputError("A request names who asks.")
    iin = new.person.iin.strip()
    if iin and not (len(iin) == 12 and iin.isascii() and iin.isdigit()):
        raise InputError("An ИИН has 12 digits.")
    if not iin and not new.person.plate.strip():
        raise InputError("A request needs an ИИН or a plate: without one nothing is found.")
    if len(new.text) > 4000 or len(new.person.contact) > 500:
        raise InputError("The request is longer than 4000 characters; put the whole paper into the file.")
    if new.received_on > now:
        raise InputError("A request is received today or earlier.")
