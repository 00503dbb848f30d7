"""Violation cases: the queue, opening, and the steps of the review."""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse

from service import cases, national_signing, signing
from service.api.bodies import (
    OffenceStep,
    OwnerStep,
    Prepared,
    ReasonedStep,
    ReassignStep,
    RemarkStep,
    SignatureStep,
    Step,
)
from service.api.deps import DeskOf
from service.delivery_settings import vehicle_register
from service.owners import load_owner
from service.views import CaseDetail, CasePage
from violations.case import CaseState

router = APIRouter(prefix="/cases", tags=["cases"])


@router.get("", summary="The queue")
def queue(
    desk: DeskOf,
    state: CaseState | None = None,
    kind: str | None = None,
    camera: str | None = None,
    *,
    mine: bool = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> CasePage:
    """Cases of one state, or all that wait for an officer; the oldest waiting first."""
    with desk.read() as work:
        return cases.queue(work, state=state, kind=kind, camera=camera, mine=mine, limit=limit, offset=offset)


@router.post("/next", summary="Claim the next case", responses={204: {"description": "Nothing waits"}})
def claim_next(desk: DeskOf, response: Response) -> CaseDetail | None:
    """Take the oldest waiting case; nobody else can decide it until it is released or the claim lapses."""
    with desk.write() as work:
        found = cases.claim_next(work)
    if found is None:
        response.status_code = 204
    return found


@router.get("/{case_id}", summary="Open a case")
def open_case(case_id: str, desk: DeskOf) -> CaseDetail:
    """Everything about a case; the look is logged."""
    with desk.write() as work:
        return cases.open_case(work, case_id)


@router.post("/{case_id}/claim", summary="Claim this case")
def claim(case_id: str, step: Step, desk: DeskOf) -> CaseDetail:
    """Take one case for review."""
    with desk.write() as work:
        return cases.claim(work, case_id, step.version)


@router.post("/{case_id}/confirm", summary="The violation took place")
def confirm(case_id: str, step: OffenceStep, desk: DeskOf) -> CaseDetail:
    """Confirm under the chosen article; the answer's state is `second_look` where another officer must look first."""
    with desk.write() as work:
        return cases.confirm(work, case_id, step.offence, plate=step.plate, note=step.note, version=step.version)


@router.post("/{case_id}/send-on", summary="The violation took place, its penalty is not a fine")
def send_on(case_id: str, step: OffenceStep, desk: DeskOf) -> CaseDetail:
    """Hand the material on without a notice."""
    with desk.write() as work:
        return cases.send_on(work, case_id, step.offence, plate=step.plate, note=step.note, version=step.version)


@router.post("/{case_id}/reject", summary="There was no violation")
def reject(case_id: str, step: ReasonedStep, desk: DeskOf) -> CaseDetail:
    """Reject with a reason code."""
    with desk.write() as work:
        return cases.reject(work, case_id, step.reason, note=step.note, version=step.version)


@router.post("/{case_id}/remark", summary="Second look: back to the first officer")
def remark(case_id: str, step: RemarkStep, desk: DeskOf) -> CaseDetail:
    """Back to the officer who reviewed it, with a remark."""
    with desk.write() as work:
        return cases.remark(work, case_id, step.note, version=step.version)


@router.post("/{case_id}/release", summary="Give a case back", status_code=204)
def release(case_id: str, step: Step, desk: DeskOf) -> None:
    """Back to the queue."""
    with desk.write() as work:
        cases.release(work, case_id, note=step.note, version=step.version)


@router.post("/{case_id}/reassign", summary="Give a case to another officer", status_code=204)
def reassign(case_id: str, step: ReassignStep, desk: DeskOf) -> None:
    """A senior officer gives a case under review to somebody else."""
    with desk.write() as work:
        cases.reassign(work, case_id, step.officer, version=step.version)


@router.post("/{case_id}/return", summary="Technical junk", status_code=204)
def send_back(case_id: str, step: ReasonedStep, desk: DeskOf) -> None:
    """Back to the keepers of the camera."""
    with desk.write() as work:
        cases.send_back(work, case_id, step.reason, note=step.note, version=step.version)


@router.post("/{case_id}/repair", summary="Repaired", status_code=204)
def repair(case_id: str, step: Step, desk: DeskOf) -> None:
    """A returned case is repaired and waits again."""
    with desk.write() as work:
        cases.repair(work, case_id, note=step.note, version=step.version)


@router.post("/{case_id}/reconsider", summary="Look at an automatic rejection", status_code=204)
def reconsider(case_id: str, step: Step, desk: DeskOf) -> None:
    """A senior officer puts an automatically rejected case into the queue."""
    with desk.write() as work:
        cases.reconsider(work, case_id, note=step.note, version=step.version)


@router.post("/{case_id}/part", summary="Part what was wrongly merged")
def part(case_id: str, step: ReasonedStep, desk: DeskOf) -> CaseDetail:
    """This report is another act than the case it was merged into; it is screened and stands by itself."""
    with desk.write() as work:
        return cases.part(work, case_id, step.reason, note=step.note, version=step.version)


@router.post("/{case_id}/withdraw", summary="Take a confirmation back", status_code=204)
def withdraw(case_id: str, step: ReasonedStep, desk: DeskOf) -> None:
    """Before it is signed."""
    with desk.write() as work:
        cases.withdraw(work, case_id, step.reason, note=step.note, version=step.version)


@router.post("/{case_id}/sign", summary="Sign the decision")
def sign(case_id: str, step: Step, desk: DeskOf) -> CaseDetail:
    """Number, render and sign the decision document; only the officer who confirmed can."""
    return signing.issue(desk.store, desk.login.user.actor, case_id, version=step.version)


@router.post("/{case_id}/prepare", summary="Prepare the decision for a signature by NCALayer")
def prepare(case_id: str, step: Step, desk: DeskOf) -> Prepared:
    """The document to be signed in the officer's browser, with a number held for it; the same until it is signed."""
    pdf = national_signing.prepare(desk.store, desk.login.user.actor, case_id, version=step.version)
    return Prepared(document=base64.b64encode(pdf).decode())


@router.post("/{case_id}/signature", summary="Sign with a CMS of NCALayer")
def signature(case_id: str, step: SignatureStep, desk: DeskOf) -> CaseDetail:
    """Verify the detached CMS over the prepared document, and sign the case with it."""
    by = national_signing.national_signature(desk.store)
    return national_signing.finish(desk.store, desk.login.user.actor, case_id, step.cms, by)


@router.post("/{case_id}/cancel", summary="Cancel a signed decision")
def cancel(case_id: str, step: ReasonedStep, desk: DeskOf) -> CaseDetail:
    """After an appeal, a court's ruling, a forged plate."""
    with desk.write() as work:
        return cases.cancel(work, case_id, step.reason, note=step.note, version=step.version)


@router.post("/{case_id}/owner", summary="Ask the vehicle register for the owner")
def owner(case_id: str, step: OwnerStep, desk: DeskOf) -> CaseDetail:
    """Only for a case that the officer has open; kept sealed."""
    register = vehicle_register(desk.store)
    actor = desk.login.user.actor
    return load_owner(desk.store, actor, case_id, register, plate=step.plate, version=step.version)


@router.get("/{case_id}/document", summary="The signed decision", response_class=FileResponse)
def document(case_id: str, desk: DeskOf) -> FileResponse:
    """The PDF, as it was signed."""
    with desk.write() as work:
        path, name = signing.document(work, case_id)
    return FileResponse(path, media_type="application/pdf", filename=name, content_disposition_type="inline")


@router.get("/{case_id}/evidence/{event_id}/{name}", summary="A file of the evidence", response_class=FileResponse)
def evidence_file(case_id: str, event_id: str, name: str, desk: DeskOf) -> FileResponse:
    """A clip or a still that the manifest lists; ranges are served, so that a clip can be searched."""
    with desk.write() as work:
        path, media_type = cases.evidence_file(work, case_id, event_id, name)
    return FileResponse(path, media_type=media_type)
