from __future__ import annotations

import pytest

from evidence.package import write_package
from qyran.roles import Role
from service import cases, evidence_copies
from service.evidence_contents import as_table, contents
from service.evidence_copies import make_copies
from service.evidence_locks import lock
from service.i18n import LANGUAGES
from service.store.ledger import sign_heads
from service.store.tables import ViolationCase
from tests.evidence.packages import a_finding, a_subject
from tests.service.records import deliver, settled
from tests.service.world import ring
from vision.finding import Moment


def of(world, case: str) -> dict[str, str]:
    with world.store.read() as work:
        found = contents(work, work.session.get_one(ViolationCase, case))
    return {item.name: item.state for item in found.items}


def test_a_fresh_case_says_what_is_there_and_what_is_not(both):
    assert of(both, both.case()) == {
        "clip": "present", "stills": "present", "wide": "present", "plate_crop": "present", "overlay": "present",
        "record": "not_applicable", "received": "not_applicable", "papers": "not_applicable", "trace": "present",
        "clock": "missing", "scene": "present", "models": "present", "signature": "present", "stamp": "missing",
        "ledger": "pending", "masked": "pending", "masked_clip": "not_applicable", "lock": "not_applicable",
    }  # fmt: skip


def test_what_comes_later_is_seen(world):
    case = world.case()
    sign_heads(world.store)
    with world.store.write() as work:
        evidence_copies.ask(work, work.session.get_one(evidence_copies.Evidence, case), "clip")
        evidence_copies.ask(work, work.session.get_one(evidence_copies.Evidence, case), "pictures")
    assert make_copies(world.store) == 2
    world.do(world.person(Role.SENIOR_OFFICER), lock, ViolationCase, case, "court", "Суд 5")
    found = of(world, case)
    assert [found[name] for name in ("ledger", "masked", "masked_clip", "lock")] == ["present"] * 4


def test_copies_of_a_case_in_hand_are_made_ahead_once(world):
    case, officer = world.case(), world.person(Role.POLICE_OFFICER)
    assert make_copies(world.store) == 0
    world.do(officer, cases.claim, case)
    assert make_copies(world.store) == 1
    assert make_copies(world.store) == 0
    assert of(world, case)["masked"] == "present"


def test_a_moment_that_was_gone_is_named(world):
    event = world.event(track=None)
    finding = a_finding(moments=(Moment("before_line", 500.0), Moment("in_act", 7.0)), track=None)
    package = write_package(
        a_subject(event.id, finding=finding, camera=event.camera), ring(), world.settings.home / "out", world.signer
    )
    world.spool.put(event, package.folder)
    world.take()
    with world.store.read() as work:
        found = contents(work, work.session.get_one(ViolationCase, str(event.id)))
    stills = next(item for item in found.items if item.name == "stills")
    assert stills.state == "missing"
    assert stills.detail["en"].startswith("moments that were not held: ")
    assert stills in found.missing


@pytest.mark.parametrize(
    ("clock", "state", "said"),
    [
        ({"source": "host", "ntp": {"state": "unknown"}}, "missing", "unknown"),
        ({"source": "host", "ntp": {"state": "stale", "offset_s": 0.1, "age_s": 1e6}}, "missing", "unknown"),
        (
            {"source": "host", "ntp": {"state": "measured", "offset_s": 0.012, "age_s": 240.0, "server": "ntp.kz"}},
            "present", "offset 0.012 s, measured 240 s before (ntp.kz)",
        ),
        ({"source": "recording", "start_time_from": "given"}, "present", "time of a recording: given"),
    ],
)  # fmt: skip
def test_the_clock_is_told_or_told_as_unknown(world, clock, state, said):
    event = world.event(track=None)
    subject = a_subject(event.id, finding=a_finding(track=None), camera=event.camera, clock=clock)
    package = write_package(subject, ring(), world.settings.home / "out", world.signer)
    world.spool.put(event, package.folder)
    world.take()
    with world.store.read() as work:
        found = contents(work, work.session.get_one(ViolationCase, str(event.id)))
    item = next(one for one in found.items if one.name == "clock")
    assert (item.state, said in item.detail["en"]) == (state, True)


def test_a_case_of_a_record_needs_the_record_and_no_clip(world):
    name = deliver(world)
    settled(world)
    found = of(world, name)
    assert (found["record"], found["clip"], found["overlay"]) == ("present", "not_applicable", "not_applicable")


def test_a_case_without_evidence_lacks_it(world):
    event = world.event(track=None, evidence=None)
    world.take(event, evidence=False)
    assert of(world, str(event.id)) == {"signature": "missing"}


def test_everything_is_said_in_three_languages(world):
    with world.store.read() as work:
        table = as_table(contents(work, work.session.get_one(ViolationCase, world.case())))
    assert all(set(item["words"]) == set(LANGUAGES) for item in table)
    assert all(len({item["words"][lang] for lang in LANGUAGES}) == 3 for item in table)
