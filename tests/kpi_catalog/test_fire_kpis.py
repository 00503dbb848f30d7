from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from kpi_catalog.facts.automatic_notifications import automatic_notifications
from kpi_catalog.facts.fire_false_alarms import fire_false_alarms
from kpi_catalog.facts.fire_in_time import fire_in_time
from kpi_catalog.facts.fire_satisfaction import fire_satisfaction
from kpi_catalog.facts.fire_turnout import fire_turnout
from kpi_catalog.facts.objects_equipped import objects_equipped
from kpi_catalog.facts.repeated_calls import repeated_calls
from kpi_catalog.period import Period
from kpi_catalog.records import (
    AlertFact,
    CityFacts,
    CityInputs,
    Definitions,
    FireCall,
    FireCallLog,
    FireNorm,
    Import,
    Initiator,
    NotificationFact,
    ObjectRegister,
    ProtectedObject,
    Recipient,
    SensorFact,
    Source,
    Survey,
)
from kpi_catalog.status import Status
from kpi_catalog.value import Missing
from qyran.errors import InputError

MARCH = Period.parse("2027-03")
START, END = MARCH.start, MARCH.end
MID = datetime(2027, 3, 15, 6, tzinfo=UTC)
LATER = datetime(2027, 5, 1, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DAYS = timedelta(days=1)
UNCOUNTED = [{"drill": True}, {"test": True}, {"merged": True}]
DAY = date(2027, 1, 1)


def after(minutes):
    return MID + timedelta(minutes=minutes)


def call(number, departed=None, at=MID, **fields):
    depart = None if departed is None else at + timedelta(minutes=departed)
    return FireCall(**{"id": f"f{number}", "t_call_received": at, "t_depart": depart} | fields)


def city(calls=None, *, covers=(LONG_AGO, LATER), as_of=LATER, **fields):
    log = None if calls is None else FireCallLog(tuple(calls), Import(*covers, "journal"))
    return CityFacts(as_of=as_of, fire_calls=log, **fields)


def smoke(number, verdict=None, **fields):
    return AlertFact(**{"id": f"a{number}", "kind": "smoke", "t_detect": MID, "verdict": verdict} | fields)


class TestTurnout:
    def test_minutes_from_the_call_to_the_departure(self):
        calls = (
            call(1, 3),
            call(2, 5),
            call(3, 10, at=START),
            call(4),
            call(5, -1),
            call(6, 99, at=END),
            call(7, 99, at=START - TICK),
            *(call(10 + i, 99, **flag) for i, flag in enumerate(UNCOUNTED)),
        )
        got = fire_turnout(city(calls), MARCH)
        assert (got.value, got.n, got.numerator, got.status) == (6, 3, 18, Status.COMPUTED)
        assert (got.extra["calls"], got.extra["without_departure"], got.extra["reversed_times"]) == (5, 1, 1)
        assert (got.inputs[0].source, got.inputs[0].on) == ("journal", LATER.date())

    def test_our_own_notification_is_never_taken_for_it(self):
        alerts = (smoke(1, t_notify_sent=after(1)), smoke(2, t_notify_sent=after(2), test=True))
        got = fire_turnout(city(alerts=alerts), MARCH)
        assert (got.value, got.status, got.missing) == (None, Status.NO_DATA, (Missing.FIRE_CALL_LOG,))
        assert got.extra["own_notification_minutes"] == 1

    def test_an_empty_journal_is_not_a_missing_one(self):
        assert fire_turnout(city([]), MARCH).missing == (Missing.FIRE_CALLS,)
        assert fire_turnout(city([call(1)]), MARCH).missing == (Missing.DEPARTURE_TIMES,)

    def test_a_journal_that_does_not_cover_the_month_is_preliminary(self):
        assert fire_turnout(city([call(1, 3)], covers=(START, END)), MARCH).status is Status.COMPUTED
        assert fire_turnout(city([call(1, 3)], covers=(LONG_AGO, END - TICK)), MARCH).status is Status.PRELIMINARY
        assert fire_turnout(city([call(1, 3)], covers=(MID, LATER)), MARCH).status is Status.PRELIMINARY


class TestInTime:
    DEPART = CityInputs(fire_norm=FireNorm(5, "depart", DAY, "department"))
    ARRIVE = CityInputs(fire_norm=FireNorm(10, "arrive", DAY, "department"))

    def test_calls_within_the_norm_over_all_calls(self):
        calls = (
            call(1, 5),
            call(2, 4.5),
            call(3, 5.01),
            call(4),
            call(5, 1, at=END),
            *(call(10 + i, 1, **flag) for i, flag in enumerate(UNCOUNTED)),
        )
        got = fire_in_time(city(calls, inputs=self.DEPART), MARCH)
        assert (got.numerator, got.denominator, got.value) == (2, 4, 50)
        assert got.extra["without_time"] == 1
        assert got.inputs[-1].key == "fire_norm_depart"
        assert got.inputs[-1].value == 5

    def test_a_norm_of_arrival_looks_at_arrivals(self):
        calls = (call(1, 9, t_arrive=after(10)), call(2, 1, t_arrive=after(11)))
        assert fire_in_time(city(calls, inputs=self.ARRIVE), MARCH).value == 50

    def test_without_the_norm_it_is_not_configured(self):
        got = fire_in_time(city([call(1, 5)]), MARCH)
        assert (got.value, got.status, got.missing) == (None, Status.NOT_CONFIGURED, (Missing.FIRE_NORM,))
        assert got.numerator is None

    def test_without_journal_calls_or_times_there_is_no_data(self):
        assert fire_in_time(city(inputs=self.DEPART), MARCH).missing == (Missing.FIRE_CALL_LOG,)
        assert fire_in_time(city([], inputs=self.DEPART), MARCH).missing == (Missing.FIRE_CALLS,)
        got = fire_in_time(city([call(1, 5)], inputs=self.ARRIVE), MARCH)
        assert (got.value, got.status, got.missing) == (None, Status.NO_DATA, (Missing.ARRIVAL_TIMES,))


class TestFireFalseAlarms:
    def test_fire_and_smoke_of_cameras_and_sensors_alone(self):
        alerts = (
            smoke(1, True),
            smoke(2, False, kind="fire"),
            smoke(3, True, source=Source.SENSOR),
            smoke(4, True, t_detect=START),
            smoke(5, False, kind="crash"),
            smoke(6, False, t_detect=END),
            *(smoke(10 + i, False, **flag) for i, flag in enumerate(UNCOUNTED)),
        )
        got = fire_false_alarms(city(alerts=alerts), MARCH)
        assert (got.id, got.numerator, got.denominator, got.value) == ("10.3", 1, 4, 25)
        assert got.status is Status.COMPUTED

    def test_without_verdicts_there_is_no_share(self):
        assert fire_false_alarms(city(alerts=(smoke(1),)), MARCH).missing == (Missing.FIRE_VERDICTS,)


class TestAutomaticNotifications:
    @staticmethod
    def sent(number, initiator=Initiator.SYSTEM, recipient=Recipient.FIRE_SERVICE, **fields):
        base = {"id": f"n{number}", "t_sent": MID, "initiator": initiator, "recipient": recipient, "object_id": "o1"}
        return NotificationFact(**base | fields)

    def all_sent(self):
        return (
            self.sent(1),
            self.sent(2, recipient=Recipient.OBJECT_STAFF),
            self.sent(3, recipient=Recipient.OTHER),
            self.sent(4, Initiator.HUMAN),
            self.sent(5, object_id=None),
            self.sent(6, t_sent=END),
            *(self.sent(10 + i, **flag) for i, flag in enumerate(UNCOUNTED)),
        )

    def test_sent_by_the_system_over_all_at_protected_objects(self):
        inputs = CityInputs(phone_notifications=Import(START, END, "101"))
        got = automatic_notifications(city(notifications=self.all_sent(), inputs=inputs), MARCH)
        assert (got.numerator, got.denominator, got.value, got.status) == (2, 4, 50, Status.COMPUTED)
        assert got.extra["scope"] == "all_events"

    def test_a_short_phone_journal_is_preliminary(self):
        inputs = CityInputs(phone_notifications=Import(START, MID, "101"))
        got = automatic_notifications(city(notifications=self.all_sent(), inputs=inputs), MARCH)
        assert got.status is Status.PRELIMINARY

    def test_without_the_phone_journal_it_speaks_of_the_systems_events_only(self):
        got = automatic_notifications(city(notifications=self.all_sent()), MARCH)
        assert (got.value, got.status, got.missing) == (50, Status.PARTIAL, (Missing.PHONE_NOTIFICATIONS,))
        assert got.extra["scope"] == "system_events_only"

    def test_without_notifications_there_is_no_share(self):
        got = automatic_notifications(city(), MARCH)
        assert (got.value, got.status) == (None, Status.NO_DATA)
        assert got.missing == (Missing.PHONE_NOTIFICATIONS, Missing.NOTIFICATIONS)


class TestRepeatedCalls:
    def test_a_call_to_an_object_called_within_thirty_days_before(self):
        calls = (
            call(1, at=START - 5 * DAYS, object_id="school"),
            call(2, at=START + 10 * DAYS, object_id="school"),
            call(3, at=START + 11 * DAYS, object_id="school"),
            call(4, at=START - 20 * DAYS, object_id="mill"),
            call(5, at=START + 10 * DAYS, object_id="mill"),
            call(6, at=START - 21 * DAYS, object_id="shop"),
            call(7, at=START + 10 * DAYS, object_id="shop"),
            call(8, at=START + 1 * DAYS, object_id="bank", drill=True),
            call(9, at=START + 2 * DAYS, object_id="bank"),
            call(10, at=START + 3 * DAYS, object_id="bank", merged=True),
            call(11, at=END, object_id="bank"),
        )
        got = repeated_calls(city(calls), MARCH)
        assert (got.numerator, got.denominator, got.value) == (3, 5, 60)
        assert got.status is Status.COMPUTED
        assert ("repeat_window_days", 30) in [(one.key, one.value) for one in got.inputs]

    def test_the_window_is_a_parameter(self):
        calls = (call(1, object_id="x"), call(2, at=MID + 3 * DAYS, object_id="x"))
        facts = city(calls, definitions=Definitions(repeat_window_days=2))
        assert repeated_calls(facts, MARCH).value == 0
        assert repeated_calls(city(calls), MARCH).value == 50

    def test_calls_without_an_object_stay_in_the_denominator_and_make_it_preliminary(self):
        calls = (call(1, object_id="x"), call(2, at=MID + DAYS, object_id="x"), call(3), call(4))
        got = repeated_calls(city(calls), MARCH)
        assert (got.value, got.status, got.extra["without_object"]) == (25, Status.PRELIMINARY, 2)

    def test_95_of_100_calls_with_an_object_are_enough(self):
        calls = [call(i, at=START + i * DAYS / 24, object_id=f"{i}" if i < 95 else None) for i in range(100)]
        assert repeated_calls(city(calls), MARCH).status is Status.COMPUTED
        assert repeated_calls(city([*calls, call(100)]), MARCH).status is Status.PRELIMINARY

    def test_a_journal_that_does_not_reach_back_over_the_window_is_preliminary(self):
        got = repeated_calls(city([call(1, object_id="x")], covers=(START, LATER)), MARCH)
        assert got.status is Status.PRELIMINARY

    def test_what_is_missing(self):
        assert repeated_calls(city(), MARCH).missing == (Missing.FIRE_CALL_LOG,)
        assert repeated_calls(city([]), MARCH).missing == (Missing.FIRE_CALLS,)
        got = repeated_calls(city([call(1)]), MARCH)
        assert (got.value, got.missing) == (None, (Missing.CALL_OBJECTS,))


class TestObjectsEquipped:
    REGISTER = ObjectRegister(
        (
            ProtectedObject("a"),
            ProtectedObject("b", since=START),
            ProtectedObject("c"),
            ProtectedObject("d", until=END),
            ProtectedObject("gone", until=END - TICK),
            ProtectedObject("new", since=END),
        ),
        DAY,
        "department",
    )
    SENSORS = (
        SensorFact("s1", "a", ((LONG_AGO, None),)),
        SensorFact("s2", "a", ((LONG_AGO, None),)),
        SensorFact("s3", "b", ((MID, END - 23 * DAYS / 24),)),
        SensorFact("s4", "c", ((MID, END - 25 * DAYS / 24),)),
        SensorFact("s5", "gone", ((LONG_AGO, None),)),
        SensorFact("s6", "stranger", ((LONG_AGO, None),)),
    )

    def test_objects_with_a_sensor_at_work_on_the_last_day(self):
        got = objects_equipped(city(objects=self.REGISTER, sensors=self.SENSORS), MARCH)
        assert (got.numerator, got.denominator, got.value) == (2, 4, 50)
        assert got.extra["sensed_outside_register"] == 2
        assert got.inputs[0].on == DAY

    def test_without_the_register_only_the_count_of_equipped_is_shown(self):
        got = objects_equipped(city(sensors=self.SENSORS), MARCH)
        assert (got.value, got.numerator, got.missing) == (None, 4, (Missing.OBJECT_REGISTER,))
        assert got.status is Status.NO_DATA

    def test_no_sensor_register_is_not_the_same_as_no_sensors(self):
        got = objects_equipped(city(objects=self.REGISTER), MARCH)
        assert (got.value, got.numerator, got.missing) == (None, None, (Missing.SENSOR_REGISTER,))
        got = objects_equipped(city(objects=self.REGISTER, sensors=()), MARCH)
        assert (got.value, got.status) == (0, Status.COMPUTED)


class TestSatisfaction:
    @staticmethod
    def survey(number, scores, closed=MID):
        return Survey(f"s{number}", closed, "How content are you?", scores, "survey office")

    def test_the_mean_of_all_answers_of_the_quarter(self):
        quarter = Period.parse("2027-Q1")
        surveys = (
            self.survey(1, {10: 3, 7: 1, 2: 0}),
            self.survey(2, {1: 1}, quarter.start),
            self.survey(3, {1: 100}, quarter.start - TICK),
            self.survey(4, {1: 100}, quarter.end),
        )
        for period in (MARCH, quarter):
            got = fire_satisfaction(city(surveys=surveys), period)
            assert (got.numerator, got.denominator, got.value) == (38, 5, 7.6)
            assert [one.value for one in got.inputs] == ["How content are you?"] * 2

    @pytest.mark.parametrize("surveys", [None, (), [("s", {})]])
    def test_without_answers_there_is_no_score(self, surveys):
        given = None if surveys is None else tuple(self.survey(1, scores) for _, scores in surveys)
        got = fire_satisfaction(city(surveys=given), MARCH)
        assert (got.value, got.status, got.missing) == (None, Status.NO_DATA, (Missing.SURVEY,))

    @pytest.mark.parametrize("scores", [{0: 1}, {11: 1}, {5: -1}])
    def test_a_score_off_the_scale_is_refused(self, scores):
        with pytest.raises(InputError, match="survey s1"):
            fire_satisfaction(city(surveys=(self.survey(1, scores),)), MARCH)
