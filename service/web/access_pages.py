"""Who saw whose data: the register with its filters, its export, and the hints of a plain statistic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from qyran.errors import InputError
from qyran.roles import PERSON_ROLES
from service import access_register
from service.access import PURPOSES
from service.access_hints import hints
from service.access_register import ACTIONS, PAGE, Wanted
from service.letters import reason_words
from service.query_log import REASONS
from service.store.tables import AppUser
from service.web import moments
from service.web.refusals import refusal
from service.web.rendering import Flash, page, words_of
from service.web.visit import Person, Visit

router = APIRouter(include_in_schema=False)
PATH: Final = "/access"
SPAN: Final = timedelta(days=30)
OWN: Final = ("own_case", "second_look", "look_up")
"""What officers open cases for, beside the purposes of roles and the reasons of searches."""

Text = Annotated[str, Query(max_length=64)]


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as it was given."""

    start: str
    end: str
    actor: str
    role: str
    action: str
    reason: str
    record: str

    def query(self, **more: object) -> str:
        """For an address; it holds no plate and no name."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return urlencode({key: value for key, value in {**found, **more}.items() if value})


@router.get(PATH)
def register(
    visit: Person, start: Text = "", end: Text = "", actor: Text = "", role: Text = "", action: Text = "",
    reason: Text = "", record: Text = "", offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:  # fmt: skip
    """The register, the newest first."""
    w = words_of(visit)
    asked = Asked(
        start or moments.local(w, w.now - SPAN), end or moments.local(w, w.now + timedelta(minutes=1)), actor, role,
        action, reason, record,
    )  # fmt: skip
    error: InputError | None = None
    lines: tuple[access_register.Line, ...] = ()
    total = 0
    with visit.store.write(visit.actor) as work:  # the look is logged
        try:
            wanted = _wanted(visit, asked)
            lines, total = access_register.lines(work, wanted, offset=offset)
        except InputError as caught:
            wanted, error = Wanted(), caught
        told = hints(work, wanted.start or w.now - SPAN, wanted.end or w.now)
        people = [(row.id, row.name) for row in work.session.query(AppUser).order_by(AppUser.name)]
    return page(
        visit,
        "access.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        asked=asked,
        lines=[(line, reason_words(visit.lang, line.reason)) for line in lines],
        total=total,
        hints=told,
        people=people,
        roles=sorted(PERSON_ROLES),
        actions=ACTIONS,
        reasons=[(one, reason_words(visit.lang, one)) for one in (*sorted(set(PURPOSES.values())), *OWN, *REASONS)],
        export_url=f"{PATH}/register.csv?{asked.query()}",
        next_url=f"{PATH}?{asked.query(offset=offset + PAGE)}" if offset + PAGE < total else None,
        back_url=f"{PATH}?{asked.query(offset=offset - PAGE)}" if offset >= PAGE else None,
    )


@router.get(f"{PATH}/register.csv")
def register_csv(
    visit: Person, start: Text = "", end: Text = "", actor: Text = "", role: Text = "", action: Text = "",
    reason: Text = "", record: Text = "",
) -> Response:  # fmt: skip
    """The register as a file; the export is in the register."""
    asked = Asked(start, end, actor, role, action, reason, record)
    with visit.store.write(visit.actor) as work:
        text = access_register.export(work, _wanted(visit, asked))
    name = f"access-register-{words_of(visit).now:%Y%m%d-%H%M}.csv"
    return Response(
        "\N{ZERO WIDTH NO-BREAK SPACE}" + text,
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _wanted(visit: Visit, asked: Asked) -> Wanted:
    w = words_of(visit)
    return Wanted(
        start=moments.moment(w, asked.start),
        end=moments.moment(w, asked.end),
        actor=asked.actor or None,
        role=asked.role or None,
        action=asked.action or None,
        reason=asked.reason or None,
        record=asked.record.strip() or None,
    )
