"""Signing by NCALayer: the officer's browser asks the program on his desk for a signature and sends it here.

Only this page may reach the program: the policy of every other page lets scripts talk to this host alone. What the
program and the server refuse is told in the reader's words; the decision stays prepared and can be signed again.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import JSONResponse, Response

from qyran.errors import ConfigError, InputError, IntegrityError, TransitionError, Unavailable
from qyran.roles import OFFICERS
from service import case_desk, cases, national_signing
from service.access import require
from service.document_signer import signing_file
from service.ports.national_signature import MOST_BYTES
from service.store.database import Store
from service.web.refusals import refusal
from service.web.rendering import POLICY, page, words_of
from service.web.visit import Person, PostedPerson, Visit

router = APIRouter(prefix="/cases", include_in_schema=False)

NCALAYER: Final = "wss://127.0.0.1:13579"
"""Where NCALayer listens on the officer's own machine (https://ncl.pki.gov.kz)."""
MOST_CMS: Final = 4 * MOST_BYTES // 3 + 8
"""Characters of a CMS in base64."""
FAILURES: Final = ("absent", "closed", "cancelled", "refused", "unreadable", "offline")
"""What can go wrong in the browser, as `ncalayer.js` names it."""


def by_ncalayer(store: Store) -> bool:
    """Whether officers of this installation sign by NCALayer."""
    file = signing_file(store)
    return file is not None and file.national is not None


@router.get("/{case_id}/ncalayer")
def show(visit: Person, case_id: UUID) -> Response:
    """The page that signs."""
    require(visit.actor, OFFICERS)
    with visit.store.write(visit.actor) as work:
        seen = cases.open_case(work, str(case_id))
    w = words_of(visit)
    response = page(
        visit,
        "cases/ncalayer.html",
        case_id=seen.id,
        kind=w.or_code(f"violations.kind.{seen.kind}"),
        plate=seen.plate,
        can_sign="sign" in seen.steps and by_ncalayer(visit.store),
        address=NCALAYER,
        failures={name: w.t(f"ncalayer.{name}") for name in FAILURES},
    )
    response.headers["content-security-policy"] = POLICY.replace("connect-src 'self'", f"connect-src 'self' {NCALAYER}")
    return response


@router.post("/{case_id}/ncalayer/document")
def document(visit: PostedPerson, case_id: UUID) -> Response:
    """The prepared decision, to be signed in the browser; the same until it is."""
    return _told(visit, lambda: _prepared(visit, str(case_id)))


@router.post("/{case_id}/ncalayer/signature")
def signature(visit: PostedPerson, case_id: UUID, cms: Annotated[str, Form(max_length=MOST_CMS)] = "") -> Response:
    """The signature of the officer; where to go on."""
    return _told(visit, lambda: _signed(visit, str(case_id), cms))


def _prepared(visit: Visit, case_id: str) -> dict[str, Any]:
    if not by_ncalayer(visit.store):
        raise Unavailable("No service verifies national signatures: name it under [national] in QYRAN_SIGNING_FILE.")
    pdf = national_signing.prepare(visit.store, visit.actor, case_id)
    return {"document": base64.b64encode(pdf).decode()}


def _signed(visit: Visit, case_id: str, cms: str) -> dict[str, Any]:
    try:
        content = base64.b64decode(cms, validate=True)
    except (binascii.Error, ValueError):
        raise TransitionError("What was sent is no signature of one officer (cms_unreadable).") from None
    by = national_signing.national_signature(visit.store)
    signed = national_signing.finish(visit.store, visit.actor, case_id, content, by)
    with visit.store.read(visit.actor) as work:
        more = case_desk.to_sign(work)
    onward = f"/cases/{more[0]}/ncalayer" if more else f"/cases/{case_id}"
    return {"said": words_of(visit).t("flash.signed", number=signed.document_no or ""), "next": onward}


def _told(visit: Visit, step: Callable[[], dict[str, Any]]) -> JSONResponse:
    """What a step gave, or why it was refused, in the reader's words."""
    try:
        return JSONResponse(step(), headers={"cache-control": "no-store"})
    except (TransitionError, InputError, IntegrityError, ConfigError) as error:
        status = 503 if isinstance(error, ConfigError) and not isinstance(error, Unavailable) else 409
        return JSONResponse({"refusal": refusal(words_of(visit), error)}, status, {"cache-control": "no-store"})
