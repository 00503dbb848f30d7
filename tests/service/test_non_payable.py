"""An article whose penalty is no fine never becomes a notice, whichever way it is tried: over the whole catalogue."""

from __future__ import annotations

from datetime import date

import pytest

from qyran.errors import InputError, QyranError, TransitionError
from qyran.roles import Actor, Role
from service import cases, signing
from service.store.tables import Decision, ViolationCase
from tests.service.world import NOON, World
from violations.case import CaseState, CaseStep, CaseView, check
from violations.decision import charge_of
from violations.offences import about, candidates, kinds

DAY = date(2026, 11, 22)
ENTRIES = [(kind, one) for kind in kinds() for one in candidates(kind, DAY)]
NO_FINE = [(kind, one) for kind, one in ENTRIES if one.penalty_kind == "non_payable" or about(kind).material]
NAMES = [f"{kind}-{one.id}" for kind, one in NO_FINE]


def test_the_catalogue_holds_entries_without_a_fine():
    assert {"596-3", "597-unpaid", "230", "595"} <= {one.id for _, one in NO_FINE}
    assert {kind for kind in kinds() if about(kind).material} <= {kind for kind, _ in NO_FINE}


@pytest.mark.parametrize(("kind", "entry"), NO_FINE, ids=NAMES)
def test_it_has_no_amount_and_no_charge(kind, entry):
    assert entry.penalty_kind == "non_payable"
    assert (entry.fine_mci, entry.fine_kzt, entry.half_kzt) == (None, None, None)
    with pytest.raises(InputError, match="never becomes a payable notice"):
        charge_of(entry)


@pytest.mark.parametrize(("kind", "entry"), NO_FINE, ids=NAMES)
@pytest.mark.parametrize("state", [CaseState.IN_REVIEW, CaseState.SECOND_LOOK, CaseState.OFFICER_CONFIRMED])
@pytest.mark.parametrize("target", [CaseState.OFFICER_CONFIRMED, CaseState.SIGNED])
def test_no_step_leads_to_a_notice(kind, entry, state, target):
    officer = Actor("officer", frozenset({Role.SENIOR_OFFICER}))
    case = CaseView(state, claimed_by="officer", claimed_at=NOON, confirmed_by="officer", penalty_kind=entry.penalty)
    with pytest.raises(TransitionError):
        check(case, CaseStep(target, NOON), officer)


def test_no_officer_gets_a_notice_out_of_any_of_them(settings):
    with World(settings, demo=True) as demo:
        senior = demo.person(Role.SENIOR_OFFICER)
        for number, (kind, entry) in enumerate(NO_FINE):
            case_id = demo.case(kind, line=None, plate=f"{number + 100}ABC02")
            with demo.store.read() as work:
                state = work.session.get_one(ViolationCase, case_id).state
            if state == CaseState.AUTO_REJECTED:
                demo.do(senior, cases.reconsider, case_id)
            demo.do(senior, cases.claim, case_id)
            with pytest.raises(TransitionError, match="send it on as non-payable"):
                demo.do(senior, cases.confirm, case_id, entry.id)
            sent = demo.do(senior, cases.send_on, case_id, entry.id)
            assert (sent.state, sent.fine_kzt, sent.document_no) == ("non_payable", None, None), kind
            with pytest.raises(QyranError):
                demo.do(senior, signing.sign, case_id)
        with demo.store.read() as work:
            assert work.session.query(Decision).count() == 0
