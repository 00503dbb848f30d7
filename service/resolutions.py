"""The resolution on a complaint: numbered, signed and queued for the person in the transaction of the answer.

Appeals are answered some times a day, so the document is rendered where the answer is stored: both are there or neither
is, and its number, taken in the same transaction, has no gap and no double. A court's ruling is the court's own paper,
and a withdrawn complaint is answered by nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import select

from evidence.canonical import sha256_hex
from qyran.errors import NotFound, TransitionError
from qyran.roles import Role
from service import delivery, fines, law
from service.access import log_access, require
from service.case_sight import in_sight
from service.city import city_of
from service.document_signer import signer_for
from service.documents import document_path, write_document
from service.fault_points import reach
from service.i18n import translate
from service.records import camera_names, load, name_of
from service.signing import check_code, officer_of
from service.store.counter import next_number
from service.store.database import Work
from service.store.events import append_event, facts_of
from service.store.fine_tables import Appeal, AppealResolution
from service.store.tables import Decision, ViolationCase
from violations.decision import Both
from violations.fine_account import TIYN
from violations.offences import Offence, legal_terms
from violations.resolution import Money, Penalty, ResolutionRecord, ResolutionTerms
from violations.resolution_pdf import render_resolution, sign_resolution

READERS: Final = frozenset({Role.SENIOR_OFFICER, Role.POLICE_OFFICER, Role.AUDITOR, Role.DATA_PROTECTION_OFFICER})
WRITTEN: Final = frozenset({"upheld", "changed", "cancelled"})
"""Outcomes that are told by a document."""
EVENT: Final = "resolution"


def is_written(appeal: Appeal, outcome: str) -> bool:
    """Whether an answer is told by a document of ours."""
    return appeal.instance == "body" and outcome in WRITTEN


def issue(work: Work, row: ViolationCase, appeal: Appeal, before: Penalty) -> AppealResolution:
    """Draw up, sign and queue the resolution on an appeal that has just been answered.

    Args:
        work: the unit of work of the answer.
        row: the case, the answer's consequences drawn.
        appeal: with its outcome and reason.
        before: the penalty as it was until the answer.

    Raises:
        ConfigError: the city file is missing, or the keys cannot be reached.
        TransitionError: the certificate may not sign, or the resolution cannot be drawn up, with the reason.
    """
    signer, city = signer_for(work), work.store.settings.city_id.upper()
    year = work.now.astimezone(work.store.settings.zone).year
    number = next_number(work, f"{EVENT} {year}")
    document_no = f"{city}-R-{year}-{number:06d}"
    record = _record(work, row, appeal, before, document_no, serial=signer.serial, development=signer.development)
    pdf = sign_resolution(render_resolution(record), record, signer)
    made = AppealResolution(
        appeal_id=appeal.id,
        case_id=row.id,
        year=year,
        number=number,
        document_no=document_no,
        file=f"{year}/{document_no}.pdf",
        sha256=sha256_hex(pdf),
        signed_at=work.now,
        signed_by=work.actor.id,
    )
    data = {"appeal": appeal.id, "document_no": document_no, "document_sha256": made.sha256}
    payload = {f"{EVENT}_{appeal.number}": record.model_dump(mode="json")}
    append_event(work, row, EVENT, require(work.actor, frozenset({Role.SENIOR_OFFICER})), data=data, payload=payload)
    work.session.add(made)
    work.session.flush()
    delivery.queue_notice(work, row, appeal_id=appeal.id)
    write_document(work, made.file, pdf)
    reach(work.store, "resolution.written")
    return made


def penalty_of(work: Work, row: ViolationCase) -> Penalty:
    """The penalty that holds for a signed case now."""
    return _penalty(law.chosen(work.store, row, row.offence or "", row.t_signed or work.now), row.fine_kzt)


def of_case(work: Work, case_id: str) -> Sequence[AppealResolution]:
    """The resolutions on a case's appeals, the oldest first."""
    query = select(AppealResolution).where(AppealResolution.case_id == case_id)
    return work.session.scalars(query.order_by(AppealResolution.signed_at)).all()


def document(work: Work, case_id: str, appeal_id: str) -> tuple[Path, str]:
    """Path and file name of the signed resolution on an appeal of a case; the look is logged.

    Raises:
        AccessError: the actor sees no cases.
        NotFound: there is none.
        IntegrityError: the file is gone or altered.
    """
    role = require(work.actor, READERS)
    made = work.session.get(AppealResolution, appeal_id)
    if made is None or made.case_id != case_id:
        raise NotFound(f"The case {case_id} has no resolution on an appeal {appeal_id}.")
    in_sight(work, load(work, ViolationCase, made.case_id, lock=False))
    if not made.file:
        raise NotFound(f"The document {made.document_no} was erased as the law orders; its number and hash stay.")
    path = document_path(work.store.settings, made)
    log_access(work, role, "document_opened", made.case_id)
    return path, path.name


def _record(
    work: Work, row: ViolationCase, appeal: Appeal, before: Penalty, document_no: str, *, serial: str, development: bool
) -> ResolutionRecord:
    store, city = work.store, city_of(work.store)
    facts = facts_of(work.session, store.vault, [row.id])[row.id]
    said, grounds = facts.get(f"appeal_{appeal.number}") or {}, facts.get(f"answer_{appeal.number}")
    decision = work.session.get_one(Decision, row.id)
    place = name_of(camera_names(work, [row.camera_id]).get(row.camera_id), row.camera_id)
    now = fines.standing(work, row)
    terms = legal_terms(fines.day_of(work, work.now))
    given: dict[str, Any] = {
        "number": document_no,
        "issued": work.now,
        "time_zone": store.settings.time_zone,
        "body": city.body,
        "officer": officer_of(work),
        "decision_no": decision.document_no,
        "decided_on": fines.day_of(work, decision.signed_at),
        "decision_sha256": decision.sha256,
        "occurred": row.t_onset or row.t_detect,
        "place": Both(kk=place["kk"], ru=place["ru"]),
        "appellant": said.get("appellant"),
        "complaint": said.get("words"),
        "filed_on": appeal.filed_on,
        "restored": _both(f"fines.restored.{appeal.restored}") if appeal.restored else None,
        "outcome": appeal.outcome,
        "reason": _both(f"fines.answer_reason.{appeal.reason}"),
        "grounds": grounds,
        "before": before,
        "after": None if appeal.outcome == "cancelled" else penalty_of(work, row),
        "money": Money(paid=_tenge(now.balance.paid), owed=_tenge(now.balance.owed), back=_tenge(now.balance.over)),
        "terms": ResolutionTerms(
            half_price_working_days=terms.half_price_working_days.value,
            full_days=terms.full_days.value,
            court_days=terms.court_days.value,
            told=appeal.told_on,
        ),
        "verification_url": f"{city.verification_url}{document_no}" if city.verification_url else None,
        "check_code": check_code(store.vault, document_no),
        "certificate_serial": serial,
        "development_certificate": development,
        "demo": store.demo,
    }
    try:
        return ResolutionRecord(**given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place_of_fault = ".".join(str(step) for step in first["loc"])
        raise TransitionError(f"The resolution cannot be issued: {place_of_fault} {first['msg']}.") from None


def _penalty(offence: Offence, fine_kzt: int | None) -> Penalty:
    name = Both(kk=offence.name.kk, ru=offence.name.ru)
    return Penalty(article=offence.article, part=offence.part, name=name, fine_kzt=fine_kzt)


def _tenge(tiyn: int) -> Decimal:
    return Decimal(tiyn) / TIYN


def _both(key: str) -> Both:
    return Both(kk=translate("kk", key), ru=translate("ru", key))
