from __future__ import annotations

from datetime import timedelta

import pytest

from qyran.errors import AccessError, InputError, NotFound, TransitionError
from qyran.roles import Role
from service import cases
from service.erasure import erase
from service.evidence_copies import masked_pictures
from service.evidence_locks import hold_of, lock, locks_of, release
from service.passage_retention import sweep_passages
from service.retention import retire
from service.store.alert_tables import Alert
from service.store.tables import Evidence, Passage, ViolationCase


@pytest.fixture
def senior(both):
    return both.person(Role.SENIOR_OFFICER)


def rejected(world) -> str:
    """A case an officer found to be none."""
    case, officer = world.case(), world.person(Role.POLICE_OFFICER)
    world.do(officer, cases.claim, case)
    world.do(officer, cases.reject, case, "no_violation")
    with world.store.write() as work:
        work.session.get_one(ViolationCase, case).state = "closed"  # as its job does
    return case


def swept(world) -> tuple[int, int]:
    """What a round of retention did to cases and alerts: erased, held."""
    runs = [run for run in retire(world.store) if run.kind in {"keep_case_ended", "keep_case_decided", "keep_alert"}]
    return sum(run.removed for run in runs), sum(run.held for run in runs)


def there(world, case: str) -> bool:
    with world.store.read() as work:
        package = work.session.get_one(Evidence, case)
        folder = world.settings.evidence_folder / package.folder
    assert folder.exists() is not package.erased
    return folder.exists()


def test_a_lock_says_who_why_and_when_and_so_does_its_end(both, senior):
    case = both.case()
    made = both.do(senior, lock, ViolationCase, case, "court", "Суд, 12-345")
    both.do(senior, release, made.id, "Дело окончено")
    auditor = both.person(Role.AUDITOR)
    (one,) = both.do(auditor, locks_of, case)
    assert (one.reason, one.note, one.set_by) == ("court", "Суд, 12-345", senior.id)
    assert (one.released_by, one.release_note) == (senior.id, "Дело окончено")
    assert one.set_at < one.released_at


@pytest.mark.parametrize("role", [Role.POLICE_OFFICER, Role.ADMINISTRATOR, Role.AUDITOR, Role.CAMERA_OPERATOR])
def test_only_senior_and_data_protection_officers_lock(world, role):
    case = world.case()
    with pytest.raises(AccessError):
        world.do(world.person(role), lock, ViolationCase, case, "court", "x")


@pytest.mark.parametrize(
    ("reason", "note", "error"),
    [("because", "x", InputError), ("court", "  ", InputError), ("court", "x" * 2001, InputError)],
)
def test_a_lock_needs_a_reason_and_words(world, reason, note, error):
    case, senior = world.case(), world.person(Role.SENIOR_OFFICER)
    with pytest.raises(error):
        world.do(senior, lock, ViolationCase, case, reason, note)


def test_what_is_not_there_cannot_be_locked_or_released(world):
    senior = world.person(Role.SENIOR_OFFICER)
    with pytest.raises(NotFound):
        world.do(senior, lock, ViolationCase, "nothing", "court", "x")
    with pytest.raises(NotFound):
        world.do(senior, release, "nothing", "x")


def test_a_lock_ends_once(world):
    case, senior = world.case(), world.person(Role.SENIOR_OFFICER)
    made = world.do(senior, lock, ViolationCase, case, "court", "x")
    world.do(senior, release, made.id, "over")
    with pytest.raises(TransitionError):
        world.do(senior, release, made.id, "over")


LONG = 20_000  # days: longer than any term


def test_evidence_of_a_rejected_case_goes_when_its_term_is_over(both):
    case = rejected(both)
    assert swept(both) == (0, 0)
    both.clock.forward(days=LONG)
    assert swept(both) == (1, 0)
    assert not there(both, case)
    assert swept(both) == (0, 0)


def test_a_lock_holds_evidence_beyond_its_term_until_it_is_released(both, senior):
    case = rejected(both)
    made = both.do(senior, lock, ViolationCase, case, "prosecutor", "Запрос 7")
    both.clock.forward(days=LONG)
    assert (swept(both), there(both, case)) == ((0, 1), True)
    both.do(senior, release, made.id, "Ответ дан")
    assert (swept(both), there(both, case)) == ((1, 0), False)


def test_a_lock_with_an_end_holds_until_then(both, senior):
    case = rejected(both)
    both.do(senior, lock, ViolationCase, case, "complaint", "Жалоба", until=both.clock.now + timedelta(days=LONG + 10))
    both.clock.forward(days=LONG)
    assert swept(both) == (0, 1)
    both.clock.forward(days=20)
    assert (swept(both), there(both, case)) == ((1, 0), False)


def test_one_of_two_locks_is_enough(both, senior):
    case = rejected(both)
    first = both.do(senior, lock, ViolationCase, case, "court", "1")
    both.do(senior, lock, ViolationCase, case, "prosecutor", "2")
    both.do(senior, release, first.id, "over")
    both.clock.forward(days=LONG)
    assert (swept(both), there(both, case)) == ((0, 1), True)


def test_an_open_case_is_held_however_old(both):
    case = both.case()
    both.clock.forward(days=LONG)
    assert (swept(both), there(both, case)) == ((0, 0), True)
    with both.store.read() as work:
        assert hold_of(work, work.session.get_one(ViolationCase, case)).reason == "open_case"


def test_an_appeal_holds_a_closed_case(both):
    case = rejected(both)
    with both.store.write() as work:
        work.session.get_one(ViolationCase, case).appeal = "filed"
    both.clock.forward(days=LONG)
    assert (swept(both), there(both, case)) == ((0, 1), True)


def test_a_merged_report_stays_as_long_as_what_it_was_merged_into(both):
    first, second = both.case(), both.case()
    with both.store.write() as work:
        row = work.session.get_one(ViolationCase, second)
        assert row.merged_into == first
        row.state = "closed"
        assert hold_of(work, row).reason == "joined"
    both.clock.forward(days=LONG)
    assert (swept(both), there(both, second)) == ((0, 1), True)


def test_erased_evidence_takes_its_masked_copies_along(both):
    case = rejected(both)
    with both.store.read() as work:
        package = work.session.get_one(Evidence, case)
    copies = [one.path.parent for one in masked_pictures(both.store, package).values()]
    assert copies[0].is_dir()
    both.clock.forward(days=LONG)
    swept(both)
    assert not copies[0].exists()


def test_even_an_order_of_the_law_meets_the_lock_first(world):
    case, senior = rejected(world), world.person(Role.SENIOR_OFFICER)
    world.do(senior, lock, ViolationCase, case, "court", "Суд")
    officer = world.person(Role.DATA_PROTECTION_OFFICER)
    with pytest.raises(TransitionError, match="locked"):
        world.do(officer, erase, ViolationCase, case, "data_subject_request")
    assert there(world, case)


def test_an_alert_is_held_while_it_is_open_and_goes_after_its_term(both):
    alert = both.alert()
    both.clock.forward(days=LONG)
    assert swept(both) == (0, 0)
    with both.store.write() as work:
        row = work.session.get_one(Alert, alert)
        row.state, row.changed_at = "closed", both.clock.now
    both.clock.forward(days=LONG)
    assert swept(both) == (1, 0)


def test_a_lock_on_a_case_holds_its_vehicles_passages(both, senior):
    passage = both.event(type="passage", kind="control", evidence=None, score=None, onset_s=None)
    both.take(passage)
    case = both.case(track=7)
    officer = both.person(Role.POLICE_OFFICER)
    both.do(officer, cases.claim, case)
    both.do(officer, cases.reject, case, "no_violation")
    both.do(senior, lock, ViolationCase, case, "court", "Суд")
    both.clock.forward(days=60)
    sweep_passages(both.store)
    with both.store.read() as work:
        assert work.session.get(Passage, str(passage.id)) is not None
