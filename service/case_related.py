"""What else belongs to a case: the reports merged into it, and earlier acts of the same plate."""

from __future__ import annotations

from sqlalchemy import select

from qyran.roles import OFFICERS, Role
from service.records import camera_names, evidence_of, evidence_views, name_of, still_of
from service.second_eye import own_repeats
from service.store.database import Work
from service.store.events import facts_of
from service.store.officer_tables import CaseMerge
from service.store.tables import ViolationCase
from service.views import MergedView, RepeatView

REPEAT_READERS = OFFICERS | {Role.AUDITOR}


def merged_views(work: Work, row: ViolationCase, *, plates: bool) -> tuple[MergedView, ...]:
    """Every report that was taken for the same act, the parted ones too, with its evidence.

    Args:
        work: the unit of work.
        row: the case that keeps them.
        plates: whether the actor may see plates.
    """
    pairs = work.session.scalars(
        select(CaseMerge).where(CaseMerge.into == row.id).order_by(CaseMerge.at, CaseMerge.case_id)
    ).all()
    if not pairs:
        return ()
    ids = [pair.case_id for pair in pairs]
    rows = {one.id: one for one in work.session.scalars(select(ViolationCase).where(ViolationCase.id.in_(ids)))}
    cameras = camera_names(work, (one.camera_id for one in rows.values()))
    packages = evidence_of(work, ids)
    facts = facts_of(work.session, work.store.vault, ids) if plates else {}
    return tuple(
        MergedView(
            id=pair.case_id,
            version=one.version,
            camera_id=one.camera_id,
            camera_name=name_of(cameras.get(one.camera_id), one.camera_id),
            t_detect=one.t_detect,
            why=pair.why,
            seconds=pair.seconds,
            metres=pair.metres,
            plate=facts.get(one.id, {}).get("plate"),
            still=still_of(packages.get(one.id)),
            evidence=evidence_views(packages.get(one.id, [])),
            parted_at=pair.parted_at,
            reason=pair.reason,
        )
        for pair in pairs
        if (one := rows.get(pair.case_id)) is not None
    )


def repeat_views(work: Work, row: ViolationCase) -> tuple[RepeatView, ...]:
    """Our own signed cases of the plate within the term of a repeat, for whoever decides or audits."""
    if work.actor.acts_as(REPEAT_READERS) is None:
        return ()
    return tuple(
        RepeatView(id=one.id, document_no=one.document_no, kind=one.kind, offence=one.offence, t_signed=one.t_signed)
        for one in own_repeats(work, row)
    )
