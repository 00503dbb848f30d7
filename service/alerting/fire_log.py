"""Closing the loop: the fire service's calls beside our alerts, what each knew alone, and their times in our alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select

from incidents.alert import AlertState, Verdict
from incidents.call_matching import AFTER, BEFORE, KnownAlert, LoggedCall, Pair, pair_up
from incidents.response import Clock, Response
from incidents.severity import FIRE_KINDS
from qyran.errors import NotFound, TransitionError
from qyran.roles import SYSTEM, Role
from service.access import log_access, require
from service.alerting.moving import stamp
from service.alerting.services import keep_times, known_times, tell_service
from service.imports.journals import Span, journal
from service.kpi_journals import JOURNAL
from service.records import load
from service.store.alert_tables import Alert
from service.store.counter import lock_series
from service.store.database import Store, Work
from service.store.import_tables import CityImport, CityImportRow
from service.store.response_tables import CallMatch
from service.store.tables import Counter

FIRE_SERVICE: Final = "101"
SERIES: Final = "fire_calls_matched"
"""Up to which imported row calls were matched."""
READERS: Final = frozenset({Role.SITUATIONAL_OPERATOR, Role.EVALUATOR, Role.AUDITOR})
JUDGES: Final = frozenset({Role.SITUATIONAL_OPERATOR})
MATCHED: Final = "matched"
CANDIDATE: Final = "candidate"
REFUSED: Final = "refused"
PERSON: Final = "person"
SKIPPED: Final = ("drill", "test", "merged")
"""Calls that are none: exercises, tests, the second call for one fire."""
UNCOUNTED: Final = (AlertState.CANDIDATE, AlertState.MERGED, AlertState.SUPPRESSED, AlertState.TEST)
LONGEST: Final = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class CallView:
    """A call of the log; `closing_code` is the fire service's."""

    id: str
    t_call_received: datetime
    t_dispatch: datetime | None
    t_depart: datetime | None
    t_arrive: datetime | None
    object_id: str | None
    closing_code: str | None


@dataclass(frozen=True, slots=True)
class PairView:
    """A call and an alert that are one, or may be."""

    call: CallView
    alert_id: str
    kind: str
    t_detect: datetime
    verdict: str | None
    how: str
    seconds: float
    metres: float | None
    by_person: bool


@dataclass(frozen=True, slots=True)
class OwnView:
    """A true alert of which the log knows no call."""

    alert_id: str
    kind: str
    t_detect: datetime


@dataclass(frozen=True, slots=True)
class Loop:
    """A span of the log beside our alerts.

    Attributes:
        covered: spans that the imported files speak of; outside them nothing is missing.
        matched: a call and an alert are one.
        candidates: a person says whether they are.
        service_only: the fire service knew, we did not.
        ours_only: true alerts within the covered spans of which the log knows nothing.
    """

    covered: tuple[Span, ...]
    matched: tuple[PairView, ...]
    candidates: tuple[PairView, ...]
    service_only: tuple[CallView, ...]
    ours_only: tuple[OwnView, ...]


def match_new(store: Store) -> int:
    """Match the calls that were imported since the last round; how many pairs were noted."""
    with store.read() as work:
        newest = work.session.scalar(_rows(func.max(CityImportRow.id)))
        done = _done(work)
        if newest is None or newest <= done:
            return 0
    with store.write(SYSTEM) as work:
        counter = lock_series(work, SERIES)
        fresh = CityImportRow.id > counter.last
        first, last = work.session.execute(
            _rows(func.min(CityImportRow.at), func.max(CityImportRow.at)).where(fresh)
        ).one()
        counter.last = newest
        return match(work, first, last) if first is not None else 0


def match(work: Work, start: datetime, stop: datetime) -> int:
    """Match the calls of a span, its ends included; what a person said stands. How many pairs were noted anew."""
    calls = {one.id: one for one in _calls(work, (start, stop + timedelta(microseconds=1)))}
    alerts = _alerts(work, start - AFTER, stop + BEFORE)
    there = {(one.call_id, one.alert_id): one for one in _matches(work, calls)}
    settled = {one.call_id for one in there.values() if one.standing == MATCHED}
    taken = set(
        work.session.scalars(
            select(CallMatch.alert_id).where(
                CallMatch.standing == MATCHED, CallMatch.alert_id.in_([one.id for one in alerts])
            )
        )
    )
    refused = frozenset(key for key, one in there.items() if one.standing == REFUSED)
    open_calls = [_logged(row, one) for one, row in _with_places(work, calls.values()) if one.id not in settled]
    found = 0
    for pair in pair_up(open_calls, [_known(one) for one in alerts if one.id not in taken], refused):
        found += _note(work, pair, calls[pair.call], there.get((pair.call, pair.alert)))
    work.session.flush()
    return found


def judge(work: Work, call_id: str, alert_id: str, *, same: bool) -> None:
    """A person says whether a call and an alert are one.

    Raises:
        AccessError: the actor is no operator.
        NotFound: the log has no such call, or there is no such alert.
        TransitionError: one of the two belongs to another already.
    """
    role = require(work.actor, JUDGES)
    row = load(work, Alert, alert_id)
    call = _call(work, call_id)
    pairs = work.session.scalars(
        select(CallMatch).where((CallMatch.call_id == call_id) | (CallMatch.alert_id == alert_id)).with_for_update()
    ).all()
    pair = next((one for one in pairs if one.call_id == call_id and one.alert_id == alert_id), None)
    if same and any(one.standing == MATCHED for one in pairs if one is not pair):
        raise TransitionError("The call or the alert belongs to another one already; part them first.")
    if pair is None:
        seconds = (call.t_call_received - row.t_detect).total_seconds()
        pair = CallMatch(call_id=call_id, alert_id=alert_id, how=PERSON, seconds=seconds, metres=None)
        pair.t_call_received, pair.found_at = call.t_call_received, work.now
        work.session.add(pair)
    pair.standing = MATCHED if same else REFUSED
    pair.judged_at, pair.judged_by = work.now, work.actor.id
    if same:
        _take_times(work, row, call)
    log_access(work, role, "call_matched" if same else "call_refused", alert_id)


def loop(work: Work, start: datetime, stop: datetime) -> Loop:
    """A span of the log beside our alerts.

    Raises:
        AccessError: the actor sees neither.
    """
    require(work.actor, READERS)
    calls = {one.id: one for one in _calls(work, (start, stop))}
    alerts = {one.id: one for one in _alerts(work, start - AFTER, stop + BEFORE)}
    pairs = _matches(work, calls)
    known = journal(work, JOURNAL)
    covered = known.spans if known is not None else ()
    matched = [one for one in pairs if one.standing == MATCHED]
    settled = {one.call_id for one in matched}
    waiting = [one for one in pairs if one.standing == CANDIDATE and one.call_id not in settled]
    tied = set(work.session.scalars(select(CallMatch.alert_id).where(CallMatch.standing == MATCHED)))
    told = {one.call_id for one in (*matched, *waiting)}
    tied |= {one.alert_id for one in waiting}
    alone = [
        OwnView(one.id, one.kind, one.t_detect)
        for one in alerts.values()
        if start <= one.t_detect < stop and one.verdict == Verdict.TRUE and one.id not in tied
        and any(first <= one.t_detect < last for first, last in covered)
    ]  # fmt: skip
    return Loop(
        covered=covered,
        matched=tuple(_pair_view(work, calls[one.call_id], one) for one in matched),
        candidates=tuple(_pair_view(work, calls[one.call_id], one) for one in waiting),
        service_only=tuple(one for one in calls.values() if one.id not in told),
        ours_only=tuple(sorted(alone, key=lambda one: one.t_detect)),
    )


def _note(work: Work, pair: Pair, call: CallView, there: CallMatch | None) -> bool:
    standing = MATCHED if pair.sure else CANDIDATE
    if there is not None and (there.standing == standing or there.judged_by is not None):
        return False
    if there is None:
        there = CallMatch(call_id=pair.call, alert_id=pair.alert, found_at=work.now)
        there.judged_at = there.judged_by = None
        work.session.add(there)
    there.how, there.standing = pair.tie.name.lower(), standing
    there.seconds, there.metres, there.t_call_received = pair.seconds, pair.metres, call.t_call_received
    if pair.sure:
        _take_times(work, load(work, Alert, pair.alert), call)
    return True


def _take_times(work: Work, row: Alert, call: CallView) -> None:
    """The log's times into the alert: the service's own clock knows best when its crew left."""
    part = tell_service(work, row, FIRE_SERVICE, initiator="external")
    if part.number is None:
        part.number = call.id
        row.service_numbers = {**(row.service_numbers or {}), FIRE_SERVICE: call.id}
    if call.t_dispatch is not None and part.time_sources.get("t_dispatch", {}).get("clock") != "server":
        stamp(part, "t_dispatch", call.t_dispatch, "external", work.actor.id)
    known = known_times(part)
    told = {name: getattr(call, name) for name in ("t_call_received", "t_depart", "t_arrive")}
    told = {name: at for name, at in told.items() if at is not None}
    clocks: dict[str, Clock] = {**dict(known.clocks), **dict.fromkeys(told, "external")}
    fresh: Response = replace(known, **told, clocks=tuple(sorted(clocks.items())))
    role = work.actor.acts_as(JUDGES) or Role.SYSTEM
    keep_times(work, row, part, fresh, role, "call_log")


def _calls(work: Work, within: Span) -> list[CallView]:
    """The calls that stand in a span, exercises and doubles left out."""
    found = journal(work, JOURNAL, within=within)
    rows: Sequence[dict[str, Any]] = found.rows if found is not None else ()
    return [_call_view(one) for one in rows if not any(one.get(flag) for flag in SKIPPED)]


def _call(work: Work, call_id: str) -> CallView:
    query = _rows(CityImportRow.value).where(CityImportRow.key == call_id)
    value = work.session.scalar(query.limit(1))
    if value is None:
        raise NotFound(f"The log of calls has no call {call_id[:64]}.")
    return _call_view(value)


def _with_places(work: Work, calls: Any) -> list[tuple[CallView, dict[str, Any]]]:
    listed = list(calls)
    keys = {one.id for one in listed}
    rows = work.session.scalars(_rows(CityImportRow.value).where(CityImportRow.key.in_(keys)))
    values = {one["id"]: one for one in rows}
    return [(one, values.get(one.id, {})) for one in listed]


def _rows(*columns: Any) -> Any:
    """Columns of the rows of the log that stand."""
    query = select(*columns).join(CityImport, CityImport.id == CityImportRow.import_id)
    return query.where(CityImportRow.kind == JOURNAL, CityImport.withdrawn_at.is_(None))


def _done(work: Work) -> int:
    return work.session.scalar(select(Counter.last).where(Counter.series == SERIES)) or 0


def _alerts(work: Work, start: datetime, stop: datetime) -> Sequence[Alert]:
    query = select(Alert).where(
        Alert.kind.in_(sorted(FIRE_KINDS)),
        Alert.t_detect >= start,
        Alert.t_detect <= stop,
        Alert.state.not_in(UNCOUNTED),
        Alert.is_drill.is_(False),
    )
    return work.session.scalars(query.order_by(Alert.t_detect, Alert.id)).all()


def _matches(work: Work, calls: Any) -> list[CallMatch]:
    query = select(CallMatch).where(CallMatch.call_id.in_(list(calls)))
    return list(work.session.scalars(query.order_by(CallMatch.t_call_received, CallMatch.id)))


def _logged(value: dict[str, Any], call: CallView) -> LoggedCall:
    latitude, longitude = value.get("latitude"), value.get("longitude")
    place = (float(latitude), float(longitude)) if latitude is not None and longitude is not None else None
    return LoggedCall(call.id, call.t_call_received, call.object_id, place)


def _known(row: Alert) -> KnownAlert:
    place = (row.latitude, row.longitude) if row.latitude is not None and row.longitude is not None else None
    numbers = frozenset(str(one) for one in (row.service_numbers or {}).values())
    return KnownAlert(row.id, row.t_detect, numbers, row.object_id, place, row.radius_m or 0.0)


def _call_view(value: dict[str, Any]) -> CallView:
    moments = {
        name: datetime.fromisoformat(value[name]) if value.get(name) else None
        for name in ("t_dispatch", "t_depart", "t_arrive")
    }
    return CallView(
        id=value["id"],
        t_call_received=datetime.fromisoformat(value["t_call_received"]),
        object_id=value.get("object_id"),
        closing_code=value.get("closing_code"),
        **moments,
    )


def _pair_view(work: Work, call: CallView, pair: CallMatch) -> PairView:
    row = work.session.get_one(Alert, pair.alert_id)
    return PairView(
        call, row.id, row.kind, row.t_detect, row.verdict, pair.how, pair.seconds, pair.metres,
        pair.judged_by is not None,
    )  # fmt: skip
