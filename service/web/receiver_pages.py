"""Who is told of alarms outside: each receiver's state, and what waits for a person."""

from __future__ import annotations

import re
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from qyran.errors import ConfigError, TransitionError
from service.notifying import messages
from service.notifying.health import SEES_ALARMS, Health, health
from service.notifying.messages import SENDERS
from service.notifying.trying import TESTERS, send_test
from service.notifying.words import event_in
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit
from service.web.words import Words

router = APIRouter(prefix="/alarms/receivers", include_in_schema=False)

PATH: Final = "/alarms/receivers"
NUMBERED: Final = re.compile(r"(http|smtp|mqtt)_([0-9_]+)")


@router.get("")
def receivers(visit: Person) -> Response:
    """How the receivers do."""
    return _page(visit)


@router.post("/messages/{message_id}/again")
def send_again(visit: PostedPerson, message_id: int) -> Response:
    """Send what was given up or refused again."""
    try:
        with visit.store.write(visit.actor) as work:
            messages.again(work, message_id)
    except TransitionError as error:
        return _page(visit, Flash(refusal(words_of(visit), error), "bad"), 409)
    return onward(visit, PATH, "saved")


@router.post("/messages/{message_id}/aside")
def put_aside(visit: PostedPerson, message_id: int) -> Response:
    """Put aside what was given up or refused."""
    try:
        with visit.store.write(visit.actor) as work:
            messages.call_off(work, message_id)
    except TransitionError as error:
        return _page(visit, Flash(refusal(words_of(visit), error), "bad"), 409)
    return onward(visit, PATH, "saved")


@router.post("/{receiver_id}/test")
def test(visit: PostedPerson, receiver_id: str) -> Response:
    """Send a test message now, and say what came of it."""
    w = words_of(visit)
    try:
        outcome = send_test(visit.store, receiver_id, visit.actor)
    except ConfigError as error:
        return _page(visit, Flash(str(error), "bad"), 422)
    if outcome.error is None:
        return _page(visit, Flash(w.t("receivers.tested", receiver=receiver_id), "good"))
    why = fault_words(w, outcome.error)
    return _page(visit, Flash(w.t("receivers.test_failed", receiver=receiver_id, why=why), "bad"), 502)


def fault_words(w: Words, code: str) -> str:
    """Why a message was not taken, in words; the code itself where there are none."""
    found = NUMBERED.fullmatch(code)
    if found is not None:
        return w.t(f"receivers.fault.{found[1]}", code=found[2].replace("_", "."))
    return w.or_code(f"receivers.fault.{code}")


def _page(visit: Visit, flash: Flash | None = None, status: int = 200) -> Response:
    with visit.store.read(visit.actor) as work:
        seen: Health = health(work)
    w = words_of(visit)
    return page(
        visit,
        "receivers/list.html",
        status=status,
        flash=flash,
        seen=seen,
        fault=lambda code: fault_words(w, code),
        event=lambda kind: event_in(visit.lang, kind),
        may_send=bool(visit.roles & SENDERS),
        may_test=bool(visit.roles & TESTERS),
        sees_alarms=bool(visit.roles & SEES_ALARMS),
    )
