"""Every job by its name: what it does for which day, and a lasting account of each run.

A job moves only what its day calls for, each record in a transaction of its own: running it again for the same day
changes nothing more, and after a kill the next run does the rest. A day that is over is asked for at its end, today for
now; a day to come can only be rehearsed, or a typing slip would let half the city's cases expire.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import select

from qyran.errors import AccessError, InputError, NotFound, QyranError
from qyran.roles import SYSTEM, Actor, Role
from service import enforcement
from service.auth import forget_logins
from service.case_terms import move_due
from service.cases import lapse_claims
from service.erasure import sweep
from service.exchange.manifests import sign_days
from service.fault_points import reach
from service.logs import bind
from service.notices import Told, tell
from service.passage_retention import sweep_passages, sweep_stills
from service.publication.schedule import PUBLISH_JOB, REVISE_JOB, publish_due, revise_due
from service.quality import watch_quality
from service.queue_watch import warn_of_queue
from service.rating.speeds import keep_days
from service.record_retention import forget_records
from service.samples import disagreements
from service.store.database import Store, Work
from service.store.ledger import sign_heads
from service.store.officer_tables import JobRun
from violations.case import CaseState

RUNNING: Final = "running"
DONE: Final = "done"
FAILED: Final = "failed"
MOST_CAUGHT_UP: Final = 31
"""Nights that are caught up at most after the service stood still; older days are run by hand."""
RETRY: Final = timedelta(hours=1)
SENTENCE: Final = 255
READERS: Final = frozenset({Role.ADMINISTRATOR, Role.AUDITOR, Role.SENIOR_OFFICER, Role.SYSTEM})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """For what a job is run.

    Attributes:
        store: the store.
        day: the city's day.
        start, as_of: when it began, and the moment the conditions are asked for.
        rehearsal: only count.
    """

    store: Store
    day: date
    start: datetime
    as_of: datetime
    rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A job.

    Attributes:
        run: does it, and gives an account in counts.
        nightly: run once for each day that has ended.
        rehearses: can count without changing anything.
    """

    run: Callable[[Call], Mapping[str, int]]
    nightly: bool = True
    rehearses: bool = False


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as lists show it."""

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


def _lapse(call: Call) -> Mapping[str, int]:
    with call.store.write(SYSTEM) as work:
        return {"lapsed": lapse_claims(work, call.as_of)}


def _expire(call: Call) -> Mapping[str, int]:
    return {"expired": move_due(call.store, CaseState.EXPIRED, call.as_of, rehearsal=call.rehearsal)}


def _close(call: Call) -> Mapping[str, int]:
    return {"closed": move_due(call.store, CaseState.CLOSED, call.as_of, rehearsal=call.rehearsal)}


def _quality(call: Call) -> Mapping[str, int]:
    return watch_quality(call.store, call.as_of, rehearsal=call.rehearsal)


def _queue(call: Call) -> Mapping[str, int]:
    with call.store.write(SYSTEM) as work:
        return warn_of_queue(work, call.as_of)


def _samples(call: Call) -> Mapping[str, int]:
    with call.store.write(SYSTEM) as work:
        wrong = disagreements(work, call.start, call.as_of)
        for case_id in wrong:
            tell(work, Told("sample_disagrees", case_id, {"case": case_id}, (Role.SENIOR_OFFICER, Role.AUDITOR)))
    return {"disagreeing": len(wrong)}


def _enforce(call: Call) -> Mapping[str, int]:
    done = enforcement.run(call.store, call.day)
    return {"settled": done.settled, "resolved": done.resolved, "sent": done.sent}


def _forget(call: Call) -> Mapping[str, int]:
    with call.store.write(SYSTEM) as work:
        forget_logins(work)
        forget_records(work)
    keep_days(call.store)  # the speeds of passages are counted before they go
    return {"cases": sweep(call.store), "passages": sweep_passages(call.store), "stills": sweep_stills(call.store)}


def _sign_exchange(call: Call) -> Mapping[str, int]:
    return {"days": sign_days(call.store, call.day)}


def _sign(call: Call) -> Mapping[str, int]:
    return {"roots": int(sign_heads(call.store) is not None)}


def _publish(call: Call) -> Mapping[str, int]:
    return publish_due(call.store, call.day, call.as_of, rehearsal=call.rehearsal)


def _revise(call: Call) -> Mapping[str, int]:
    return revise_due(call.store, call.day)


JOBS: Final[dict[str, Job]] = {
    "lapse_claims": Job(_lapse),
    "expire_cases": Job(_expire, rehearses=True),
    "enforce_fines": Job(_enforce),
    "close_cases": Job(_close, rehearses=True),
    "warn_of_queue": Job(_queue),
    "watch_quality": Job(_quality, rehearses=True),
    "check_samples": Job(_samples),
    "forget": Job(_forget),
    "sign_exchange": Job(_sign_exchange),
    PUBLISH_JOB: Job(_publish, rehearses=True),
    REVISE_JOB: Job(_revise),
    "sign_ledger": Job(_sign),
}
"""In the order in which a night runs them: what expired is closed the same night, and the ledger is signed last."""


def run_job(store: Store, name: str, day: date, *, rehearsal: bool = False, by: Actor = SYSTEM) -> RunView:
    """Run a job for a day of the city and keep an account of it; a rehearsal changes and keeps nothing.

    Raises:
        NotFound: there is no such job.
        InputError: the day has not come yet, or the job cannot be rehearsed.
        QyranError: the job failed; the account says so too.
    """
    job = JOBS.get(name)
    if job is None:
        raise NotFound(f"There is no job {name}; there are {', '.join(JOBS)}.")
    call = call_for(store, day, rehearsal=rehearsal)
    if rehearsal:
        if not job.rehearses:
            able = ", ".join(one for one, each in JOBS.items() if each.rehearses)
            raise InputError(f"The job {name} cannot be rehearsed; {able} can.")
        account = dict(job.run(call))
        return RunView(0, name, day, call.as_of, call.as_of, None, by.id, "rehearsal", account, None)
    number = _begin(store, name, call, by)
    reach(store, "night.begun")
    try:
        with bind(job=name):
            account = dict(job.run(call))
    except Exception as error:
        sentence = str(error) if isinstance(error, QyranError) else f"{type(error).__name__} (see the log)"
        _end(store, number, FAILED, {}, sentence)
        raise
    reach(store, "night.done")
    return _end(store, number, DONE, account, None)


def call_for(store: Store, day: date, *, rehearsal: bool = False) -> Call:
    """The moments of a day.

    Raises:
        InputError: it has not come yet, and this is no rehearsal.
    """
    zone, now = store.settings.zone, store.clock()
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    if start > now and not rehearsal:
        raise InputError(f"The day {day.isoformat()} has not come yet; rehearse the job with --rehearse.")
    return Call(store, day, start, end if end <= now or rehearsal else now, rehearsal)


def nightly(store: Store, retry: timedelta = RETRY) -> list[RunView]:
    """Run every nightly job for each day that ended and that it was not done for; what fails does not stop the rest.

    The first night of a store is yesterday; after a standstill at most `MOST_CAUGHT_UP` days are caught up. A run that
    was killed is run again at once, one that failed after `retry`.
    """
    zone, now = store.settings.zone, store.clock()
    local = now.astimezone(zone)
    last = local.date() - timedelta(days=1 if local.hour >= store.settings.nightly_hour else 2)
    done: list[RunView] = []
    names = [name for name, job in JOBS.items() if job.nightly]
    first = {name: _first_missed(store, name, last) for name in names}
    for number in range(MOST_CAUGHT_UP - 1, -1, -1):
        day = last - timedelta(days=number)
        for name in names:
            if day >= first[name] and _is_due(store, name, day, retry):
                try:
                    done.append(run_job(store, name, day))
                except Exception:
                    # Its account holds the sentence, and the next night tries again.
                    log.exception("The job %s failed for %s.", name, day)
    return done


def runs(work: Work, *, name: str | None = None, limit: int = 100) -> tuple[RunView, ...]:
    """The newest runs first.

    Raises:
        AccessError: the actor's roles see no jobs.
    """
    if work.actor.acts_as(READERS) is None:
        raise AccessError(f"This needs one of these roles: {', '.join(sorted(READERS))}.")
    query = select(JobRun).order_by(JobRun.id.desc()).limit(limit)
    if name is not None:
        query = query.where(JobRun.name == name)
    return tuple(_view(row) for row in work.session.scalars(query))


def _first_missed(store: Store, name: str, last: date) -> date:
    """The day after the last one that a job was done for, `last` where it never was."""
    query = select(JobRun.day).where(JobRun.name == name, JobRun.outcome == DONE, JobRun.day <= last)
    with store.read(SYSTEM) as work:
        before = work.session.scalar(query.order_by(JobRun.day.desc()).limit(1))
    return last if before is None else min(before, last)


def _is_due(store: Store, name: str, day: date, retry: timedelta) -> bool:
    """Whether a job was not done for a whole day (a run before the day's end was not the night's), nor just failed."""
    end = datetime.combine(day + timedelta(days=1), time(), store.settings.zone).astimezone(UTC)
    of_day = select(JobRun.id).where(JobRun.name == name, JobRun.day == day)
    done = of_day.where(JobRun.outcome == DONE, JobRun.as_of >= end)
    failed = of_day.where(JobRun.outcome == FAILED, JobRun.started_at > store.clock() - retry)
    with store.read(SYSTEM) as work:
        return all(work.session.scalar(one.limit(1)) is None for one in (done, failed))


def _begin(store: Store, name: str, call: Call, by: Actor) -> int:
    with store.write(SYSTEM) as work:
        row = JobRun(name=name, day=call.day, as_of=call.as_of, started_at=work.now, by=by.id, outcome=RUNNING)
        row.account = {}
        work.session.add(row)
        work.session.flush()
        return row.id


def _end(store: Store, number: int, outcome: str, account: dict[str, int], error: str | None) -> RunView:
    with store.write(SYSTEM) as work:
        row = work.session.get_one(JobRun, number, with_for_update=True)
        row.outcome, row.account, row.ended_at = outcome, account, work.now
        row.error = None if error is None else error[:SENTENCE]
        return _view(row)


def _view(row: JobRun) -> RunView:
    return RunView(
        id=row.id,
        name=row.name,
        day=row.day,
        as_of=row.as_of,
        started_at=row.started_at,
        ended_at=row.ended_at,
        by=row.by,
        outcome=row.outcome,
        account=dict(row.account),
        error=row.error,
    )
