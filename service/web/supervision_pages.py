"""Supervision: rejection rates with their intervals, quarantines, notices, what officers did, runs of jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from qyran.errors import InputError, TransitionError
from qyran.roles import Role
from service import case_statistics, job_register, notices, quality, quarantine
from service.case_statistics import OfficerStatistics
from service.device_view import ungrounded
from service.i18n import named, trace_words
from service.quality import RateView
from service.quarantine import BEGIN_REASONS, END_REASONS, OUTCOMES, READERS, QuarantineView
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit
from service.web.words import Words
from violations.quality import Count, interval

router = APIRouter(prefix="/supervision", include_in_schema=False)

PATH: Final = "/supervision"
ROOMS: Final = ("violations", "vision")
"""Whose words the traces of records use."""
SPAN: Final = timedelta(days=30)
RUNS: Final = 30
BAR: Final = 100
"""Parts of the bar on which a share and its interval are drawn."""

Short = Annotated[str, Form(max_length=64)]


@dataclass(frozen=True, slots=True)
class RateRow:
    """A camera and rule as the page shows it; `share`, `low` and `high` are percentages on the bar."""

    camera: str
    camera_id: str
    kind: str
    code: str
    decided: int
    rejected: int
    share: float | None
    low: float
    high: float
    past: str
    peers: str
    chance: str | None
    quarantine: str | None


@router.get("")
def show(visit: Person) -> Response:
    """Everything on one page."""
    return _page(visit)


@router.post("/quarantines")
def begin(visit: PostedPerson, camera: Short = "", kind: Short = "", reason: Short = "") -> Response:
    """A senior officer doubts a camera's rule."""
    try:
        with visit.store.write(visit.actor) as work:
            quarantine.begin(work, camera, kind, reason)
    except (InputError, TransitionError) as error:
        return _page(visit, error)
    return onward(visit, PATH, "saved")


@router.post("/quarantines/{quarantine_id}/end")
def end(
    visit: PostedPerson,
    quarantine_id: UUID,
    reason: Short = "",
    outcome: Short = "",
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """A senior officer ends it; what waited goes back to the queue or to the camera's keepers."""
    try:
        with visit.store.write(visit.actor) as work:
            quarantine.end(work, str(quarantine_id), reason, outcome, note)
    except (InputError, TransitionError) as error:
        return _page(visit, error)
    return onward(visit, PATH, "saved")


@router.post("/notices/{notice_id}/seen")
def seen(visit: PostedPerson, notice_id: int) -> Response:
    """It is shown no more."""
    with visit.store.write(visit.actor) as work:
        notices.mark_seen(work, notice_id)
    return onward(visit, PATH, "saved")


def _page(visit: Visit, error: Exception | None = None) -> Response:
    w = words_of(visit)
    sees_team = bool(visit.roles & case_statistics.TEAM_READERS)
    with visit.store.read(visit.actor) as work:
        near = quarantine.cameras_in_sight(work) if visit.roles & READERS else []
        places = {row.id: named(w.lang, dict(row.name), row.id) for row in near}
        rows = tuple(_rate(w, one, places) for one in quality.rate_views(work))
        held = quarantine.quarantines(work)
        told = tuple(_told(w, one, places) for one in notices.notices(work))
        team = case_statistics.of_team(work, w.now - SPAN, w.now) if sees_team else ()
        sees_runs = bool(visit.roles & job_register.READERS)
        ran = job_register.runs(work, limit=RUNS) if sees_runs else ()
        unused = ungrounded(work, w.now - SPAN, RUNS)
    flash = None if error is None else Flash(refusal(w, error), "bad")
    status = 200 if error is None else 422 if isinstance(error, InputError) else 409
    return page(
        visit,
        "supervision.html",
        status=status,
        flash=flash,
        rates=rows,
        quarantines=tuple(_quarantine(w, one, places) for one in held),
        told=told,
        team=tuple(_officer(w, one) for one in team),
        runs=ran,
        unused=tuple((one, trace_words(w.lang, ROOMS, one.code, one.values)) for one in unused),
        sees_team=sees_team,
        sees_runs=sees_runs,
        keeps=Role.SENIOR_OFFICER in visit.roles,
        begin_reasons=BEGIN_REASONS[1:],
        end_reasons=END_REASONS,
        outcomes=OUTCOMES,
        window=visit.store.settings.quality_window_days,
        past_days=visit.store.settings.quality_past_days,
        span=SPAN.days,
    )


def _rate(w: Words, one: RateView, places: dict[str, str]) -> RateRow:
    share = one.now.share
    return RateRow(
        camera=places.get(one.camera_id, one.camera_id),
        camera_id=one.camera_id,
        kind=w.or_code(f"violations.kind.{one.kind}"),
        code=one.kind,
        decided=one.now.decided,
        rejected=one.now.rejected,
        share=None if share is None else BAR * share,
        low=BAR * one.low,
        high=BAR * one.high,
        past=_share(w, one.past),
        peers=_share(w, one.peers),
        chance=None if one.p is None else f"{one.p:.1g}",
        quarantine=one.quarantine,
    )


def _share(w: Words, count: Count) -> str:
    if not count.decided:
        return w.t("common.none")
    low, high = interval(count)
    middle = 100 * count.rejected / count.decided
    return w.t("supervision.share", share=w.num(middle, 1), low=w.num(100 * low, 1), high=w.num(100 * high, 1),
               n=count.decided)  # fmt: skip


def _quarantine(w: Words, one: QuarantineView, places: dict[str, str]) -> dict[str, Any]:
    return {
        "id": one.id,
        "camera": places.get(one.camera_id, one.camera_id),
        "kind": w.or_code(f"violations.kind.{one.kind}"),
        "began_at": one.began_at,
        "began_by": w.t("supervision.by_rates") if one.began_by == "system" else one.began_by,
        "reason": w.t(f"supervision.reason.{one.reason}"),
        "ended_at": one.ended_at,
        "ended_by": one.ended_by,
        "end_reason": w.t(f"supervision.reason.{one.end_reason}") if one.end_reason else None,
        "outcome": w.t(f"supervision.outcome.{one.outcome}") if one.outcome else None,
        "waiting": one.waiting,
    }


def _told(w: Words, one: notices.NoticeView, places: dict[str, str]) -> dict[str, Any]:
    values = dict(one.values)
    if "camera" in values:
        values["camera"] = places.get(str(values["camera"]), values["camera"])
    if "kind" in values:
        values["kind"] = w.or_code(f"violations.kind.{values['kind']}")
    if "reason" in values:
        values["reason"] = w.t(f"supervision.reason.{values['reason']}")
    if "day" in values:
        values["day"] = w.day(datetime.fromisoformat(values["day"]).date())
    return {"id": one.id, "at": one.at, "text": w.t(f"staff_notice.{one.code}", **values), "territory": one.territory}


def _officer(w: Words, one: OfficerStatistics) -> dict[str, Any]:
    return {
        "name": w.t("supervision.team_all") if one.officer is None else one.name or one.officer,
        "whole": one.officer is None,
        "decided": one.decided,
        "confirmed": one.confirmed,
        "rejected": one.rejected,
        "sent_on": one.sent_on,
        "second_looks": one.second_looks,
        "proposed": one.proposed,
        "overruled": one.overruled,
        "withdrawn": one.withdrawn,
        "median": None if one.median_s is None else w.t("supervision.seconds", n=w.num(one.median_s, 1)),
    }
