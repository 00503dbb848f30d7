"""What an officer has written on a case and not yet decided: kept sealed in the store until the verdict.

A browser's own storage would leave plates and remarks on the disk of a desk that several people use, and a crash of
that desk would lose them; here they outlive both, under a key that goes with them.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, select

from qyran.errors import TransitionError
from qyran.roles import OFFICERS
from service.access import require
from service.records import load
from service.store.console_tables import CaseDraft
from service.store.database import Work
from service.store.events import facts_of
from service.store.tables import Personal, ViolationCase
from violations.case import CaseState

BEGUN = frozenset({CaseState.IN_REVIEW, CaseState.SECOND_LOOK})
"""States in which an officer may write on a case."""


class Draft(BaseModel):
    """What was written; None where nothing was.

    Attributes:
        plate: as the officer reads it, not checked yet.
        note: free words.
        offence: id of the chosen article.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    plate: Annotated[str | None, Field(max_length=20)] = None
    note: Annotated[str | None, Field(max_length=1000)] = None
    offence: Annotated[str | None, Field(max_length=64)] = None


def save(work: Work, case_id: str, draft: Draft, *, aside: bool | None = None) -> None:
    """Keep what the officer has written; counts as an action, so that the claim does not lapse meanwhile.

    Args:
        work: the unit of work.
        case_id: the case.
        draft: all that is written; replaces what was kept.
        aside: the officer puts the case aside, or (False) takes it up again; None leaves that.

    Raises:
        TransitionError: the officer does not review the case (any more).
        AccessError: the actor is no officer.
        NotFound: there is no such case.
    """
    require(work.actor, OFFICERS)
    row = load(work, ViolationCase, case_id)
    own = row.state == CaseState.IN_REVIEW and row.claimed_by == work.actor.id
    if row.state not in BEGUN or (row.state == CaseState.IN_REVIEW and not own):
        raise TransitionError("The draft is not kept: the claim has lapsed or another officer reviews it.")
    if own:
        row.claimed_at = work.now
    held = _mine(work, case_id)
    if held is None:
        held = CaseDraft(id=str(uuid4()), case_id=case_id, officer=work.actor.id, aside=False, changed_at=work.now)
        work.session.add(held)
    held.changed_at = work.now
    held.aside = held.aside if aside is None else aside
    wrapped, sealed = work.store.vault.seal(held.id, 0, {"payload": draft.model_dump(exclude_none=True)})
    kept = work.session.get(Personal, (held.id, 0))
    if kept is None:
        work.session.add(Personal(record=held.id, seq=0, wrapped_key=wrapped, sealed=sealed))
    else:
        kept.wrapped_key, kept.sealed = wrapped, sealed


def load_draft(work: Work, case_id: str) -> Draft:
    """What the actor has written on a case."""
    held = _mine(work, case_id)
    if held is None:
        return Draft()
    said: dict[str, Any] = facts_of(work.session, work.store.vault, [held.id])[held.id]
    return Draft.model_validate(said)


def aside(work: Work) -> tuple[str, ...]:
    """Ids of the cases the actor has put aside, the first one first."""
    query = select(CaseDraft.case_id).where(CaseDraft.officer == work.actor.id, CaseDraft.aside.is_(True))
    return tuple(work.session.scalars(query.order_by(CaseDraft.changed_at)))


def forget(work: Work, case_id: str, officer: str | None = None) -> None:
    """Destroy the drafts on a case: all of them, or one officer's."""
    query = select(CaseDraft.id).where(CaseDraft.case_id == case_id)
    if officer is not None:
        query = query.where(CaseDraft.officer == officer)
    ids = list(work.session.scalars(query))
    if ids:
        work.session.execute(delete(Personal).where(Personal.record.in_(ids)))
        work.session.execute(delete(CaseDraft).where(CaseDraft.id.in_(ids)))


def _mine(work: Work, case_id: str) -> CaseDraft | None:
    query = select(CaseDraft).where(CaseDraft.case_id == case_id, CaseDraft.officer == work.actor.id)
    return work.session.scalar(query)
