"""Supervision: rejection rates, quarantines, notices to staff, statistics of officers, runs of jobs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, StringConstraints

from service import case_statistics, job_register, notices, quality, quarantine
from service.api.bodies import Body, Code, Note
from service.api.deps import DeskOf

router = APIRouter(tags=["supervision"])

Name = Annotated[str, StringConstraints(max_length=64)]


class NewQuarantine(Body):
    """A camera's rule to be put under quarantine."""

    camera: Name
    kind: Code
    reason: Code


class QuarantineEnd(Body):
    """Why a quarantine ends, and what becomes of the cases that waited."""

    reason: Code
    outcome: Literal["released", "returned"]
    note: Note | None = None


class RateLine(BaseModel):
    """Rejections of a camera and rule; see `service.quality.RateView`."""

    camera_id: str
    kind: str
    decided: int
    rejected: int
    low: float
    high: float
    past_decided: int
    past_rejected: int
    peers_decided: int
    peers_rejected: int
    p: float | None
    quarantine: str | None


class QuarantineLine(BaseModel):
    """A quarantine; `waiting` is how many cases wait for its end."""

    id: str
    camera_id: str
    kind: str
    began_at: datetime
    began_by: str
    reason: str
    figures: dict[str, Any]
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str | None
    outcome: str | None
    waiting: int


class NoticeLine(BaseModel):
    """Something somebody of the actor's roles has to know."""

    id: int
    at: datetime
    code: str
    values: dict[str, Any]
    territory: str | None
    seen_at: datetime | None


class StatisticsLine(BaseModel):
    """What an officer did; the team together has neither id nor name."""

    officer: str | None
    name: str | None
    decided: int
    confirmed: int
    rejected: int
    sent_on: int
    second_looks: int
    proposed: int
    overruled: int
    withdrawn: int
    returned: int
    median_s: float | None


class RunLine(BaseModel):
    """A run of a job with its account."""

    id: int
    name: str
    day: date
    as_of: datetime
    started_at: datetime
    ended_at: datetime | None
    by: str
    outcome: str
    account: dict[str, int]
    error: str | None


@router.get("/quality/rates", summary="Rejection rates")
def rates(desk: DeskOf) -> list[RateLine]:
    """How many cases of each camera and rule officers rejected, with intervals; the worst first."""
    with desk.read() as work:
        return [
            RateLine(
                camera_id=one.camera_id,
                kind=one.kind,
                decided=one.now.decided,
                rejected=one.now.rejected,
                low=one.low,
                high=one.high,
                past_decided=one.past.decided,
                past_rejected=one.past.rejected,
                peers_decided=one.peers.decided,
                peers_rejected=one.peers.rejected,
                p=one.p,
                quarantine=one.quarantine,
            )
            for one in quality.rate_views(work)
        ]


@router.get("/quality/quarantines", summary="Quarantines")
def quarantines(desk: DeskOf, *, ended: bool = True) -> list[QuarantineLine]:
    """Those that hold first."""
    with desk.read() as work:
        return [QuarantineLine(**asdict(one)) for one in quarantine.quarantines(work, ended=ended)]


@router.post("/quality/quarantines", summary="Put a camera's rule under quarantine", status_code=201)
def begin(new: NewQuarantine, desk: DeskOf) -> dict[str, str]:
    """A senior officer doubts it; its new cases wait."""
    with desk.write() as work:
        return {"id": quarantine.begin(work, new.camera, new.kind, new.reason)}


@router.post("/quality/quarantines/{quarantine_id}/end", summary="End a quarantine")
def end(quarantine_id: str, how: QuarantineEnd, desk: DeskOf) -> dict[str, int]:
    """What waited goes back to the queue or to the camera's keepers; the answer says how many."""
    with desk.write() as work:
        return {"cases": quarantine.end(work, quarantine_id, how.reason, how.outcome, how.note)}


@router.get("/notices", summary="What somebody of your roles has to know")
def listed(desk: DeskOf, *, seen: bool = False) -> list[NoticeLine]:
    """The newest first."""
    with desk.read() as work:
        return [NoticeLine(**asdict(one)) for one in notices.notices(work, seen=seen)]


@router.post("/notices/{notice_id}/seen", summary="Seen", status_code=204)
def mark_seen(notice_id: int, desk: DeskOf) -> None:
    """It is shown no more."""
    with desk.write() as work:
        notices.mark_seen(work, notice_id)


@router.get("/statistics/me", summary="What you did")
def mine(desk: DeskOf, since: datetime, until: datetime) -> StatisticsLine:
    """Verdicts, median time, second looks, withdrawals in a span of time."""
    with desk.read() as work:
        return StatisticsLine(**asdict(case_statistics.of_officer(work, work.actor.id, since, until)))


@router.get("/statistics/team", summary="What the team did")
def team(desk: DeskOf, since: datetime, until: datetime) -> list[StatisticsLine]:
    """Each officer, and all of them together at the end; for senior officers and auditors."""
    with desk.read() as work:
        return [StatisticsLine(**asdict(one)) for one in case_statistics.of_team(work, since, until)]


@router.get("/jobs", summary="Runs of jobs")
def runs(
    desk: DeskOf,
    name: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[RunLine]:
    """The newest first, each with its account."""
    with desk.read() as work:
        return [RunLine(**asdict(one)) for one in job_register.runs(work, name=name, limit=limit)]
