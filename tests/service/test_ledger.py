from __future__ import annotations

import pytest
from sqlalchemy import text

from evidence.keys import trust_store
from evidence.ledger import check_ledger
from qyran.errors import AccessError, InputError, TransitionError
from qyran.roles import DETECTOR, Role
from service import cases
from service.case_view import moved
from service.erasure import erase, erase_passage
from service.jobs import keep_house
from service.store.alert_tables import Alert
from service.store.events import check_record, facts_of
from service.store.ledger import check_store, export_ledger, roots, sign_heads
from service.store.tables import Evidence, Passage, Personal, ViolationCase
from violations.case import CaseState


def export_faults(world) -> list[str]:
    faults, _ = check_ledger(export_ledger(world.store), trust_store(world.settings.home))
    return [fault.code for fault in faults]


def with_force(world, table: str, statement: str) -> None:
    """What somebody with the database's own key to the house could do: the triggers off, a row changed."""
    with world.store.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_update")
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_delete")
        else:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        connection.exec_driver_sql(statement)
        connection.commit()


@pytest.fixture
def busy(both):
    """A store in which something has happened and an hour was signed."""
    both.officer = both.person(Role.POLICE_OFFICER)
    both.case_id, both.alert_id = both.case(), both.alert()
    sign_heads(both.store)
    both.do(both.officer, cases.claim, both.case_id)
    sign_heads(both.store)
    return both


def test_an_untouched_store_has_no_fault_inside_or_in_its_export(busy):
    assert check_store(busy.store) == []
    assert export_faults(busy) == []


def test_each_root_names_the_one_before_and_only_what_moved(busy):
    with busy.store.read() as work:
        first, second = roots(work)
    assert second.prev == first.root
    assert set(first.heads) == {busy.case_id, busy.alert_id}
    assert set(second.heads) == {busy.case_id}
    assert sign_heads(busy.store) is None


def test_the_ledger_is_signed_every_hour(both):
    both.case()
    assert keep_house(both.store).signed
    both.case(plate="456DEF02")
    assert not keep_house(both.store).signed
    both.clock.forward(hours=1)
    assert keep_house(both.store).signed


SWAPPED = """
UPDATE personal SET
  sealed = (SELECT p.sealed FROM personal p WHERE p.seq = 2 AND p.record = personal.record),
  wrapped_key = (SELECT p.wrapped_key FROM personal p WHERE p.seq = 2 AND p.record = personal.record)
WHERE seq = 1
"""
TAMPERED = {
    "who did it": ("case_event", "UPDATE case_event SET actor = 'me' WHERE seq = 2"),
    "when": ("case_event", "UPDATE case_event SET at = '2026-11-22 07:00:00.000001' WHERE seq = 2"),
    "what": ("case_event", "UPDATE case_event SET target = 'auto_rejected' WHERE seq = 2"),
    "the header": ("case_event", "UPDATE case_event SET header = replace(header, 'detected', 'screened')"),
    "an event removed": ("case_event", "DELETE FROM case_event WHERE seq = 2"),
    "the last event removed": ("case_event", "DELETE FROM case_event WHERE seq = 3"),
    "the view of the state": ("violation_case", "UPDATE violation_case SET state = 'screened'"),
    "a payload taken away": ("personal", "UPDATE personal SET sealed = NULL WHERE seq = 1"),
    "a payload of another event": ("personal", SWAPPED),
    "a root": ("ledger_root", "UPDATE ledger_root SET signature = replace(signature, '0', '1') WHERE id = 1"),
    "a root removed": ("ledger_root", "UPDATE ledger_root SET prev = root WHERE id = 2"),
    "a signed head": ("ledger_head", "UPDATE ledger_head SET seq = seq + 1 WHERE root_id = 1"),
}  # fmt: skip


@pytest.mark.parametrize(("table", "statement"), TAMPERED.values(), ids=TAMPERED)
def test_tampering_is_found(busy, table, statement):
    with_force(busy, table, statement)
    assert check_store(busy.store) != []


def test_a_chain_rewritten_as_a_whole_is_found_by_the_signed_root(busy):
    """Who knows how chains are made can make another; who signed the hours cannot be made to have signed it."""
    with busy.store.write() as work:
        row = work.session.get_one(ViolationCase, busy.case_id)
        work.session.execute(text("DELETE FROM personal WHERE record = :id"), {"id": row.id})
        row.seq, row.head, row.state = 0, "", ""
    with_force(busy, "case_event", "DELETE FROM case_event")
    with busy.store.write() as work:
        row = work.session.get_one(ViolationCase, busy.case_id)
        moved(work, row, CaseState.DETECTED, actor=DETECTOR)
        assert check_record(work.session, busy.store.vault, row) is None
    assert {fault.code for fault in check_store(busy.store)} == {"ledger_root"}


def test_an_erasure_destroys_what_was_sealed_and_leaves_a_tombstone_in_the_chain(busy):
    keeper = busy.person(Role.DATA_PROTECTION_OFFICER)
    with busy.store.read() as work:
        folder = busy.settings.evidence_folder / work.session.get_one(Evidence, busy.case_id).folder
    assert folder.is_dir()
    assert busy.do(keeper, erase, ViolationCase, busy.case_id, "court_order") == 1
    assert not folder.exists()
    with busy.store.read() as work:
        row = work.session.get_one(ViolationCase, busy.case_id)
        assert facts_of(work.session, busy.store.vault, [row.id]) == {row.id: {}}
        assert row.plate_token is None
        assert check_record(work.session, busy.store.vault, row) is None
    detail = busy.do(busy.officer, cases.open_case, busy.case_id)
    assert (detail.plate, detail.plate_read) == (None, None)
    assert [item.erased for item in detail.history] == [1, 1, 1, None]
    assert (detail.history[-1].kind, detail.history[-1].reason) == ("tombstone", "court_order")
    assert check_store(busy.store) == []
    assert export_faults(busy) == []


def test_erasures_are_numbered_and_done_once_and_only_on_a_ground_by_the_right_person(busy):
    keeper = busy.person(Role.DATA_PROTECTION_OFFICER)
    with pytest.raises(AccessError):
        busy.do(busy.officer, erase, ViolationCase, busy.case_id, "court_order")
    with pytest.raises(InputError, match="ground"):
        busy.do(keeper, erase, ViolationCase, busy.case_id, "because")
    assert busy.do(keeper, erase, Alert, busy.alert_id, "court_order") == 1
    assert busy.do(keeper, erase, ViolationCase, busy.case_id, "court_order") == 2
    with pytest.raises(TransitionError, match="erased already"):
        busy.do(keeper, erase, Alert, busy.alert_id, "court_order")


def test_an_erasure_that_is_undone_erases_nothing(busy):
    keeper = busy.person(Role.DATA_PROTECTION_OFFICER)

    def fail(work):
        erase(work, ViolationCase, busy.case_id, "court_order")
        _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        busy.do(keeper, fail)
    detail = busy.do(busy.officer, cases.open_case, busy.case_id)
    assert detail.plate == "123ABC02"
    assert detail.evidence[0].files


def test_a_payload_taken_away_without_a_tombstone_is_no_erasure(busy):
    with busy.store.write() as work:
        item = work.session.get_one(Personal, (busy.case_id, 1))
        item.wrapped_key = item.sealed = None
        item.tombstone = 7
    assert "chain_no_tombstone" in {fault.code for fault in check_store(busy.store)}


def test_a_passages_plate_goes_when_its_time_is_over(both):
    event = both.event("control", type="passage", evidence=None)
    both.take(event)
    both.do(both.person(Role.DATA_PROTECTION_OFFICER), erase_passage, str(event.id))
    with both.store.read() as work:
        assert facts_of(work.session, both.store.vault, [str(event.id)]) == {str(event.id): {}}
        assert work.session.get_one(Passage, str(event.id)).plate_token is None
