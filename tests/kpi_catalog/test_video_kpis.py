from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from kpi_catalog.facts.false_alarms import false_alarms
from kpi_catalog.facts.incidents_found import incidents_found
from kpi_catalog.facts.reaction_time import reaction_time
from kpi_catalog.facts.road_coverage import road_coverage
from kpi_catalog.facts.video_analysed_share import video_analysed_share
from kpi_catalog.period import Period
from kpi_catalog.records import (
    AlertFact,
    CameraFact,
    CaseFact,
    CityFacts,
    CityInputs,
    Decision,
    Definitions,
    RoadRegister,
    Source,
)
from kpi_catalog.status import Status
from kpi_catalog.value import Missing

MARCH = Period.parse("2027-03")
START, END = MARCH.start, MARCH.end
MID = datetime(2027, 3, 15, 6, tzinfo=UTC)
LATER = datetime(2027, 5, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
UNCOUNTED = [{"drill": True}, {"test": True}, {"merged": True}]
DAY = date(2027, 1, 1)


def alert(number, verdict=True, **fields):
    return AlertFact(**{"id": f"a{number}", "kind": "stopped_vehicle", "t_detect": MID, "verdict": verdict} | fields)


def city(as_of=LATER, **fields):
    return CityFacts(as_of=as_of, **fields)


def after(minutes):
    return MID + timedelta(minutes=minutes)


class TestRoadCoverage:
    ALL_MONTH = ((START, None),)

    def camera(self, number, *road, **fields):
        base = {"id": f"k{number}", "commissioned_at": START, "up": self.ALL_MONTH, "covered_road": road}
        return CameraFact(**base | fields)

    def share(self, *cameras, length_km=2.0, lines=(), as_of=LATER):
        roads = RoadRegister(DAY, "road register", length_km, lines)
        return road_coverage(city(as_of, cameras=cameras, inputs=CityInputs(roads=roads)), MARCH)

    def test_what_two_devices_both_see_counts_once(self):
        got = self.share(self.camera(1, ((0, 0), (1000, 0))), self.camera(2, ((500, 0), (1500, 0))))
        assert got.numerator == pytest.approx(1.5)
        assert (got.denominator, got.value) == (2.0, pytest.approx(75))
        assert got.status is Status.COMPUTED
        assert got.inputs[0].on == DAY

    def test_copies_of_one_centre_line_that_differ_by_rounding_are_one_road(self):
        first = self.camera(1, ((0.0, 0.0), (700.0, 700.0)))
        second = self.camera(2, ((100.003, 99.997), (600.002, 600.004)))
        assert self.share(first, second).numerator == pytest.approx(0.98995, abs=1e-4)

    def test_two_carriageways_and_a_crossing_road_are_different_roads(self):
        got = self.share(
            self.camera(1, ((0, 0), (1000, 0)), ((0, 8), (1000, 8))), self.camera(2, ((500, -100), (500, 100)))
        )
        assert got.numerator == pytest.approx(2.2, abs=3e-4)

    @pytest.mark.parametrize(
        "fields",
        [
            {"fixation": False},
            {"commissioned_at": END},
            {"decommissioned_at": END - 25 * HOUR},
            {"up": ((START, END - 25 * HOUR),)},
            {"up": ((END, None),)},
            {"up": ()},
        ],
    )
    def test_only_devices_at_work_on_the_last_day_cover_a_road(self, fields):
        seen = self.camera(1, ((0, 0), (500, 0)))
        got = self.share(seen, self.camera(2, ((500, 0), (1500, 0)), **fields))
        assert got.value == pytest.approx(25)
        assert got.extra["devices_working"] == 1

    def test_an_hour_of_video_on_the_last_day_is_enough(self):
        got = self.share(self.camera(1, ((0, 0), (500, 0)), up=((END - 24 * HOUR, END - 23 * HOUR),)))
        assert got.value == pytest.approx(25)

    def test_while_the_month_runs_today_is_its_last_day(self):
        cut = self.camera(1, ((0, 0), (500, 0)), up=((START, MID - 24 * HOUR),))
        assert self.share(cut, as_of=MID).value == 0
        live = self.camera(1, ((0, 0), (500, 0)))
        assert self.share(live, as_of=MID).value == pytest.approx(25)

    def test_the_ground_in_view_is_held_against_the_network(self):
        network = (((0, 0), (1000, 0)), ((0, 0), (0, 1000)))
        view = ((200, -10), (600, -10), (600, 10), (200, 10))
        got = self.share(self.camera(1, view=view), length_km=None, lines=network)
        assert (got.numerator, got.denominator, got.value) == (pytest.approx(0.4), 2.0, pytest.approx(20))

    def test_view_and_stretch_of_one_road_count_once(self):
        view = ((200, -10), (600, -10), (600, 10), (200, 10))
        cameras = self.camera(1, view=view), self.camera(2, ((500, 0), (900, 0)))
        assert self.share(*cameras, lines=(((0, 0), (1000, 0)),)).numerator == pytest.approx(0.7)

    def test_without_the_length_of_the_roads_only_covered_kilometres_are_shown(self):
        cameras = (self.camera(1, ((0, 0), (500, 0))),)
        got = road_coverage(city(cameras=cameras), MARCH)
        assert (got.value, got.status, got.missing) == (None, Status.NO_DATA, (Missing.ROAD_LENGTH,))
        assert (got.numerator, got.denominator) == (0.5, None)

    def test_devices_without_geometry_make_it_preliminary_or_leave_it_empty(self):
        got = self.share(self.camera(1, ((0, 0), (500, 0))), self.camera(2))
        assert (got.status, got.extra["devices_without_geometry"]) == (Status.PRELIMINARY, 1)
        got = self.share(self.camera(2))
        assert (got.value, got.numerator, got.missing) == (None, None, (Missing.COVERAGE_GEOMETRY,))
        view = ((0, -5), (100, -5), (100, 5))
        assert self.share(self.camera(3, view=view)).missing == (Missing.COVERAGE_GEOMETRY,)

    def test_a_single_point_is_no_stretch_of_road(self):
        assert self.share(self.camera(1, ((0, 0), (500, 0)), ((7, 7),))).value == pytest.approx(25)

    def test_no_register_and_no_log_are_different_things(self):
        assert self.share().missing == (Missing.CAMERA_REGISTER,)
        assert self.share(self.camera(1, up=None)).missing == (Missing.CAMERA_LOG,)


class TestIncidentsFound:
    ALERTS = (
        alert(1),
        alert(2, incident_id="a1"),
        alert(3, kind="smoke", t_detect=START),
        alert(4, t_detect=END - TICK),
        alert(5, verdict=False),
        alert(6, verdict=None),
        alert(7, verdict=None, incident_id="i7"),
        alert(8, incident_id="i7"),
        alert(9, incident_id="i9", t_detect=START - TICK),
        alert(10, incident_id="i9"),
        alert(11, t_detect=END),
        alert(12, source=Source.OPERATOR),
        alert(13, source=Source.SENSOR, kind="smoke"),
        *(alert(20 + i, **flag) for i, flag in enumerate(UNCOUNTED)),
    )

    def test_distinct_confirmed_incidents_first_detected_in_the_month(self):
        got = incidents_found(city(alerts=self.ALERTS), MARCH)
        assert (got.value, got.numerator, got.status) == (4, 4, Status.COMPUTED)
        assert (got.extra["unverified"], got.extra["false"]) == (1, 1)

    def test_a_year_is_the_mean_of_its_months(self):
        assert incidents_found(city(alerts=self.ALERTS), Period.parse("2027")).value == 6 / 12

    def test_a_running_month_is_preliminary_and_a_day_partial(self):
        facts = city(as_of=MID, alerts=self.ALERTS)
        assert incidents_found(facts, MARCH).status is Status.PRELIMINARY
        assert incidents_found(facts, Period.parse("2027-03-15")).status is Status.PARTIAL

    def test_a_month_that_has_just_ended_is_whole(self):
        assert incidents_found(city(as_of=END, alerts=self.ALERTS), MARCH).status is Status.COMPUTED

    def test_silence_is_not_zero(self):
        got = incidents_found(city(), MARCH)
        assert (got.value, got.status, got.missing) == (None, Status.NO_DATA, (Missing.VIDEO,))
        watched = CameraFact(id="k", commissioned_at=START, up=((START, None),))
        assert incidents_found(city(cameras=(watched,)), MARCH).value == 0


class TestVideoAnalysedShare:
    def camera(self, number=1, up=(), analysed=(), **fields):
        return CameraFact(
            **{"id": f"k{number}", "commissioned_at": START - HOUR, "up": up, "analysed": analysed} | fields
        )

    def share(self, *cameras, as_of=LATER):
        return video_analysed_share(city(as_of, cameras=cameras), MARCH)

    def test_hours_analysed_over_hours_received(self):
        got = self.share(
            self.camera(1, up=((MID, MID + 10 * HOUR),), analysed=((MID, MID + 6 * HOUR),)),
            self.camera(2, up=((MID, MID + 10 * HOUR),), analysed=((MID, MID + 9 * HOUR),)),
        )
        assert (got.numerator, got.denominator, got.value, got.n) == (15, 20, 75, 2)
        assert got.extra["planned_camera_hours"] == 2 * 31 * 24
        assert got.extra["share_of_planned"] == pytest.approx(100 * 15 / 1488)

    def test_spans_are_joined_and_cut_to_the_month_the_commission_and_the_video(self):
        got = self.share(
            self.camera(
                up=((START - HOUR, START + 2 * HOUR), (START + HOUR, START + 4 * HOUR), (END - HOUR, None)),
                analysed=((START - HOUR, START + HOUR), (START + 3 * HOUR, START + 9 * HOUR)),
                decommissioned_at=END - HOUR / 2,
            )
        )
        assert (got.numerator, got.denominator) == (2, 4.5)

    def test_an_open_span_runs_to_now(self):
        got = self.share(self.camera(up=((MID, None),), analysed=((MID + HOUR, None),)), as_of=MID + 4 * HOUR)
        assert (got.numerator, got.denominator, got.value) == (3, 4, 75)

    def test_a_camera_without_analytics_counts_as_not_analysed(self):
        got = self.share(
            self.camera(1, up=((MID, MID + HOUR),), analysed=((MID, MID + HOUR),)),
            self.camera(2, up=((MID, MID + HOUR),)),
        )
        assert (got.value, got.status) == (50, Status.COMPUTED)

    def test_without_a_heartbeat_log_nothing_is_said(self):
        blind = self.camera(1, up=((MID, MID + HOUR),), analysed=None)
        got = self.share(blind)
        assert (got.value, got.numerator, got.missing) == (None, None, (Missing.HEARTBEAT_LOG,))
        seen = self.camera(2, up=((MID, MID + HOUR),), analysed=((MID, MID + HOUR),))
        got = self.share(blind, seen)
        assert (got.value, got.status) == (50, Status.PARTIAL)

    def test_no_register_no_log_and_no_video(self):
        assert self.share().missing == (Missing.CAMERA_REGISTER,)
        assert self.share(self.camera(up=None)).missing == (Missing.CAMERA_LOG,)
        got = self.share(self.camera())
        assert (got.value, got.missing) == (None, (Missing.VIDEO,))
        assert self.share(self.camera(commissioned_at=END)).missing == (Missing.CAMERA_REGISTER,)


class TestReactionTime:
    ALERTS = (
        alert(1, t_ack=after(2), t_dispatch=after(4)),
        alert(2, kind="fire", t_ack=after(4), t_dispatch=after(10)),
        alert(3, t_ack=after(3)),
        alert(4),
        alert(5, incident_id="a1", t_detect=after(1), t_ack=after(1), t_dispatch=after(30)),
        alert(6, verdict=False, t_dispatch=after(99)),
        alert(7, verdict=None, t_dispatch=after(99)),
        alert(8, t_detect=END, t_dispatch=END + HOUR),
        alert(9, source=Source.OPERATOR, t_dispatch=after(99)),
        *(alert(20 + i, t_dispatch=after(99), **flag) for i, flag in enumerate(UNCOUNTED)),
    )

    def test_from_detection_to_dispatch_by_default_with_both_shown(self):
        got = reaction_time(city(alerts=self.ALERTS), MARCH)
        assert (got.value, got.n, got.numerator) == (7, 2, 14)
        assert got.extra["definition"] == "B"
        assert got.extra["mean_to_dispatch"] == 7
        assert got.extra["mean_to_acknowledgement"] == pytest.approx((1 + 4 + 3) / 3)
        assert got.extra["without_reaction"] == 2

    def test_to_the_acknowledgement_by_choice(self):
        facts = city(alerts=self.ALERTS, definitions=Definitions(reaction="ack"))
        got = reaction_time(facts, MARCH)
        assert (got.value, got.extra["definition"]) == (pytest.approx(8 / 3), "A")
        assert got.extra["without_reaction"] == 1

    def test_what_is_missing(self):
        assert reaction_time(city(alerts=[alert(1, verdict=None)]), MARCH).missing == (Missing.CONFIRMED_INCIDENTS,)
        got = reaction_time(city(alerts=[alert(1)]), MARCH)
        assert (got.value, got.status, got.missing) == (None, Status.NO_DATA, (Missing.REACTION_TIMES,))
        assert got.extra["without_reaction"] == 1


def case(number, decision=None, **fields):
    return CaseFact(**{"id": f"c{number}", "t_detect": MID, "decision": decision} | fields)


class TestFalseAlarms:
    def test_false_over_judged_with_bounds_over_all(self):
        cases = (
            case(1, Decision.CONFIRMED),
            case(2, Decision.NON_PAYABLE),
            case(3, Decision.REJECTED),
            case(4),
            case(5, Decision.REJECTED, t_detect=START - TICK),
            case(6, Decision.REJECTED, t_detect=END),
            case(7, Decision.CONFIRMED, cancelled=True),
            *(case(10 + i, Decision.REJECTED, **flag) for i, flag in enumerate(UNCOUNTED)),
        )
        alerts = (
            alert(1),
            alert(2, verdict=False),
            alert(3, verdict=None),
            alert(4, verdict=False, source=Source.OPERATOR),
            *(alert(20 + i, verdict=False, **flag) for i, flag in enumerate(UNCOUNTED)),
        )
        got = false_alarms(city(cases=cases, alerts=alerts), MARCH)
        assert (got.numerator, got.denominator, got.value) == (2, 6, pytest.approx(100 / 3))
        assert (got.extra["items"], got.extra["share_with_verdict"]) == (8, 75)
        assert (got.extra["lower_bound"], got.extra["upper_bound"]) == (25, 50)
        assert got.status is Status.PRELIMINARY

    @pytest.mark.parametrize(
        ("decision", "verdict", "false", "judged"),
        [
            (Decision.CONFIRMED, True, 0, 1),
            (Decision.REJECTED, False, 1, 1),
            (Decision.REJECTED, True, 0, 1),
            (Decision.CONFIRMED, False, 0, 1),
            (None, False, 1, 1),
            (Decision.REJECTED, None, 1, 1),
            (None, None, None, None),
        ],
    )
    def test_a_case_and_an_alert_of_one_happening_are_one_item(self, decision, verdict, false, judged):
        linked = alert(1, verdict=verdict, linked_case_id="c1")
        got = false_alarms(city(cases=(case(1, decision),), alerts=(linked,)), MARCH)
        assert got.extra["items"] == 1
        assert (got.numerator, got.denominator) == (false, judged)

    def test_a_happening_across_midnight_belongs_to_the_month_of_its_first_detection(self):
        facts = city(
            cases=(case(1, Decision.REJECTED, t_detect=END - TICK),),
            alerts=(alert(1, verdict=False, t_detect=END, linked_case_id="c1"),),
        )
        assert false_alarms(facts, MARCH).denominator == 1
        assert false_alarms(facts, Period.parse("2027-04")).denominator is None

    def test_an_alert_linked_to_a_case_that_does_not_count_stands_alone(self):
        linked = alert(1, verdict=False, linked_case_id="c1")
        got = false_alarms(city(cases=(case(1, Decision.CONFIRMED, merged=True),), alerts=(linked,)), MARCH)
        assert (got.numerator, got.denominator) == (1, 1)

    @pytest.mark.parametrize(("judged", "status"), [(95, Status.COMPUTED), (94, Status.PRELIMINARY)])
    def test_below_95_per_cent_with_a_verdict_it_is_preliminary(self, judged, status):
        cases = tuple(case(i, Decision.CONFIRMED if i < judged else None) for i in range(100))
        got = false_alarms(city(cases=cases), MARCH)
        assert (got.status, got.value) == (status, 0)

    def test_without_verdicts_there_is_no_share(self):
        got = false_alarms(city(cases=(case(1),)), MARCH)
        assert (got.value, got.status, got.missing) == (None, Status.NO_DATA, (Missing.VERDICTS,))
        assert (got.extra["lower_bound"], got.extra["upper_bound"]) == (0, 100)
