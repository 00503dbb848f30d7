from __future__ import annotations

import json
import threading

import pytest
from sqlalchemy import select

from evidence.keys import trust_store
from evidence.pades import verify_pdf
from evidence.verify import verify
from qyran.errors import AccessError, ConfigError, InputError, IntegrityError, NotFound, TransitionError
from qyran.roles import Role
from service import cases, jobs, signing
from service.delivery_settings import vehicle_register
from service.owners import load_owner
from service.ports.vehicles import InventedRegister
from service.store.tables import AccessLog, Decision, ViolationCase
from service.views import CaseDetail
from tests.service.world import World
from violations.case import CaseState

RED_LIGHT = "599-1"


@pytest.fixture
def demo(settings, database_url):
    with World(settings.model_copy(update={"database_url": database_url}), demo=True) as made:
        yield made


@pytest.fixture
def officer(both):
    return both.person(Role.POLICE_OFFICER, name="Ержан Сериков")


def row(world, case_id: str) -> ViolationCase:
    with world.store.read() as work:
        return work.session.get_one(ViolationCase, case_id)


def confirmed(world, officer, **changes: object) -> CaseDetail:
    case_id = world.case(**changes)
    world.do(officer, cases.claim, case_id)
    return world.do(officer, cases.confirm, case_id, offence_of(world, officer, case_id))


def offence_of(world, officer, case_id: str) -> str:
    return world.do(officer, cases.open_case, case_id).offences[0]


def test_the_queue_shows_what_waits_the_oldest_first(both, officer):
    first, second = both.case(), both.case(plate="456DEF02")
    page = both.do(officer, cases.queue)
    assert [item.id for item in page.items] == [first, second]
    assert (page.total, page.counts) == (2, {"screened": 2})
    assert page.items[1].plate == "456DEF02"
    assert page.items[0].still.startswith(f"{first}/")


def test_a_camera_operator_sees_the_queue_without_plates(world):
    keeper = world.person(Role.CAMERA_OPERATOR)
    world.case()
    (item,) = world.do(keeper, cases.queue).items
    assert item.plate is None


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.EVALUATOR, Role.SITUATIONAL_OPERATOR, Role.CAMERA_OPERATOR])
def test_who_is_no_officer_opens_no_case(world, role):
    case_id = world.case()
    with pytest.raises(AccessError):
        world.do(world.person(role), cases.open_case, case_id)


def test_opening_shows_evidence_trace_and_history_and_is_logged(both, officer):
    case_id = both.case()
    detail = both.do(officer, cases.open_case, case_id)
    assert detail.evidence[0].intact
    assert detail.trace[0].code == "red_when_crossed"
    assert [(item.source, item.target) for item in detail.history] == [(None, "detected"), ("detected", "screened")]
    assert detail.chain_fault is None
    assert (detail.plate, detail.plate_read) == ("123ABC02", "123ABC02")
    assert detail.steps == ("claim", "return")
    with both.store.read() as work:
        looks = work.session.scalars(select(AccessLog).where(AccessLog.record == case_id)).all()
    assert [(look.actor, look.action) for look in looks] == [(officer.id, "case_opened")]


def test_a_case_goes_from_the_queue_to_a_signed_document(demo):
    officer = demo.person(Role.POLICE_OFFICER, name="Ержан Сериков")
    case_id = demo.case()
    claimed = demo.do(officer, cases.claim_next)
    assert (claimed.id, claimed.state, claimed.mine) == (case_id, "in_review", True)
    load_owner(demo.store, officer, case_id, InventedRegister())
    decided = demo.do(officer, cases.confirm, case_id, claimed.offences[0])
    assert (decided.state, decided.verdict, decided.edited) == ("officer_confirmed", "true", ())
    signed = demo.do(officer, signing.sign, case_id)
    assert signed.state == "signed"
    assert signed.document_no == "CITY-2026-000001"
    assert set(signed.attributes.values()) == {"pending", "due", "none"}
    path, name = demo.do(officer, signing.document, case_id)
    assert name == "CITY-2026-000001.pdf"
    verdict = verify_pdf(path.read_bytes(), trust_store(demo.settings.home).certificates)
    assert verdict.ok, verdict
    assert verify(path, trust_store(demo.settings.home)).ok


def test_what_is_known_of_a_person_lies_nowhere_in_the_clear(world):
    with World(world.settings.model_copy(update={"home": world.settings.home / "demo"}), demo=True) as demo:
        officer = demo.person(Role.POLICE_OFFICER)
        case_id = demo.case()
        demo.do(officer, cases.claim, case_id)
        owner = load_owner(demo.store, officer, case_id, InventedRegister()).owner
        demo.do(officer, cases.confirm, case_id, offence_of(demo, officer, case_id), note="сосед видел")
        demo.do(officer, signing.sign, case_id)
        with demo.store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        stored = (demo.settings.home / "qyran.db").read_bytes()
    for secret in ("123ABC02", owner.name, owner.iin, "сосед видел"):
        assert secret.encode() not in stored


def test_a_plate_the_officer_reads_otherwise_is_kept_beside_the_machines(both, officer):
    case_id = both.case()
    both.do(officer, cases.claim, case_id)
    detail = both.do(officer, cases.confirm, case_id, offence_of(both, officer, case_id), plate="123 авс 02")
    assert (detail.plate, detail.plate_read, detail.edited) == ("123ABC02", "123ABC02", ())
    case_id = both.case(plate="123A8C02")
    both.do(officer, cases.claim, case_id)
    detail = both.do(officer, cases.confirm, case_id, offence_of(both, officer, case_id), plate="123ABC02")
    assert (detail.plate, detail.plate_read, detail.edited) == ("123ABC02", "123A8C02", ("plate",))


def test_a_case_without_a_plate_waits_for_the_officer_to_read_it(world):
    officer = world.person(Role.POLICE_OFFICER)
    case_id = world.case(plate=None)
    world.do(officer, cases.claim, case_id)
    offence = offence_of(world, officer, case_id)
    with pytest.raises(TransitionError, match="fill in first: plate"):
        world.do(officer, cases.confirm, case_id, offence)
    with pytest.raises(InputError, match="4 to 10"):
        world.do(officer, cases.confirm, case_id, offence, plate="?")
    assert world.do(officer, cases.confirm, case_id, offence, plate="777AAA01").edited == ("plate",)


def test_an_article_of_another_kind_is_refused(both, officer):
    case_id = both.case()
    both.do(officer, cases.claim, case_id)
    with pytest.raises(InputError, match="no article"):
        both.do(officer, cases.confirm, case_id, "1000-1")


def test_a_rejection_needs_a_reason_code_and_is_a_false_alarm(both, officer):
    case_id = both.case()
    both.do(officer, cases.claim, case_id)
    with pytest.raises(TransitionError, match="reason code"):
        both.do(officer, cases.reject, case_id, "because")
    detail = both.do(officer, cases.reject, case_id, "emergency_vehicle", note="жедел жәрдем")
    assert (detail.state, detail.verdict, detail.reason) == ("officer_rejected", "false", "emergency_vehicle")
    assert detail.history[-1].note == "жедел жәрдем"


def test_a_wrong_way_driver_without_a_fine_goes_on_as_material(both, officer):
    case_id = both.case("wrong_way", line=None)
    detail = both.do(officer, cases.claim, case_id)
    with pytest.raises(TransitionError, match="not a fine"):
        both.do(officer, cases.confirm, case_id, "596-3")
    sent = both.do(officer, cases.send_on, case_id, "596-3")
    assert (sent.state, sent.verdict, sent.document_no) == ("non_payable", "true", None)
    assert "send_on" in detail.steps
    with pytest.raises(TransitionError):
        both.do(officer, signing.sign, case_id)


def test_two_officers_who_claim_at_once_never_hold_the_same_case(both):
    officers = [both.person(Role.POLICE_OFFICER) for _ in range(2)]
    case_id = both.case()
    for _ in range(5):
        start, got, refused = threading.Barrier(2), [], []

        def claim(officer, start=start, got=got, refused=refused):
            start.wait()
            try:
                got.append(both.do(officer, cases.claim, case_id).claimed_by)
            except TransitionError as error:
                refused.append(str(error))

        threads = [threading.Thread(target=claim, args=(officer,)) for officer in officers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(got), len(refused)) == (1, 1), refused
        assert row(both, case_id).claimed_by == got[0]
        holder = next(officer for officer in officers if officer.id == got[0])
        both.do(holder, cases.release, case_id)
    assert both.do(officers[0], cases.open_case, case_id).chain_fault is None


def test_officers_who_take_the_next_case_at_once_get_different_ones(both):
    officers = [both.person(Role.POLICE_OFFICER) for _ in range(4)]
    waiting = {both.case(plate=f"{number}23ABC02") for number in range(3)}
    got: list[str | None] = []

    def take(officer):
        found = both.do(officer, cases.claim_next)
        got.append(found and found.id)

    threads = [threading.Thread(target=take, args=(officer,)) for officer in officers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one for one in got if one) == sorted(waiting)
    assert got.count(None) == 1


def test_nobody_acts_on_an_old_page(both, officer):
    case_id = both.case()
    seen = both.do(officer, cases.claim, case_id)
    both.do(officer, cases.release, case_id, version=seen.version)
    with pytest.raises(TransitionError, match="changed this record meanwhile"):
        both.do(officer, cases.claim, case_id, version=seen.version)


def test_a_claim_lapses_after_half_an_hour_without_an_action(both, officer):
    case_id = both.case()
    both.do(officer, cases.claim, case_id)
    both.clock.forward(minutes=29)
    both.do(officer, cases.open_case, case_id)
    both.clock.forward(minutes=29)
    assert jobs.keep_house(both.store).lapsed == 0
    both.clock.forward(minutes=1)
    assert jobs.keep_house(both.store).lapsed == 1
    assert row(both, case_id).state == "screened"
    with pytest.raises(TransitionError):
        both.do(officer, cases.confirm, case_id, offence_of(both, officer, case_id))


def test_officers_decide_in_their_own_territory(world):
    world.register(territory="almaly")
    case_id = world.case()
    stranger = world.person(Role.POLICE_OFFICER, territories=["bostandyk"])
    assert world.do(stranger, cases.queue).total == 0
    assert world.do(stranger, cases.claim_next) is None
    with pytest.raises(AccessError, match="almaly"):
        world.do(stranger, cases.open_case, case_id)
    local = world.person(Role.POLICE_OFFICER, territories=["almaly"])
    assert world.do(local, cases.claim_next).id == case_id


def test_a_sampled_case_is_confirmed_by_a_second_officer(settings):
    with World(settings.model_copy(update={"second_look_share": 1.0})) as world:
        officer, senior = world.person(Role.POLICE_OFFICER), world.person(Role.SENIOR_OFFICER)
        detail = confirmed(world, officer)
        assert (detail.state, detail.second_look, detail.verdict) == ("second_look", "random_sample", None)
        with pytest.raises(TransitionError, match="another officer's"):
            world.do(officer, cases.confirm, detail.id, detail.offence)
        back = world.do(senior, cases.remark, detail.id, "сызық анық емес")
        assert (back.state, back.claimed_by) == ("in_review", officer.id)
        assert world.do(officer, cases.confirm, detail.id, detail.offence).state == "officer_confirmed"
        straight = confirmed(world, officer, plate="456DEF02")
        assert world.do(senior, cases.confirm, straight.id, straight.offence).state == "officer_confirmed"


def test_an_incomplete_case_gets_no_second_look(settings):
    with World(settings.model_copy(update={"second_look_share": 1.0})) as world:
        officer = world.person(Role.POLICE_OFFICER)
        case_id = world.case(plate=None)
        world.do(officer, cases.claim, case_id)
        with pytest.raises(TransitionError, match="fill in first"):
            world.do(officer, cases.confirm, case_id, offence_of(world, officer, case_id))


def test_a_senior_officer_reassigns_a_case(both, officer):
    senior, other = both.person(Role.SENIOR_OFFICER), both.person(Role.POLICE_OFFICER)
    case_id = both.case()
    both.do(officer, cases.claim, case_id)
    with pytest.raises(AccessError):
        both.do(other, cases.reassign, case_id, other.id)
    both.do(senior, cases.reassign, case_id, other.id)
    assert row(both, case_id).claimed_by == other.id
    with pytest.raises(NotFound, match="no officer"):
        both.do(senior, cases.reassign, case_id, "nobody")


def test_technical_junk_goes_back_and_comes_again(both, officer):
    keeper = both.person(Role.CAMERA_OPERATOR)
    case_id = both.case()
    both.do(keeper, cases.send_back, case_id, "picture_poor")
    assert row(both, case_id).state == "returned"
    both.do(keeper, cases.repair, case_id)
    assert row(both, case_id).state == "screened"


def test_a_confirmation_can_be_taken_back_before_it_is_signed(both, officer):
    detail = confirmed(both, officer)
    both.do(officer, cases.withdraw, detail.id, "mistake_noticed")
    again = row(both, detail.id)
    assert (again.state, again.verdict, again.t_officer_decision, again.claimed_by) == ("screened", None, None, None)


def test_a_document_number_is_not_lost_when_signing_fails(demo):
    officer = demo.person(Role.POLICE_OFFICER)
    broken, whole = confirmed(demo, officer), confirmed(demo, officer, plate="456DEF02")
    still = next(demo.settings.evidence_folder.glob(f"*/{broken.id}/still_*.jpg"))
    still.write_bytes(b"another picture")
    with pytest.raises(IntegrityError, match="no longer what was signed"):
        demo.do(officer, signing.sign, broken.id)
    assert demo.do(officer, signing.sign, whole.id).document_no == "CITY-2026-000001"
    with demo.store.read() as work:
        assert [one.number for one in work.session.scalars(select(Decision))] == [1]


def test_a_real_store_signs_only_with_a_city_file(both, officer, tmp_path):
    detail = confirmed(both, officer)
    with pytest.raises(ConfigError, match="QYRAN_CITY_FILE"):
        both.do(officer, signing.sign, detail.id)


def test_a_document_that_was_altered_is_not_handed_out(demo):
    officer = demo.person(Role.POLICE_OFFICER)
    detail = confirmed(demo, officer)
    demo.do(officer, signing.sign, detail.id)
    path, _ = demo.do(officer, signing.document, detail.id)
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(IntegrityError, match="not what was signed"):
        demo.do(officer, signing.document, detail.id)


def test_the_owner_is_loaded_only_by_the_officer_who_reviews(demo):
    officer, other = demo.person(Role.POLICE_OFFICER), demo.person(Role.POLICE_OFFICER)
    case_id = demo.case()
    for actor in (officer, other):
        with pytest.raises(TransitionError, match="by the officer who reviews"):
            load_owner(demo.store, actor, case_id, InventedRegister())
    demo.do(officer, cases.claim, case_id)
    with pytest.raises(TransitionError, match="by the officer who reviews"):
        load_owner(demo.store, other, case_id, InventedRegister())
    owner = load_owner(demo.store, officer, case_id, InventedRegister()).owner
    assert owner.demo
    assert owner.iin[2:4] == "00"


def test_a_real_store_has_no_invented_owners(world):
    with pytest.raises(ConfigError, match="No vehicle register"):
        vehicle_register(world.store)


def test_an_old_case_expires_and_is_counted_apart(both, officer):
    case_id = both.case()
    both.clock.forward(days=61)
    assert jobs.keep_house(both.store).expired == 1
    state = row(both, case_id)
    assert (state.state, state.verdict) == ("closed", None)


def test_every_event_header_is_free_of_personal_words(demo):
    officer = demo.person(Role.POLICE_OFFICER)
    detail = confirmed(demo, officer)
    demo.do(officer, signing.sign, detail.id)
    headers = json.dumps([item.model_dump(mode="json", exclude={"note", "actor_name"}) for item in
                          demo.do(officer, cases.open_case, detail.id).history])  # fmt: skip
    assert "123ABC02" not in headers


def test_every_violation_state_has_a_reader(world):
    officer = world.person(Role.POLICE_OFFICER)
    for state in CaseState:
        assert world.do(officer, cases.queue, state=state).items == ()
