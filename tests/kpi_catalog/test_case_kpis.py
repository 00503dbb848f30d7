from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from kpi_catalog.facts.automation_share import automation_share
from kpi_catalog.facts.paid_share import paid_share
from kpi_catalog.facts.processing_time import processing_time
from kpi_catalog.facts.violations_per_1000 import violations_per_1000
from kpi_catalog.period import Period
from kpi_catalog.records import (
    CASE_FIELDS,
    CameraFact,
    CaseFact,
    CityFacts,
    CityInputs,
    Dated,
    Decision,
    Definitions,
    Import,
    Payment,
)
from kpi_catalog.status import Status
from kpi_catalog.value import Missing

MARCH = Period.parse("2027-03")
START, END = MARCH.start, MARCH.end
MID = datetime(2027, 3, 15, 6, tzinfo=UTC)
LATER = datetime(2027, 5, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
UNCOUNTED = [{"drill": True}, {"test": True}, {"merged": True}]
FLEET = Dated(20_000, date(2027, 1, 1), "register")
PASSED = Dated(5_000, date(2027, 3, 31), "passages")


def case(number, **fields):
    return CaseFact(**{"id": f"c{number}", "t_detect": MID} | fields)


def city(cases, as_of=LATER, inputs=None, **fields):
    return CityFacts(as_of=as_of, cases=tuple(cases), inputs=inputs or CityInputs(), **fields)


def confirmed(number, **fields):
    return case(number, **{"decision": Decision.CONFIRMED, "t_officer_decision": MID} | fields)


class TestViolationsPer1000:
    CASES = (
        confirmed(1),
        confirmed(2, t_detect=START),
        confirmed(3, t_detect=END - TICK, cancelled=True),
        confirmed(4, t_officer_decision=LATER),
        confirmed(5, t_detect=START - TICK),
        confirmed(6, t_detect=END),
        case(7, decision=Decision.REJECTED, t_officer_decision=MID),
        case(8, decision=Decision.NON_PAYABLE, t_officer_decision=MID),
        case(9),
        *(confirmed(10 + i, **flag) for i, flag in enumerate(UNCOUNTED)),
    )

    def test_confirmed_cases_detected_in_the_month_over_thousands_of_registered_vehicles(self):
        got = violations_per_1000(city(self.CASES, inputs=CityInputs(FLEET, PASSED)), MARCH)
        assert (got.value, got.numerator, got.denominator, got.n) == (4 / 20, 4, 20, 7)
        assert (got.status, got.missing) == (Status.COMPUTED, ())
        assert got.extra["per_1000_registered"] == 4 / 20
        assert got.extra["per_1000_passed"] == 4 / 5
        assert (got.extra["non_payable"], got.extra["undecided"]) == (1, 1)
        assert [(one.key, one.on) for one in got.inputs] == [
            ("registered_vehicles", date(2027, 1, 1)),
            ("passed_vehicles", date(2027, 3, 31)),
        ]

    def test_vehicles_that_passed_may_be_the_denominator_and_are_labelled_so(self):
        facts = city(self.CASES, inputs=CityInputs(FLEET, PASSED), definitions=Definitions(vehicles="passed"))
        got = violations_per_1000(facts, MARCH)
        assert (got.value, got.extra["definition"]) == (4 / 5, "B")

    def test_without_the_register_the_count_and_b_are_shown_and_the_kpi_is_empty(self):
        got = violations_per_1000(city(self.CASES, inputs=CityInputs(None, PASSED)), MARCH)
        assert (got.value, got.status, got.missing) == (None, Status.NO_DATA, (Missing.REGISTERED_VEHICLES,))
        assert (got.numerator, got.denominator) == (4, None)
        assert got.extra["per_1000_passed"] == 4 / 5
        assert got.extra["per_1000_registered"] is None

    def test_a_quarter_is_the_mean_of_its_months(self):
        got = violations_per_1000(city(self.CASES, inputs=CityInputs(FLEET)), Period.parse("2027-Q1"))
        assert got.value == pytest.approx(5 / 3 / 20)

    def test_a_running_month_is_preliminary(self):
        got = violations_per_1000(city(self.CASES, as_of=END - TICK, inputs=CityInputs(FLEET)), MARCH)
        assert got.status is Status.PRELIMINARY
        got = violations_per_1000(city(self.CASES, as_of=END, inputs=CityInputs(FLEET)), MARCH)
        assert got.status is Status.COMPUTED

    def test_a_day_is_too_short_for_a_monthly_target(self):
        got = violations_per_1000(city(self.CASES, inputs=CityInputs(FLEET)), Period.parse("2027-03-15"))
        assert (got.status, got.missing) == (Status.PARTIAL, (Missing.WHOLE_MONTH,))

    def test_silence_is_not_zero(self):
        inputs = CityInputs(FLEET)
        got = violations_per_1000(city((), inputs=inputs), MARCH)
        assert (got.value, got.numerator, got.missing) == (None, None, (Missing.VIDEO,))
        watched = CameraFact(id="k", commissioned_at=START, up=((START, MID),))
        got = violations_per_1000(city((), inputs=inputs, cameras=(watched,)), MARCH)
        assert (got.value, got.status) == (0, Status.COMPUTED)

    def test_a_fleet_of_nothing_is_no_denominator(self):
        got = violations_per_1000(city(self.CASES, inputs=CityInputs(Dated(0, date(2027, 1, 1), "x"))), MARCH)
        assert (got.value, got.missing) == (None, (Missing.REGISTERED_VEHICLES,))


class TestAutomationShare:
    def test_filled_by_the_system_and_confirmed_unedited_over_all_decided(self):
        red_light = CASE_FIELDS - {"measured_value"}
        cases = (
            confirmed(1, auto_filled=CASE_FIELDS),
            confirmed(2, auto_filled=red_light, mandatory_fields=red_light),
            confirmed(3, auto_filled=red_light),
            confirmed(4, auto_filled=CASE_FIELDS, edited_fields=frozenset({"plate"})),
            confirmed(5, auto_filled=CASE_FIELDS, t_detect=START - timedelta(days=3)),
            case(6, decision=Decision.REJECTED, t_officer_decision=MID, auto_filled=CASE_FIELDS),
            case(7, decision=Decision.NON_PAYABLE, t_officer_decision=MID, auto_filled=CASE_FIELDS),
            case(8, auto_filled=CASE_FIELDS),
            confirmed(9, auto_filled=CASE_FIELDS, t_officer_decision=END),
            confirmed(10, auto_filled=CASE_FIELDS, t_officer_decision=START - TICK),
            *(confirmed(11 + i, auto_filled=CASE_FIELDS, **flag) for i, flag in enumerate(UNCOUNTED)),
        )
        got = automation_share(city(cases), MARCH)
        assert (got.numerator, got.denominator, got.value) == (3, 7, pytest.approx(300 / 7))
        assert got.status is Status.COMPUTED
        assert got.extra["notices_without_a_person"] == 0

    def test_a_notice_without_an_officer_is_called_out(self):
        cases = (
            confirmed(1, t_first_notification_sent=MID),
            confirmed(2, t_first_notification_sent=MID),
            case(3, t_first_notification_sent=MID),
            case(4, t_first_notification_sent=END),
        )
        assert automation_share(city(cases), MARCH).extra["notices_without_a_person"] == 1

    def test_without_decisions_there_is_no_share(self):
        got = automation_share(city([case(1)]), MARCH)
        assert (got.value, got.status, got.missing) == (None, Status.NO_DATA, (Missing.DECIDED_CASES,))


class TestProcessingTime:
    def test_minutes_from_detection_to_the_first_notification(self):
        minutes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 55]
        cases = [
            confirmed(i, t_signed=MID + timedelta(minutes=1), t_first_notification_sent=MID + timedelta(minutes=m))
            for i, m in enumerate(minutes)
        ]
        cases += [
            confirmed(20, t_detect=START - timedelta(minutes=30), t_first_notification_sent=START),
            confirmed(21, t_detect=END - timedelta(minutes=30), t_first_notification_sent=END),
            confirmed(22, t_first_notification_sent=MID - timedelta(minutes=1)),
            confirmed(23),
            *(
                confirmed(30 + i, t_first_notification_sent=MID + timedelta(days=1), **flag)
                for i, flag in enumerate(UNCOUNTED)
            ),
        ]
        got = processing_time(city(cases), MARCH)
        assert (got.n, got.numerator, got.value) == (11, 130, pytest.approx(130 / 11))
        assert (got.extra["median"], got.extra["p90"]) == (6, 30)
        assert got.extra["reversed_times"] == 1
        assert got.extra["until_signature"] == 1

    def test_a_notification_of_the_same_moment_took_no_time(self):
        got = processing_time(city([confirmed(1, t_first_notification_sent=MID)]), MARCH)
        assert (got.value, got.n, got.extra["reversed_times"]) == (0, 1, 0)

    def test_without_sending_times_only_the_time_to_signature_is_shown(self):
        cases = [confirmed(i, t_signed=MID + timedelta(minutes=m)) for i, m in enumerate((2, 6))]
        got = processing_time(city(cases), MARCH)
        assert (got.value, got.status, got.missing) == (None, Status.NO_DATA, (Missing.NOTIFICATION_TIMES,))
        assert (got.extra["until_signature"], got.extra["signed"]) == (4, 2)


class TestPaidShare:
    LOADED = CityInputs(payments=Import(START, LATER, "treasury"))

    @staticmethod
    def notice(number, payment, end=MID, **fields):
        return confirmed(number, payment=payment, payment_term_end=end, **fields)

    @pytest.mark.parametrize(
        ("payment", "paid"),
        [
            (Payment.HALF, 1), (Payment.FULL, 1), (Payment.OVERPAID, 1),
            (Payment.DUE, 0), (Payment.PART, 0), (Payment.LATE, 0), (Payment.REFUNDED, 0),
        ],
    )  # fmt: skip
    def test_half_full_and_overpaid_are_paid(self, payment, paid):
        got = paid_share(city([self.notice(1, payment)], inputs=self.LOADED), MARCH)
        assert (got.numerator, got.denominator, got.value) == (paid, 1, 100 * paid)

    def test_the_term_decides_the_month_and_cancelled_notices_are_out(self):
        cases = (
            self.notice(1, Payment.FULL, t_detect=START - timedelta(days=40)),
            self.notice(2, Payment.DUE, START),
            self.notice(3, Payment.DUE, END - TICK),
            self.notice(4, Payment.FULL, END),
            self.notice(5, Payment.FULL, START - TICK),
            self.notice(6, Payment.FULL, cancelled=True),
            self.notice(7, None),
            confirmed(8, payment=Payment.FULL),
            *(self.notice(9 + i, Payment.FULL, **flag) for i, flag in enumerate(UNCOUNTED)),
        )
        got = paid_share(city(cases, inputs=self.LOADED), MARCH)
        assert (got.numerator, got.denominator, got.value) == (1, 3, pytest.approx(100 / 3))
        assert got.status is Status.COMPUTED

    def test_a_term_still_running_has_not_ended(self):
        cases = (self.notice(1, Payment.FULL), self.notice(2, Payment.DUE, END - TICK))
        got = paid_share(city(cases, as_of=MID + timedelta(days=1), inputs=self.LOADED), MARCH)
        assert (got.denominator, got.value) == (1, 100)
        assert paid_share(city(cases, as_of=MID, inputs=self.LOADED), MARCH).denominator == 1

    def test_an_import_up_to_the_end_is_whole(self):
        inputs = CityInputs(payments=Import(START, END, "treasury"))
        assert paid_share(city([self.notice(1, Payment.DUE)], inputs=inputs), MARCH).status is Status.COMPUTED

    def test_an_import_that_stops_short_is_preliminary(self):
        inputs = CityInputs(payments=Import(START, END - TICK, "treasury"))
        assert paid_share(city([self.notice(1, Payment.DUE)], inputs=inputs), MARCH).status is Status.PRELIMINARY

    def test_without_payments_nothing_is_said(self):
        got = paid_share(city([self.notice(1, Payment.FULL)]), MARCH)
        assert (got.value, got.numerator, got.missing) == (None, None, (Missing.PAYMENTS,))
        assert got.status is Status.NO_DATA

    def test_without_ended_terms_there_is_no_share(self):
        got = paid_share(city([], inputs=self.LOADED), MARCH)
        assert (got.value, got.missing) == (None, (Missing.ENDED_PAYMENT_TERMS,))
