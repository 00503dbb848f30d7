"""A synthetic year of a city against an independent reckoning, and days kept up to date against days made anew."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from kpi_catalog.period import Period
from kpi_catalog.tally import Part, merged
from service.bench_kpi_fill import Size, fill
from service.kpi import kpi_series, security_report
from service.rollups import rebuild, refresh
from service.rollups.kept import DAILY, total_of
from service.store.database import open_store
from service.store.rollup_tables import KpiMark, KpiTally
from service.store.tables import Alert, AlertNotification, Camera, CameraLog, ViolationCase
from tests.service.kpi_reckoning import Reckoning
from tests.service.world import Clock

YEAR = 2024  # Almaty turned from UTC+6 to UTC+5 on 1 March: that day has 25 hours, and no two days begin alike
SMALL = Size(cases=2500, alerts=1500, cameras=14, calls=350, objects=40, passages=400)
AFTERWARDS = datetime(2025, 2, 3, 4, 5, 6, 7, tzinfo=UTC)
MIDWAY = datetime(2024, 9, 17, 7, 45, 12, 345678, tzinfo=UTC)
DAYS = ("2024-01-01", "2024-02-28", "2024-02-29", "2024-03-01", "2024-07-07", "2024-09-17", "2024-12-31")
WEEKS = ("2024-W01", "2024-W09", "2024-W10", "2024-W38", "2025-W01")


def periods():
    """Text, first local day, the day after the last, and calendar months."""
    for text in DAYS:
        day = date.fromisoformat(text)
        yield text, day, day + timedelta(days=1), None
    for text in WEEKS:
        first = date.fromisocalendar(int(text[:4]), int(text[6:]), 1)
        yield text, first, first + timedelta(days=7), None
    firsts = [date(YEAR, month, 1) for month in range(1, 13)] + [date(YEAR + 1, 1, 1)]
    for month in range(12):
        yield f"{YEAR}-{month + 1:02}", firsts[month], firsts[month + 1], 1
    for quarter in range(4):
        yield f"{YEAR}-Q{quarter + 1}", firsts[3 * quarter], firsts[min(3 * quarter + 3, 12)], 3
    yield str(YEAR), firsts[0], firsts[12], 12


@pytest.fixture
def city(settings, database_url):
    clock = Clock(AFTERWARDS)
    store = open_store(settings.model_copy(update={"database_url": database_url}), demo=True, clock=clock)
    fill(store, YEAR, SMALL, seed=7)
    yield store, clock
    store.close()


def disagreements(store):
    """Where report and reckoning differ, by period and KPI."""
    own = Reckoning(store)
    found = {}
    for text, first, after, months in periods():
        if own.midnight(first) >= own.now:
            continue
        expected = own.all(first, after, months)
        for one in security_report(store, "republican", text).kpis:
            got = one.value.value, one.value.numerator, one.value.denominator
            want = expected[one.kpi.id]
            same = got == want
            if one.kpi.id == "9.1" and want[0] is not None:  # geometry: to the millimetre
                same = got == pytest.approx(want, rel=1e-7)
            if not same:
                found[text, one.kpi.id] = (got, want, one.value.missing)
            if one.kpi.id == "9.4":
                order = one.value.extra["median"], one.value.extra["p90"]
                if order != own.processing_order(lambda at: at and first <= own.local(at) < after):  # noqa: B023
                    found[text, "9.4 order"] = order
    return found


def kept(store):
    with store.read() as work:
        rows = work.session.execute(
            select(KpiTally.part, KpiTally.kind, KpiTally.first, KpiTally.content, KpiTally.spreads)
        )
        return {tuple(row[:3]): tuple(row[3:]) for row in rows}


def test_every_value_is_the_reckonings_to_the_last_digit(city):
    store, _ = city
    assert rebuild(store) > 0
    assert disagreements(store) == {}


def test_the_synthetic_year_has_something_to_count_everywhere(city):
    store, _ = city
    report = security_report(store, "republican", str(YEAR))
    assert all(one.value.value is not None and one.value.numerator for one in report.kpis)
    extras = {one.kpi.id: one.value.extra for one in report.kpis}
    assert extras["9.3"]["notices_without_a_person"]
    assert extras["9.4"]["reversed_times"]
    assert extras["9.8"]["without_reaction"]
    assert extras["10.1"]["without_departure"]


def edits(store, dice, number):
    """Some late changes of every kind, each as a use case would make it: rows of the session, one transaction."""
    with store.write() as work:
        cases = work.session.scalars(select(ViolationCase).order_by(ViolationCase.id)).all()
        alerts = work.session.scalars(select(Alert).order_by(Alert.id)).all()
        sent = work.session.scalars(select(AlertNotification).order_by(AlertNotification.id)).all()
        log = work.session.scalars(select(CameraLog).order_by(CameraLog.event_id)).all()
        for case in dice.sample(cases, number):
            late = case.t_detect + timedelta(days=dice.randrange(50), microseconds=dice.randrange(10**11))
            match dice.randrange(7):
                case 0:
                    case.verdict, case.t_officer_decision = dice.choice(("true", "false")), late
                case 1:
                    case.payment = dice.choice(("full", "refunded", "due"))
                case 2:
                    case.t_cancelled = late
                case 3:
                    case.merged_into = None if case.merged_into else cases[0].id
                case 4:
                    case.t_first_notification_sent = late
                case 5:
                    case.payment, case.payment_term_ends = "due", late
                case 6:
                    case.edited = [*case.edited, "plate"]
        for alert in dice.sample(alerts, number):
            other = dice.choice(alerts)
            match dice.randrange(7):
                case 0:
                    alert.verdict = dice.choice(("true", "false", None))
                case 1:
                    alert.incident_id = other.incident_id
                case 2:
                    alert.case_id = dice.choice((None, dice.choice(cases).id))
                case 3:
                    alert.t_dispatch = alert.t_detect + timedelta(minutes=dice.randrange(90))
                case 4:
                    alert.state = dice.choice(("test", "raised", "candidate"))
                case 5:
                    alert.is_drill = not alert.is_drill
                case 6:
                    alert.object_id = dice.choice((None, "object-0001"))
        for one in dice.sample(sent, min(len(sent), number // 2)):
            one.initiator = dice.choice(("system", "human"))
        for entry in dice.sample(log, number // 3):
            shift = timedelta(hours=dice.randrange(1, 200))
            kind = dice.choice(("up", "down", "analysed"))
            fresh = CameraLog(event_id=f"late-{dice.getrandbits(64):x}", camera_id=entry.camera_id, kind=kind)
            fresh.source, fresh.end = "worker", entry.end + shift
            fresh.start = fresh.end - (timedelta(hours=3) if kind == "analysed" else timedelta())
            work.session.add(fresh)
        if dice.random() < 0.3:
            camera = dice.choice(work.session.scalars(select(Camera).order_by(Camera.id)).all())
            camera.retired = date(YEAR, dice.randrange(1, 13), 5)


@pytest.mark.parametrize("seed", range(3))
def test_days_kept_up_to_date_are_days_made_anew(city, seed):
    store, _ = city
    dice = random.Random(seed)
    rebuild(store)
    for _ in range(4):
        edits(store, dice, 30)
        assert refresh(store) > 0
        followed = kept(store)
        rebuild(store)
        assert followed == kept(store)
    assert refresh(store) == 0


def test_late_changes_keep_the_values_the_reckonings(city):
    store, _ = city
    rebuild(store)
    before = security_report(store, "republican", str(YEAR)).as_dict()
    edits(store, random.Random(5), 400)
    assert disagreements(store) == {}
    assert security_report(store, "republican", str(YEAR)).as_dict() != before


def test_a_year_that_runs_is_counted_up_to_now_and_on_as_its_days_end(city):
    store, clock = city
    clock.now = MIDWAY
    assert disagreements(store) == {}
    clock.forward(days=16)
    assert disagreements(store) == {}
    followed = kept(store)
    rebuild(store)
    assert followed == kept(store)


def test_a_part_of_the_days_can_be_made_anew_alone(city):
    store, _ = city
    rebuild(store)
    whole = kept(store)
    with store.write() as work:
        for row in work.session.scalars(select(KpiTally).where(KpiTally.first >= date(YEAR, 5, 3))):
            row.content = '{"counts":{},"spreads":{},"cameras":{}}'
    assert kept(store) != whole
    rebuild(store, date(YEAR, 5, 1), date(YEAR + 1, 4, 1))
    assert kept(store) == whole


def test_a_change_and_its_mark_are_stored_together_or_not_at_all(city):
    store, _ = city
    rebuild(store)

    def change(work):
        case = work.session.scalars(select(ViolationCase).order_by(ViolationCase.id).limit(1)).one()
        case.t_cancelled = work.now
        work.session.flush()

    with pytest.raises(RuntimeError), store.write() as work:
        change(work)
        raise RuntimeError
    with store.read() as work:
        assert work.session.scalars(select(KpiMark)).all() == []
    with store.write() as work:
        change(work)
    with store.read() as work:
        assert {one.part for one in work.session.scalars(select(KpiMark))} <= {Part.TERMS}


def test_a_series_is_the_reports_values(city):
    store, _ = city
    months = [Period.parse(f"{YEAR}-{month:02}") for month in range(1, 13)]
    for kpi_id in ("9.2", "9.4", "9.9", "10.6"):
        series = kpi_series(store, kpi_id, "republican", months)
        reports = [security_report(store, "republican", month) for month in months]
        assert series == tuple(one for report in reports for one in report.kpis if one.kpi.id == kpi_id)


def test_a_years_tally_is_the_sum_of_its_days(city):
    store, _ = city
    refresh(store)
    with store.read() as work:
        year = total_of(work, Period.parse(str(YEAR)), DAILY)
        days = [total_of(work, Period.parse(day.isoformat()), DAILY) for day in Period.parse(str(YEAR)).days]
    assert merged(days) == year
