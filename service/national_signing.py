"""Signing by NCALayer: a decision is prepared, the officer's browser signs it, the CMS is verified and kept beside it.

The PDF carries the seal of the body; the officer's own signature is a detached CMS over exactly its bytes. What was
prepared lies sealed in the case's chain, its file beside the documents, until the officer signs or the case moves on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evidence.canonical import sha256_hex
from qyran.errors import IntegrityError, TransitionError, Unavailable
from qyran.roles import OFFICERS, Actor, Role
from service import signing
from service.cases import open_case
from service.document_signer import SENTENCES, registered, signing_file
from service.documents import write_document
from service.durable import place_file
from service.fault_points import reach
from service.ports.channels import ChannelDown, Refused
from service.ports.national_signature import Judged, NationalSignature, NcaNode
from service.records import load
from service.store.database import Store, Work
from service.store.delivery_tables import DecisionSignature
from service.store.events import append_event, facts_of
from service.store.tables import ViolationCase
from service.views import CaseDetail
from violations.case import CaseState
from violations.decision import DecisionRecord

PREPARED = "prepared"
WORDS = {
    **SENTENCES,
    "another_certificate": "The verifying service judged another certificate than the one in the signature.",
    "signature_wrong": "The signature does not fit the document; sign the document that was shown.",
}


def national_signature(store: Store) -> NationalSignature:
    """The service that verifies signatures of NCALayer.

    Raises:
        ConfigError: none is configured.
    """
    file = signing_file(store)
    if file is None or file.national is None:
        raise Unavailable("No service verifies national signatures: name it under [national] in QYRAN_SIGNING_FILE.")
    return NcaNode(file.national.peer())


def prepare(store: Store, actor: Actor, case_id: str, *, version: int | None = None) -> bytes:
    """The decision of a confirmed case, ready to be signed in the officer's browser; the same until it is.

    Raises:
        As `service.signing.sign`.
    """
    with store.read(actor) as work:
        waiting = _prepared(work, case_id)
        if waiting is not None:
            return waiting[1]
    drafted = signing.drafted(store, actor, case_id, version=version)
    reach(store, "sign.reserved")
    pdf = signing.produce(drafted)
    reach(store, "sign.rendered")
    with store.write(actor) as work:
        row = load(work, ViolationCase, case_id, drafted.version)
        role = work.actor.acts_as(OFFICERS) or Role.POLICE_OFFICER
        payload = {PREPARED: {
            "record": drafted.record.model_dump(mode="json"),
            "year": drafted.year,
            "number": drafted.number,
            "document_no": drafted.document_no,
            "sha256": sha256_hex(pdf),
        }}  # fmt: skip
        append_event(work, row, PREPARED, role, data={"document_no": drafted.document_no}, payload=payload)
        place_file(_place(store, case_id), pdf)
    return pdf


def finish(store: Store, actor: Actor, case_id: str, cms: bytes, by: NationalSignature) -> CaseDetail:
    """The officer signed: the CMS is verified, and the case is signed with it.

    Raises:
        TransitionError: nothing is prepared, or the signature is refused, with the reason.
        ConfigError: the verifying service does not answer.
    """
    with store.read(actor) as work:
        waiting = _prepared(work, case_id)
        now = work.now
    if waiting is None:
        raise TransitionError("The decision is not prepared for signing, or has changed since; prepare it again.")
    held, pdf = waiting
    try:
        judged = by.verify(cms, pdf, now)
    except Refused as error:
        raise TransitionError(f"What was sent is no signature of one officer ({error.code}).") from None
    except ChannelDown as error:
        raise Unavailable(f"The service that verifies signatures does not answer ({error.code}).") from None
    with store.write(actor) as work:
        _accept(work, judged)
        row = load(work, ViolationCase, case_id)
        drafted = signing.Draft(
            row.id, row.version, held["year"], held["number"], held["document_no"],
            DecisionRecord.model_validate(held["record"]), {}, None,
        )  # fmt: skip
        signing.complete(work, drafted, pdf)
        file = f"{drafted.year}/{drafted.document_no}.cms"
        work.session.add(
            DecisionSignature(
                case_id=row.id,
                file=file,
                sha256=sha256_hex(cms),
                certificate_sha256=judged.certificate_sha256,
                serial=judged.serial,
                verified_by=by.name,
                verified_at=work.now,
            )
        )
        write_document(work, file, cms)
        seen = open_case(work, row.id)
        reach(store, "sign.written")
    reach(store, "sign.committed")
    _place(store, case_id).unlink(missing_ok=True)
    return seen


def _accept(work: Work, judged: Judged) -> None:
    fault = judged.fault
    if fault is None and not registered(work, judged.certificate_sha256, work.actor.id):
        fault = "not_the_officers"
    if fault is not None:
        raise TransitionError(WORDS[fault])


def _prepared(work: Work, case_id: str) -> tuple[dict[str, Any], bytes] | None:
    """What waits for the officer's signature and still is the case's newest event, with its document."""
    signing.signable_state(work, case_id)
    row = load(work, ViolationCase, case_id, lock=False)
    held = facts_of(work.session, work.store.vault, [case_id])[case_id].get(PREPARED)
    if row.state != CaseState.OFFICER_CONFIRMED or held is None or not signing.newest_is(work, row, PREPARED):
        return None
    path = _place(work.store, case_id)
    pdf = path.read_bytes() if path.is_file() else b""
    if sha256_hex(pdf) != held["sha256"]:
        raise IntegrityError("The prepared decision is gone or altered; take the confirmation back and confirm again.")
    return held, pdf


def _place(store: Store, case_id: str) -> Path:
    return store.settings.documents_folder / "prepared" / f"{case_id}.pdf"
