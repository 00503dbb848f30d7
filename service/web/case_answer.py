"""A case as an answer: a page of its own, or for the desk's script only what changes on it."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from qyran.errors import InputError
from qyran.roles import OFFICERS, Role
from service import case_desk, case_drafts, cases
from service.access import CASE_READERS
from service.records import evidence_of, evidence_views
from service.views import CaseDetail
from service.web import case_store
from service.web.case_view import ROOM, case_view
from service.web.evidence_view import shown
from service.web.ncalayer_pages import by_ncalayer
from service.web.refusals import refusal
from service.web.rendering import Flash, page, words_of
from service.web.visit import Visit

DESK: Final = "x-desk"
"""Header by which the desk's script asks for a fragment instead of a page."""
CASE: Final = "x-case"
"""Header that names the case an answer shows."""


def at_desk(visit: Visit) -> bool:
    """Whether the desk's script asks."""
    return visit.request.headers.get(DESK) == "1"


def case_page(visit: Visit, case_id: str, error: Exception | None = None) -> Response:
    """The case as it stands now, a refusal over it."""
    with visit.store.write(visit.actor) as work:
        seen = cases.open_case(work, case_id) if visit.roles & CASE_READERS else case_store.screening(work, case_id)
    if error is None:
        return answer(visit, seen)
    flash = Flash(refusal(words_of(visit), error), "bad")
    return answer(visit, seen, flash, status=422 if isinstance(error, InputError) else 409)


def answer(visit: Visit, seen: CaseDetail, flash: Flash | None = None, *, status: int = 200) -> Response:
    """A case that was opened, for who opened it."""
    w = words_of(visit)
    officer = bool(visit.roles & OFFICERS)
    with visit.store.read(visit.actor) as work:
        others = case_store.officers(work) if Role.SENIOR_OFFICER in visit.roles else ()
        draft = case_drafts.load_draft(work, seen.id) if officer else None
        aside = officer and seen.id in case_drafts.aside(work)
        view = case_view(work, w, seen, officers=others, draft=draft, aside=aside)
        last = case_desk.last_confirmed(work)
    template = "cases/fragment.html" if at_desk(visit) else "cases/case.html"
    response = page(
        visit,
        template,
        status=status,
        flash=flash,
        view=view,
        officer=officer,
        last=last,
        by_ncalayer=by_ncalayer(visit.store),
    )
    response.headers[CASE] = seen.id
    response.headers["cache-control"] = "no-store"
    return response


def nothing_left(visit: Visit, flash: Flash | None = None) -> Response:
    """No case waits: said in the place of the case."""
    with visit.store.read(visit.actor) as work:
        last, held = case_desk.last_confirmed(work), case_drafts.aside(work)
        to_sign = len(case_desk.to_sign(work))
    return page(visit, "cases/fragment.html", flash=flash, view=None, last=last, held=held, to_sign=to_sign)


def media(visit: Visit, case_id: str) -> Response:
    """Only the clip and the stills of a case: what is fetched before it is opened; no plate in words, no owner."""
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        packages = evidence_views(evidence_of(work, [case_id]).get(case_id, []))
        found = shown(work, w, f"/cases/{case_id}", packages, (), ROOM)
    key = f"{case_id}:{found.package_sha256 or ''}"
    response = page(visit, "cases/ahead.html", player=found.player, stills=found.stills, gaps=found.gaps, key=key)
    response.headers[CASE] = case_id
    response.headers["cache-control"] = "no-store"
    return response
