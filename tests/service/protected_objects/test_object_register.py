"""The live register of protected objects: versions, imports, who sees what, and what the KPIs read of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from incidents.alert import Verdict
from kpi_catalog.period import Period
from qyran.errors import AccessError, InputError, NotFound, TransitionError
from qyran.roles import PERSON_ROLES, SYSTEM, Role
from service import alerts as centre
from service import city_inputs, kpi_facts
from service.imports import intake
from service.imports.kinds import KINDS
from service.imports.templates import write_csv, write_xlsx
from service.protected_objects import card, contacts, object_near, register
from service.protected_objects.facts import share
from service.protected_objects.model import ObjectBody
from service.protected_objects.register import CONTACTS_KEPT
from service.store.sensor_tables import ObjectVersion, ProtectedObject
from service.store.tables import AccessLog, Personal
from tests.service.sensors.senses import SCHOOL, a_school, a_sensor, alerts, hear, said
from tests.service.world import NOON

TODAY = date(2026, 11, 22)


def brought(world, *rows: dict, as_of: date = TODAY, form: str = "csv", known: int = 0):
    """A file of objects, as an evaluator brings it."""
    file = {"csv": write_csv, "xlsx": write_xlsx}[form](KINDS["objects"], "ru", list(rows))
    upload = intake.Upload(KINDS["objects"], file, f"ДЧС, исх. {len(rows)}", as_of)
    with world.store.write(SYSTEM) as work:
        return intake.take(work, upload).id


def row(object_id: str, **more: str) -> dict[str, str]:
    return {"id": object_id, "kind": "education", "name": f"Школа {object_id}", "address": "Абая, 45", **more}


def standing(world, object_id: str):
    with world.store.read() as work:
        return register.standing(work, object_id)


def ids(world) -> list[str]:
    with world.store.read() as work:
        return [one.id for one in register.in_register(work)]


def test_each_state_stays_with_who_made_it_and_why(both):
    admin = both.person(Role.ADMINISTRATOR)
    both.do(admin, register.add, "UTO-17", ObjectBody.model_validate(SCHOOL))
    body = standing(both, "UTO-17").body
    both.do(admin, register.change, "UTO-17", body.model_copy(update={"station": "СПЧ-5"}), version=1, reason="moved")
    with pytest.raises(TransitionError):
        both.do(admin, register.change, "UTO-17", body, version=1)
    lines = both.do(admin, register.history, "UTO-17")
    assert [(one.number, one.changed, one.reason) for one in lines] == [(2, ("station",), "moved"), (1, (), None)]
    with both.store.read() as work:
        sealed = work.session.scalars(select(Personal.sealed)).all()
        assert all(b"7701" not in (one or b"") for one in sealed)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_becomes_the_register_and_a_withdrawn_one_leaves_it(both, form):
    person = {"contact_name": "Ахметова А. С.", "contact_phone": "+77010000000"}
    first = brought(both, row("A", latitude="43,24", longitude="76,91", **person), row("B"), form=form)
    assert ids(both) == ["A", "B"]
    assert standing(both, "A").contacts[0].phone == "+77010000000"
    both.do(SYSTEM, register.add, "HAND", ObjectBody.model_validate(SCHOOL))
    both.clock.forward(days=3)
    second = brought(both, row("A", station="СПЧ-1"), row("C"), as_of=date(2026, 11, 25), form=form)
    assert ids(both) == ["A", "C", "HAND"]
    kept = standing(both, "A")
    assert (kept.row.station, kept.contacts[0].name, kept.details.latitude) == ("СПЧ-1", "Ахметова А. С.", 43.24)
    with both.store.write(SYSTEM) as work:
        intake.withdraw(work, second, "wrong day")
    assert ids(both) == ["A", "B", "HAND"]
    assert standing(both, "A").row.station is None
    with both.store.write(SYSTEM) as work:
        intake.withdraw(work, first, "wrong city")
    assert ids(both) == ["HAND"]
    assert both.do(SYSTEM, register.history, "A")[0].changed[-1] == "gone"


def test_a_file_of_an_earlier_day_changes_nothing_that_stands(world):
    brought(world, row("A", station="new"))
    world.clock.forward(days=1)
    brought(world, row("A", station="old"), row("Z"), as_of=date(2026, 11, 1))
    assert standing(world, "A").row.station == "new"
    assert ids(world) == ["A"]


BAD = {
    "a telephone without its country": {"contact_name": "А", "contact_phone": "87010000000"},
    "nobody can be reached": {"contact_name": "А"},
    "coordinates swapped": {"latitude": "76,9", "longitude": "43,2"},
}


@pytest.mark.parametrize("more", BAD.values(), ids=BAD)
def test_a_bad_row_is_refused_with_its_column(world, more):
    with pytest.raises(intake.ImportRefused):
        brought(world, row("A", **more))
    assert ids(world) == []


@pytest.mark.parametrize("role", sorted(PERSON_ROLES))
def test_contacts_are_shown_in_need_and_never_unlogged(world, role):
    a_school(world)
    actor = world.person(role)
    quiet = role in {Role.ADMINISTRATOR, Role.AUDITOR}
    if quiet:
        assert world.do(actor, contacts, "UTO-17")
    else:
        with pytest.raises(AccessError):
            world.do(actor, contacts, "UTO-17")
    a_sensor(world, object_id="UTO-17")
    hear(world, said(at=world.clock(), alarm=True))
    if quiet or role is Role.SITUATIONAL_OPERATOR:
        assert world.do(actor, contacts, "UTO-17")[0].phone == "+77010000000"
        with world.store.read() as work:
            looks = work.session.scalars(select(AccessLog).where(AccessLog.action == "object_contacts_seen")).all()
        assert {(look.actor, look.record) for look in looks} == {(actor.id, "UTO-17")}
    else:
        with pytest.raises(AccessError):
            world.do(actor, contacts, "UTO-17")


def test_a_dispatcher_sees_the_object_of_an_open_alert_that_his_service_was_sent_to(world):
    a_school(world)
    a_sensor(world, object_id="UTO-17")
    operator, fire = world.person(Role.SITUATIONAL_OPERATOR), world.person(Role.SERVICE_DISPATCHER)
    with pytest.raises(NotFound):
        world.do(fire, card.card, "UTO-17")
    hear(world, said(at=world.clock(), alarm=True))
    with pytest.raises(NotFound):
        world.do(fire, card.card, "UTO-17")
    (alert,) = alerts(world)
    world.do(operator, centre.acknowledge, alert.id)
    world.do(operator, centre.verdict, alert.id, Verdict.TRUE)
    world.do(operator, centre.dispatch, alert.id, "101")
    seen = world.do(fire, card.card, "UTO-17")
    assert (seen.contacts[0].name, seen.versions, len(seen.alerts)) == ("Ахметова А. С.", None, 1)
    assert [one.id for one in world.do(fire, card.listing)] == ["UTO-17"]
    police = world.person(Role.SERVICE_DISPATCHER, service="102")
    assert world.do(police, card.listing) == ()


def test_contacts_of_what_stands_no_more_are_destroyed_after_a_year(world):
    a_school(world)
    body = standing(world, "UTO-17").body
    world.do(SYSTEM, register.change, "UTO-17", body.model_copy(update={"contacts": ()}))
    assert world.do(SYSTEM, register.forget_contacts) == 0
    world.clock.forward(days=CONTACTS_KEPT.days + 1)
    assert world.do(SYSTEM, register.forget_contacts) == 1
    with world.store.read() as work:
        first = work.session.scalars(select(ObjectVersion).where(ObjectVersion.number == 1)).one()
        assert work.session.get_one(Personal, (first.id, 1)).sealed is None
        assert work.session.get_one(Personal, (first.id, 0)).sealed is not None


def test_the_nearest_object_whose_site_holds_the_place(world):
    a_school(world, "NEAR", details={"latitude": 43.2402, "longitude": 76.9101})
    a_school(world, "FAR", details={"latitude": 43.2500, "longitude": 76.9101})
    with world.store.read() as work:
        assert object_near(work, 43.2404, 76.9101, 10) == "NEAR"
        assert object_near(work, 43.2450, 76.9101, 10) is None
        assert object_near(work, 43.2450, 76.9101, 600) in {"NEAR", "FAR"}
    body = standing(world, "NEAR").body
    world.do(SYSTEM, register.change, "NEAR", body.model_copy(update={"until": NOON}))
    world.clock.forward(days=1)
    with world.store.read() as work:
        assert object_near(work, 43.2404, 76.9101, 10) is None


def facts(world):
    with world.store.read() as work:
        return kpi_facts.dated(work, Period.parse("2026-11", world.settings.time_zone))


def test_kpi_10_6_counts_the_live_register_and_what_was_heard(both):
    for name in ("UTO-1", "UTO-2", "UTO-3"):
        a_school(both, name, details={})
    a_sensor(both, "D-1", object_id="UTO-1")
    a_sensor(both, "D-2", object_id="UTO-2")
    hear(both, said(at=both.clock(), alarm=False), sensor="D-1")
    hear(both, said(at=both.clock(), tampered=True), sensor="D-2")
    found = facts(both)
    assert {one.id for one in found.objects.objects} == {"UTO-1", "UTO-2", "UTO-3"}
    assert {one.object_id: len(one.working) for one in found.sensors} == {"UTO-1": 1}
    assert both.do(SYSTEM, share) == (1, 3)
    both.clock.forward(minutes=10)  # nobody noticed its silence yet, and it does not count all the same
    assert both.do(SYSTEM, share) == (0, 3)
    assert facts(both).sensors[0].working[0][1] is not None


def test_the_live_register_stands_before_a_file_and_a_file_before_nothing(world):
    with world.store.write(SYSTEM) as work:
        value = {"objects": [{"id": "UTO-1"}, {"id": "UTO-9"}]}
        city_inputs.enter(work, "objects", value, source="ДЧС", as_of=TODAY)
        spans = [[(NOON - timedelta(days=9)).isoformat(), None]]
        sensors = {"sensors": [{"id": "D-1", "object_id": "UTO-1", "working": spans},
                               {"id": "D-7", "object_id": "UTO-9", "working": spans}]}  # fmt: skip
        city_inputs.enter(work, "sensors", sensors, source="ДЧС", as_of=TODAY)
    a_school(world, "UTO-1", until=NOON + timedelta(days=1), details={})
    a_sensor(world, "D-1", object_id="UTO-1")
    found = facts(world)
    assert {one.id: one.until for one in found.objects.objects} == {"UTO-1": NOON + timedelta(days=1), "UTO-9": None}
    assert {one.id: one.working[0][1] is None for one in found.sensors} == {"D-1": False, "D-7": True}


def test_what_cannot_be_is_one_sentence(world):
    admin = world.person(Role.ADMINISTRATOR)
    with pytest.raises(InputError, match="no camera nowhere"):
        world.do(admin, register.add, "A", ObjectBody.model_validate({**SCHOOL, "cameras": ["nowhere"]}))
    a_school(world)
    with pytest.raises(InputError, match="already"):
        world.do(admin, register.add, "UTO-17", ObjectBody())
    with pytest.raises(InputError, match="PDF, PNG or JPEG"):
        world.do(admin, register.attach_plan, "UTO-17", "plan.exe", b"MZ")
    world.do(admin, register.attach_plan, "UTO-17", "plan.pdf", b"%PDF-1.7 plan")
    assert world.do(admin, card.plan, "UTO-17") == (b"%PDF-1.7 plan", "application/pdf", "plan.pdf")
    with world.store.read() as work:
        assert work.session.scalars(select(ProtectedObject.id)).all() == ["UTO-17"]
