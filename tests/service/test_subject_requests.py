from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from qyran.errors import AccessError, InputError, TransitionError
from qyran.roles import SYSTEM, Role
from service import cases, subject_requests
from service.access_register import Wanted, export, lines
from service.erasure import erase
from service.evidence_locks import lock
from service.jobs import keep_house
from service.letters import answer
from service.owners import load_owner
from service.passages import PassageFilter, search
from service.query_log import Reason
from service.store.events import facts_of
from service.store.ledger import check_store
from service.store.people_tables import Restriction
from service.store.tables import AccessLog, Passage, ViolationCase
from service.subject_requests import NewRequest, Person
from service.views import OwnerView
from tests.service.passages import passage
from violations.case import CaseState

IIN = "000012300000"
NAME = "Үлгіев Ерлан"
PERSON = Person(name=NAME, iin=IIN, contact="Абай 1", plate="123ABC02")


class Register:
    name = "test"

    def owner_of(self, plate, day):
        return OwnerView(name=NAME, iin=IIN, address="Абай 1", vehicle="X", demo=False)


def a_request(kind: str = "access", **changes) -> NewRequest:
    given = {"kind": kind, "person": PERSON, "text": "Не храните мои данные", "channel": "in_person",
             "identified_by": "identity_card", "ground": "own_data", "received_on": date(2026, 11, 20),
             "language": "ru", **changes}  # fmt: skip
    return NewRequest(**given)


@pytest.fixture
def busy(both):
    """A case whose owner an officer has loaded, a case that ended, and a passage of the same vehicle."""
    both.officer = both.person(Role.POLICE_OFFICER)
    both.keeper = both.person(Role.DATA_PROTECTION_OFFICER)
    both.open_case = both.case()
    both.ended = both.case(kind="wrong_way")
    for case in (both.open_case, both.ended):
        both.do(both.officer, cases.claim, case)
        load_owner(both.store, both.officer, case, Register())
    both.do(both.officer, cases.reject, both.ended, "no_violation")
    keep_house(both.store)
    both.take(passage(both)[0], evidence=False)
    return both


def made(world, kind: str = "access", **changes) -> str:
    return world.do(world.keeper, subject_requests.register, a_request(kind, **changes)).id


def granted(world, kind: str, **named) -> list[dict]:
    request = made(world, kind)
    world.do(world.keeper, subject_requests.decide, request, "granted", "lawful", "")
    return world.do(world.keeper, subject_requests.carry_out, request, **named).done


def results(done: list[dict]) -> dict[str, str]:
    return {line["record"]: line["result"] for line in done}


def pdf_text(pdf: bytes) -> str:
    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.mark.parametrize(
    ("kind", "received", "due"),
    [
        ("access", date(2026, 11, 20), date(2026, 11, 25)),  # Friday: Monday, Tuesday, Wednesday
        ("correction", date(2026, 11, 20), date(2026, 11, 23)),
        ("restriction", date(2026, 10, 23), date(2026, 10, 27)),  # over the Day of the Republic, moved to Monday
    ],
)
def test_a_request_is_due_by_working_days_of_the_city(busy, kind, received, due):
    row = busy.do(busy.keeper, subject_requests.register, a_request(kind, received_on=received))
    assert (row.due_on, row.term_verified) == (due, False)
    assert row.number == "DS-2026-000001"
    assert "94-V" in row.term_source


def test_a_request_finds_the_records_by_plate_and_by_iin(busy):
    busy.case(plate="456DEF02")
    both_ways = {busy.open_case, busy.ended}
    for person in (PERSON, Person(NAME, iin=IIN), Person(NAME, plate="123 abc 02")):
        row = busy.do(busy.keeper, subject_requests.register, a_request(person=person))
        assert set(row.records) == both_ways


BAD = {
    "no name": {"person": Person("", iin=IIN)},
    "neither iin nor plate": {"person": Person(NAME)},
    "a short iin": {"person": Person(NAME, iin="123")},
    "no plate at all": {"person": Person(NAME, plate="!!")},
    "of tomorrow": {"received_on": date(2026, 11, 23)},
    "an unknown channel": {"channel": "pigeon"},
    "an unknown identification": {"identified_by": "by sight"},
}


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD)
def test_a_request_that_cannot_be_is_refused_and_nothing_is_kept(busy, changes):
    with pytest.raises(InputError):
        busy.do(busy.keeper, subject_requests.register, a_request(**changes))
    assert busy.do(busy.keeper, subject_requests.requests) == ()


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.POLICE_OFFICER, Role.ADMINISTRATOR])
def test_only_the_data_protection_officer_keeps_requests(busy, role):
    with pytest.raises(AccessError):
        busy.do(busy.person(role), subject_requests.register, a_request())


def test_nothing_is_granted_to_somebody_unidentified_and_a_refusal_is_explained(busy):
    request = made(busy, identified_by="not_identified")
    with pytest.raises(TransitionError, match="not identified"):
        busy.do(busy.keeper, subject_requests.decide, request, "granted", "lawful", "")
    with pytest.raises(InputError, match="Explain"):
        busy.do(busy.keeper, subject_requests.decide, request, "refused", "not_identified", "")
    with pytest.raises(InputError):
        busy.do(busy.keeper, subject_requests.decide, request, "granted", "no_data", "")
    row = busy.do(busy.keeper, subject_requests.decide, request, "refused", "not_identified", "Принесите удостоверение")
    assert (row.state, row.decision) == ("done", "refused")
    with pytest.raises(TransitionError):
        busy.do(busy.keeper, subject_requests.carry_out, request)


def test_erasure_takes_what_ended_and_says_why_the_rest_stays(busy):
    done = granted(busy, "erasure")
    assert results(done) == {busy.open_case: "kept", busy.ended: "erased", "passages": "kept"}
    why = {line["record"]: line["why"] for line in done}
    assert why[busy.open_case] == "open_case"
    with busy.store.read() as work:
        said = facts_of(work.session, busy.store.vault, [busy.open_case, busy.ended])
        assert work.session.get_one(ViolationCase, busy.ended).plate_token is None
    assert "plate" in said[busy.open_case]
    assert said[busy.ended] == {}
    assert check_store(busy.store) == []


def test_erasure_takes_passages_that_nothing_holds(busy):
    busy.do(busy.officer, cases.reject, busy.open_case, "no_violation")
    keep_house(busy.store)
    assert results(granted(busy, "erasure")) == {busy.open_case: "erased", busy.ended: "erased", "passages": "erased"}
    with busy.store.read() as work:
        assert work.session.scalars(select(Passage.plate_token)).all() == [None]


def test_a_lock_and_a_running_case_refuse_an_erasure_with_the_reason(busy):
    with pytest.raises(TransitionError, match="open_case"):
        busy.do(busy.keeper, erase, ViolationCase, busy.open_case, "data_subject_request")
    busy.do(busy.keeper, lock, ViolationCase, busy.ended, "court", "№ 12")
    with pytest.raises(TransitionError, match=r"locked \(court\)"):
        busy.do(busy.keeper, erase, ViolationCase, busy.ended, "data_subject_request")
    done = {line["record"]: line for line in granted(busy, "erasure")}
    assert (done[busy.ended]["result"], done[busy.ended]["why"]) == ("kept", "court")


def test_what_is_restricted_is_hidden_from_use_but_for_a_lock(busy):
    blocked = dict.fromkeys((busy.open_case, busy.ended, "passages"), "restricted")
    assert results(granted(busy, "restriction")) == blocked
    with pytest.raises(AccessError, match="blocked"):
        busy.do(busy.officer, cases.open_case, busy.open_case)
    assert busy.do(busy.officer, cases.queue).items == ()
    assert busy.do(busy.keeper, cases.open_case, busy.open_case).id == busy.open_case
    busy.do(busy.keeper, lock, ViolationCase, busy.open_case, "court", "№ 12")
    assert busy.do(busy.officer, cases.open_case, busy.open_case).id == busy.open_case
    assert [one.id for one in busy.do(busy.officer, cases.queue).items] == [busy.open_case]


def test_a_restriction_can_be_lifted_once(busy):
    request = made(busy, "restriction")
    busy.do(busy.keeper, subject_requests.decide, request, "granted", "lawful", "")
    busy.do(busy.keeper, subject_requests.carry_out, request)
    assert busy.do(busy.keeper, subject_requests.lift_restriction, request) == 3  # two cases, and the passages
    assert busy.do(busy.officer, cases.open_case, busy.open_case).id == busy.open_case
    with pytest.raises(TransitionError):
        busy.do(busy.keeper, subject_requests.lift_restriction, request)
    with busy.store.read() as work:
        assert all(row.ended_at for row in work.session.scalars(select(Restriction)))


def test_a_correction_holds_from_now_on_and_the_chain_keeps_what_was(busy):
    with pytest.raises(InputError, match="what is right"):
        granted(busy, "correction")
    assert set(results(granted(busy, "correction", name="Үлгіева Айгүл")).values()) == {"corrected"}
    found = busy.do(busy.officer, cases.open_case, busy.open_case)
    assert (found.owner.name, found.owner.iin) == ("Үлгіева Айгүл", IIN)
    assert "owner_corrected" in [item.kind for item in found.history]
    assert check_store(busy.store) == []


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_the_answer_tells_what_is_held_and_who_looked_at_it_without_officers_names(busy, lang):
    reason = Reason(code="accident", number="ДТП-7")
    span = {"start": busy.clock() - timedelta(days=1), "end": busy.clock() + timedelta(days=1)}
    busy.do(busy.officer, search, PassageFilter(plate="123ABC02", **span), reason)
    request = made(busy)
    with pytest.raises(TransitionError, match="when the request is decided"):
        busy.do(busy.keeper, answer, request, lang)
    busy.do(busy.keeper, subject_requests.decide, request, "granted", "lawful", "")
    busy.do(busy.keeper, subject_requests.carry_out, request)
    said = pdf_text(busy.do(busy.keeper, answer, request, lang))
    assert NAME in said
    assert "DS-2026-000001" in said
    assert {"kk": "Полиция офицері", "ru": "Сотрудник полиции"}[lang].split()[0].lower() in said.lower()
    assert said.count(busy.open_case[:8]) >= 2
    assert "police-officer" not in said
    assert "requests." not in said
    assert "look." not in said


def test_the_register_shows_who_saw_whom_and_why(busy):
    auditor = busy.person(Role.AUDITOR)
    found, count = busy.do(auditor, lines, Wanted(actor=busy.officer.id))
    assert count == len(found)
    assert {line.action for line in found} == {"case_opened", "owner_loaded", "owner_seen"}
    assert {line.reason for line in found} == {"own_case"}
    span = {"start": busy.clock() - timedelta(days=1), "end": busy.clock() + timedelta(days=1)}
    reason = Reason(code="other", words="=HYPERLINK() проверка")
    busy.do(busy.officer, search, PassageFilter(plate="123ABC02", **span), reason)
    (line,), _ = busy.do(auditor, lines, Wanted(action="plate_search"))
    assert (line.reason, line.words, line.results) == ("other", reason.words, 1)
    told = busy.do(auditor, export, Wanted(action="plate_search"))
    assert "'=HYPERLINK()" in told
    assert "123ABC02" not in told
    with pytest.raises(AccessError):
        busy.do(busy.officer, lines, Wanted())


def test_looking_at_the_register_is_in_the_journal(busy):
    auditor = busy.person(Role.AUDITOR)
    busy.do(auditor, lines, Wanted())
    busy.do(auditor, export, Wanted())
    with busy.store.read() as work:
        mine = work.session.scalars(select(AccessLog.action).where(AccessLog.actor == auditor.id)).all()
    assert mine == ["register_opened", "register_exported"]


def test_words_of_a_request_lie_sealed_and_go_with_their_term(busy):
    request = made(busy)
    busy.do(busy.keeper, subject_requests.decide, request, "refused", "no_data", "Ничего не найдено")
    _, said = busy.do(busy.keeper, subject_requests.opened, request)
    assert (said["name"], said["words"]) == (NAME, "Ничего не найдено")
    busy.clock.forward(days=1096)
    keep_house(busy.store)
    row, said = busy.do(busy.keeper, subject_requests.opened, request)
    assert said == {}
    assert (row.person_token, row.decision) == (None, "refused")


def test_a_state_that_keeps_a_case_is_over_before_its_erasure(busy):
    with busy.store.read() as work:
        assert work.session.get_one(ViolationCase, busy.ended).state == CaseState.CLOSED
    assert busy.do(SYSTEM, erase, ViolationCase, busy.ended, "retention_over") == 1
