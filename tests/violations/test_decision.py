from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from qyran.errors import InputError
from tests.violations.notices import ISSUED, OCCURRED, RADAR, SPEED, a_record
from violations.decision import Charge, Device, Vehicle, charge_of
from violations.offences import candidates, find, work_calendar

DAY = date(2026, 11, 22)


def test_a_record_reads_back_from_its_json():
    record = a_record()
    assert type(record).model_validate_json(record.model_dump_json()) == record


def test_what_has_no_fine_never_becomes_a_payable_notice():
    with pytest.raises(InputError, match="596-3"):
        charge_of(find("596-3", "wrong_way", DAY))


def test_a_fine_whose_index_is_unknown_never_becomes_a_notice():
    unknown = candidates("red_light", date(2031, 1, 1))[0]
    with pytest.raises(InputError, match="not known"):
        charge_of(unknown)


def test_the_charge_carries_the_amounts_of_the_catalogue():
    charge = charge_of(find("601-1", "stop_line", DAY), rule="42")
    assert (charge.mci, charge.mci_kzt, charge.fine_kzt, charge.half_kzt) == (3, 4325, 12_975, Decimal("6487.5"))
    assert charge.rule == "42"


@pytest.mark.parametrize(
    "change",
    [{"fine_kzt": 1}, {"half_kzt": Decimal(1)}, {"mci_kzt": None}, {"penalty": "warning"}, {"penalty": "non_payable"}],
)
def test_amounts_that_do_not_add_up_are_refused(change):
    whole = a_record().charge.model_dump()
    with pytest.raises(ValidationError):
        Charge(**{**whole, **change})


def test_an_act_after_its_decision_is_refused():
    with pytest.raises(ValidationError, match="after the decision"):
        a_record(occurred=ISSUED + timedelta(seconds=1))


def test_a_speed_needs_a_measurement():
    charge = charge_of(find("592-2", "speeding", DAY))
    with pytest.raises(ValidationError, match="certified device"):
        a_record(charge=charge)
    assert a_record(charge=charge, measurement=SPEED, device=RADAR).measurement == SPEED


@pytest.mark.parametrize(
    "change",
    [
        {"certificate": None},
        {"verification": None},
        {"verified_until": None},
        {"verified_until": OCCURRED.date() - timedelta(days=1)},
    ],
)
def test_a_measurement_without_valid_papers_is_refused(change):
    device = Device(**{**RADAR.model_dump(), **change})
    with pytest.raises(ValidationError, match="certificate and verification"):
        a_record(measurement=SPEED, device=device)


def test_the_last_half_price_day_is_known_only_after_delivery():
    assert a_record().last_half_price_day(work_calendar()) is None
    assert a_record(delivered=date(2026, 12, 10)).last_half_price_day(work_calendar()) == date(2026, 12, 22)


def test_times_are_told_in_the_citys_zone():
    assert a_record().local(OCCURRED).isoformat() == "2026-11-22T09:30:07.500000+05:00"
    with pytest.raises(ValidationError, match="time zone"):
        a_record(time_zone="Asia/Atlantis")


@pytest.mark.parametrize("plate", ["", "123 ABC 02", "123авс02", "<b>1</b>"])
def test_a_plate_is_capitals_and_digits(plate):
    with pytest.raises(ValidationError):
        Vehicle(plate=plate)
