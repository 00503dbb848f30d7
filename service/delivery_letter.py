"""What is handed over: the parcel for the register, the letter for the owner in Kazakh and Russian."""

from __future__ import annotations

from typing import Final

from qyran.errors import InputError
from service.city import city_of
from service.delivery import address_of
from service.documents import document_bytes
from service.i18n import translate
from service.ports.channels import Letter
from service.ports.erap import Parcel
from service.store.database import Work
from service.store.delivery_tables import OutboxMessage
from service.store.events import facts_of
from service.store.fine_tables import Appeal, AppealResolution
from service.store.tables import Decision, ViolationCase
from violations.offences import legal_terms

LANGUAGES: Final = ("kk", "ru")

Document = Decision | AppealResolution
"""What a message carries."""


def parcel_of(work: Work, row: ViolationCase) -> Parcel:
    """A decision as the register gets it.

    Raises:
        IntegrityError: its document is gone or altered.
    """
    decision = work.session.get_one(Decision, row.id)
    document_bytes(work.store.settings, decision)
    return Parcel(
        case_id=row.id,
        document_no=decision.document_no,
        document_sha256=decision.sha256,
        document=decision.file,
        package_sha256=decision.package_sha256,
        signed_at=decision.signed_at,
    )


def letter_of(work: Work, row: ViolationCase, message: OutboxMessage) -> Letter:
    """A decision, or the resolution on a complaint, as its owner gets it.

    No name, plate or article stands in its text: others may read it on the way.

    Raises:
        InputError: there is no address any more.
        IntegrityError: its document is gone or altered.
    """
    sent = sent_by(work, message)
    facts = facts_of(work.session, work.store.vault, [row.id])[row.id]
    address = address_of(facts, message.channel)
    if address is None:
        raise InputError(f"The document {sent.document_no} has no address for {message.channel}.")
    city = city_of(work.store)
    bodies = {"kk": city.body.name.kk, "ru": city.body.name.ru}
    url = f"{city.verification_url}{sent.document_no}" if city.verification_url else None
    said = _of_resolution(work, sent) if isinstance(sent, AppealResolution) else _of_decision(work, row, sent)
    kind, named = said
    texts = []
    for lang in LANGUAGES:
        text = translate(lang, f"letter.{kind}", body=bodies[lang], number=sent.document_no, **named)
        texts.append(f"{text} {translate(lang, 'letter.check', url=url)}" if url else text)
    subject = "letter.subject" if isinstance(sent, Decision) else "letter.subject_resolution"
    return Letter(
        key=message.key,
        to=address,
        subject=" / ".join(translate(lang, subject, number=sent.document_no) for lang in LANGUAGES),
        text="\n\n".join(texts),
        document_no=sent.document_no,
        document=document_bytes(work.store.settings, sent),
    )


def sent_by(work: Work, message: OutboxMessage) -> Document:
    """The document a message carries."""
    if message.appeal_id is not None:
        return work.session.get_one(AppealResolution, message.appeal_id)
    return work.session.get_one(Decision, message.case_id)


def _of_decision(work: Work, row: ViolationCase, decision: Decision) -> tuple[str, dict[str, object]]:
    """Key and values of a decision's letter."""
    kind = "fine" if row.fine_kzt is not None and row.penalty_kind == "fine" else "warning"
    fine = f"{row.fine_kzt or 0:,}".replace(",", "\N{NO-BREAK SPACE}")
    terms = legal_terms(decision.signed_at.astimezone(work.store.settings.zone).date())
    days, appeal = terms.half_price_working_days.value, terms.appeal_days.value
    return kind, {"fine": fine, "days": days, "appeal": appeal}


def _of_resolution(work: Work, made: AppealResolution) -> tuple[str, dict[str, object]]:
    """Key and values of a resolution's letter."""
    outcome = work.session.get_one(Appeal, made.appeal_id).outcome
    decided = work.session.get_one(Decision, made.case_id).document_no
    terms = legal_terms(made.signed_at.astimezone(work.store.settings.zone).date())
    return f"resolution_{outcome}", {"decision": decided, "court": terms.court_days.value}
