"""An erasure takes the signed documents too: their numbers and hashes stay, their words and names do not."""

from __future__ import annotations

import pytest

from evidence.canonical import sha256_hex
from qyran.errors import NotFound
from qyran.roles import Role
from service import appeals, resolutions, signing
from service.cases import open_case
from service.erasure import erase, sweep
from service.store.fine_tables import AppealResolution
from service.store.ledger import check_store
from service.store.tables import Decision, ViolationCase
from tests.service.signed import a_fine, delivered
from tests.service.test_appeals import answer, new


@pytest.fixture
def ended(both):
    """A decision that was cancelled by a resolution, and whom a court lets be erased."""
    both.senior, both.keeper = both.person(Role.SENIOR_OFFICER), both.person(Role.DATA_PROTECTION_OFFICER)
    both.fine = a_fine(both)
    delivered(both, both.fine)
    both.appeal = both.do(both.senior, appeals.file, both.fine.case, new()).id
    both.do(both.senior, appeals.answer, both.appeal, answer("cancelled", "wrong_vehicle"))
    return both


def lying(world) -> list[str]:
    folder = world.store.settings.documents_folder
    return sorted(path.name for path in folder.rglob("*.pdf"))


def test_the_papers_go_and_their_numbers_and_hashes_stay(ended):
    notice, answered = f"{ended.fine.number}.pdf", "CITY-R-2026-000001.pdf"
    assert lying(ended) == sorted([notice, answered])
    with ended.store.read() as work:
        before = (work.session.get_one(Decision, ended.fine.case).sha256,
                  work.session.get_one(AppealResolution, ended.appeal).sha256)  # fmt: skip
    ended.do(ended.keeper, erase, ViolationCase, ended.fine.case, "court_order")
    assert lying(ended) == []
    with ended.store.read() as work:
        decision = work.session.get_one(Decision, ended.fine.case)
        after = (decision.sha256, work.session.get_one(AppealResolution, ended.appeal).sha256)
    assert (after, decision.document_no) == (before, ended.fine.number)
    assert check_store(ended.store) == []


def test_who_asks_for_an_erased_paper_is_told_so_and_the_case_still_opens(ended):
    ended.do(ended.keeper, erase, ViolationCase, ended.fine.case, "court_order")
    with pytest.raises(NotFound, match="was erased"):
        ended.do(ended.senior, signing.document, ended.fine.case)
    with pytest.raises(NotFound, match="was erased"):
        ended.do(ended.senior, resolutions.document, ended.fine.case, ended.appeal)
    assert ended.do(ended.senior, open_case, ended.fine.case).document_no == ended.fine.number


def test_what_a_kill_left_lying_is_swept_and_nothing_else(ended):
    folder = ended.store.settings.documents_folder / "2026"
    kept = a_fine(ended)
    ended.do(ended.keeper, erase, ViolationCase, ended.fine.case, "court_order")
    (folder / f"{ended.fine.number}.pdf").write_bytes(b"%PDF")
    (folder / f"{ended.fine.number}.cms").write_bytes(b"cms")
    assert sweep(ended.store) == 2
    assert sweep(ended.store) == 0
    assert lying(ended) == [f"{kept.number}.pdf"]
    assert len(sha256_hex((folder / f"{kept.number}.pdf").read_bytes())) == 64
