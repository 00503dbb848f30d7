"""Whether a confirmation needs a second officer: a high penalty, a repeat within the year, or a random sample."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import or_, select

from qyran.roles import OFFICERS, Role
from service import law
from service.ports.offence_history import OffenceHistory
from service.samples import Draw, draw
from service.store.database import Work
from service.store.events import append_event, facts_of
from service.store.tables import ViolationCase
from violations.case import CaseState
from violations.offences import Offence

HISTORY: Final = "history_asked"
NO_ANSWER: Final = "history_silent"


@dataclass(frozen=True, slots=True)
class Repeat:
    """What is known of earlier acts of the same plate under the same article, within the term of a repeat.

    Attributes:
        own: our own signed cases that were not cancelled, the newest first.
        register: how many decisions the register names; None where none is configured or it kept silent.
    """

    own: tuple[ViolationCase, ...]
    register: int | None

    @property
    def source(self) -> str | None:
        """Who knows of a repeat: store, register or both."""
        if self.own:
            return "both" if self.register else "store"
        return "register" if self.register else None


@dataclass(frozen=True, slots=True)
class SecondEye:
    """Why another officer has to look, None where none has; with the draw of the sample."""

    reason: str | None
    drawn: Draw


def second_eye(work: Work, row: ViolationCase, chosen: Offence, repeat: Repeat) -> SecondEye:
    """Whether another officer has to look before a case is confirmed under an entry."""
    terms = work.store.settings.terms
    drawn = draw(work.store, "second look", row.id, terms.second_look_share)
    if chosen.fine_mci is not None and chosen.fine_mci >= terms.second_look_mci:
        return SecondEye("penalty_high", drawn)
    if chosen.repeat or repeat.source:
        return SecondEye("repeat", drawn)
    return SecondEye("random_sample" if drawn.hit else None, drawn)


def repeat_of(
    work: Work, row: ViolationCase, article: str, plate: str | None, history: OffenceHistory | None
) -> Repeat:
    """What our own store and the register know; the register's answer is kept in the case's chain.

    Args:
        work: the unit of work of the officer who reviews the case.
        row: the case.
        article: of the entry chosen.
        plate: as the officer reads it.
        history: the register, None where none is configured.
    """
    own = own_repeats(work, row, article)
    told = None if history is None else _ask(work, row, article, plate, history)
    found = Repeat(own, told)
    row.repeat_of, row.repeat_source = own[0].id if own else None, found.source
    return found


def own_repeats(work: Work, row: ViolationCase, article: str | None = None) -> tuple[ViolationCase, ...]:
    """Our own signed cases of the plate within the term before the act, the newest first; of one article, or of all.

    The plates compared are keyed tokens; a case that was cancelled counts for nothing.
    """
    if row.plate_token is None:
        return ()
    query = select(ViolationCase).where(
        ViolationCase.plate_token == row.plate_token,
        ViolationCase.id != row.id,
        ViolationCase.t_signed >= law.repeat_since(work.store, row.t_detect),
        ViolationCase.t_signed < row.t_detect,
        ViolationCase.t_cancelled.is_(None),
        ViolationCase.state.in_((CaseState.SIGNED, CaseState.CLOSED)),
    )
    if article is not None:
        query = query.where(or_(ViolationCase.offence == article, ViolationCase.offence.like(f"{article}-%")))
    return tuple(work.session.scalars(query.order_by(ViolationCase.t_signed.desc(), ViolationCase.id)))


def _ask(work: Work, row: ViolationCase, article: str, plate: str | None, history: OffenceHistory) -> int | None:
    facts = facts_of(work.session, work.store.vault, [row.id])[row.id]
    asked = {"register": history.name, "article": article}
    known: Any = facts.get("history")
    if known is not None and known["plate"] == plate and known["article"] == article:
        return int(known["count"])
    if plate is None:
        return None
    zone = work.store.settings.zone
    since: date = law.repeat_since(work.store, row.t_detect).astimezone(zone).date()
    role = work.actor.acts_as(OFFICERS) or Role.SYSTEM
    try:
        prior = history.prior(plate, article, since, row.t_detect.astimezone(zone).date())
    except OSError:
        append_event(work, row, NO_ANSWER, role, data=asked)
        return None
    numbers = sorted({one.number for one in prior})
    kept = {"plate": plate, "article": article, "count": len(numbers), "numbers": numbers}
    append_event(work, row, HISTORY, role, data={**asked, "count": len(numbers)}, payload={"history": kept})
    return len(numbers)
