from __future__ import annotations

import re

import pytest

from tests.service.web.conftest import Visitor
from tests.service.world import World


def version(page):
    return re.search(r'name="version" value="(\d+)"', page.text).group(1)


def take(person, base, step, **fields):
    """A step as the page's own form sends it."""
    page = person.get(base)
    fields = {"version": version(page), "csrf": re.search(r'name="csrf" value="([^"]+)"', page.text).group(1), **fields}
    return person.send("POST", f"{base}/{step}", data=fields, follow=False)


def state(person, base):
    panel = person.get(base).text.split('id="panel"')[1]
    return re.search(r'<span class="badge wrap [a-z]*">([^<]+)</span>', panel).group(1)


def test_an_officer_takes_confirms_and_signs_and_the_pdf_opens(demo):
    case = demo.case()
    officer, base = Visitor(demo).log_in("police_officer"), f"/cases/{case}"
    assert "The register is asked after" in officer.get(base).text
    assert take(officer, base, "claim").headers["location"] == base
    page = officer.get(base).text
    assert "You review this case" in page
    assert "Article 599, part 1" in page
    assert "43,250 ₸" in page
    assert "10 MCI × 4325 ₸ (2026)" in page or "10 MCI × 4,325 ₸ (2026)" in page
    assert take(officer, base, "confirm", offence="599-1", plate="123 abc 03").status_code == 303
    page = officer.get(base).text
    assert "Sign the decision" in page
    assert "123ABC03" in page
    assert "123ABC02" in page  # what the machine read stays beside what the officer wrote
    assert take(officer, base, "sign").status_code == 303
    page = officer.get(base)
    assert "Open the PDF" in page.text
    pdf = officer.get(f"{base}/decision.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    assert pdf.headers["x-frame-options"] == "SAMEORIGIN"
    assert officer.get(f"{base}/decision").status_code == 200


def test_no_decision_is_shown_before_it_is_signed(world, visitors):
    case = world.case()
    officer = visitors("police_officer")
    assert officer.get(f"/cases/{case}/decision").status_code == 404
    assert officer.get(f"/cases/{case}/decision.pdf").status_code == 404


def test_the_oldest_case_is_taken_from_the_queue(world, visitors):
    first = world.case()
    world.case(plate="777QYR01")
    officer = visitors("police_officer")
    assert officer.form("/cases/next", on="/cases").headers["location"] == f"/cases/{first}"
    assert "The case is yours." in officer.get(f"/cases/{first}").text


def test_an_empty_queue_is_said(visitors):
    officer = visitors("police_officer")
    assert officer.form("/cases/next", on="/cases").headers["location"] == "/cases"
    assert "No case waits" in officer.get("/cases").text


def test_another_officer_sees_who_holds_the_case_and_cannot_decide_it(world, visitors):
    case = world.case()
    one, other = visitors("police_officer"), visitors("police_officer")
    take(one, f"/cases/{case}", "claim")
    page = other.get(f"/cases/{case}").text
    assert "Reviewed by police-officer-0" in page
    assert "Confirm the violation" not in page
    answer = other.form(f"/cases/{case}/confirm", on="/cases", offence="599-1")
    assert answer.status_code == 409
    assert "Another officer reviews this case." in answer.text


def test_a_claim_lapses_and_the_case_is_free_again(world, visitors):
    case = world.case()
    one = visitors("police_officer")
    take(one, f"/cases/{case}", "claim")
    world.clock.forward(minutes=31)
    other = visitors("police_officer")
    assert take(other, f"/cases/{case}", "claim").status_code == 303


def test_an_old_page_changes_nothing_and_shows_how_it_stands_now(world, visitors):
    case = world.case()
    officer, base = visitors("police_officer"), f"/cases/{case}"
    old = version(officer.get(base))
    take(officer, base, "claim")
    answer = officer.form(f"{base}/reject", on=base, version=old, reason="no_violation")
    assert answer.status_code == 409
    assert "Somebody else changed this record" in answer.text
    assert state(officer, base) == "Under review"


@pytest.mark.parametrize(
    ("lang", "said"), [("kk", "Себебін таңдаңыз"), ("ru", "Выберите причину"), ("en", "Choose a reason")]
)
def test_a_refusal_is_said_in_the_readers_language(world, visitors, lang, said):
    case = world.case()
    officer, base = visitors("police_officer"), f"/cases/{case}"
    officer.form("/language", lang=lang, back="/")
    take(officer, base, "claim")
    answer = take(officer, base, "reject", reason="")
    assert answer.status_code == 409
    assert said in answer.text


def test_a_plate_that_is_none_is_refused(world, visitors):
    case = world.case()
    officer, base = visitors("police_officer"), f"/cases/{case}"
    take(officer, base, "claim")
    answer = take(officer, base, "confirm", offence="599-1", plate="?!")
    assert answer.status_code == 422
    assert "4 to 10 Latin letters" in answer.text


def test_a_penalty_that_is_no_fine_is_handed_on_and_never_payable(world, visitors):
    case = world.case("wrong_way")
    officer, base = visitors("police_officer"), f"/cases/{case}"
    take(officer, base, "claim")
    page = officer.get(base).text
    assert "Article 596, part 3" in page
    assert "Not a fine" in page
    refused = take(officer, base, "confirm", offence="596-3")
    assert refused.status_code == 409
    assert "not a fine; hand the material on" in refused.text
    assert take(officer, base, "send_on", offence="596-3").status_code == 303
    assert state(officer, base) == "Sent on as non-payable material"
    assert "Sign the decision" not in officer.get(base).text


def test_a_sampled_case_goes_to_a_second_officer(settings):
    with World(settings.model_copy(update={"second_look_share": 1.0})) as world:
        _second_look(world)


def _second_look(world):
    case = world.case()
    officer, senior = (Visitor(world).log_in(role) for role in ("police_officer", "senior_officer"))
    base = f"/cases/{case}"
    take(officer, base, "claim")
    take(officer, base, "confirm", offence="599-1")
    assert state(officer, base) == "Second look"
    assert "Confirm the violation" not in officer.get(base).text
    assert "Confirm the violation" in senior.get(base).text
    assert take(senior, base, "remark", note="look at the second picture").status_code == 303
    assert state(officer, base) == "Under review"


def test_a_senior_officer_gives_a_case_to_another(world, visitors):
    case = world.case()
    one, other, senior = visitors("police_officer"), visitors("police_officer"), visitors("senior_officer")
    base = f"/cases/{case}"
    take(one, base, "claim")
    page = senior.get(base).text
    chosen = re.search(r'<option value="([0-9a-f-]+)">police-officer-1</option>', page).group(1)
    assert take(senior, base, "reassign", officer=chosen).status_code == 303
    assert "You review this case" in other.get(base).text


def test_the_owner_is_asked_for_only_by_the_officer_who_holds_the_case(demo):
    case = demo.case()
    officer, base = Visitor(demo).log_in("police_officer"), f"/cases/{case}"
    assert "Ask the register" not in officer.get(base).text
    take(officer, base, "claim")
    assert "Ask the register" in officer.get(base).text
    assert take(officer, base, "owner").status_code == 303
    page = officer.get(base).text
    assert "(DEMO)" in page
    assert "Invented for the demonstration." in page


def test_nothing_is_signed_on_evidence_that_was_altered_since(demo):
    case = demo.case()
    officer, base = Visitor(demo).log_in("police_officer"), f"/cases/{case}"
    take(officer, base, "claim")
    take(officer, base, "confirm", offence="599-1")
    still = next(demo.settings.evidence_folder.rglob(f"{case}/still_in_act.jpg"))
    still.chmod(0o600)
    still.write_bytes(still.read_bytes() + b"x")
    answer = take(officer, base, "sign")
    assert answer.status_code == 409
    assert "no longer what was signed; return the case" in answer.text


def test_an_installation_that_names_no_issuing_body_signs_nothing_and_says_why(world, visitors):
    case = world.case()
    officer, base = visitors("police_officer"), f"/cases/{case}"
    take(officer, base, "claim")
    take(officer, base, "confirm", offence="599-1")
    answer = take(officer, base, "sign")
    assert answer.status_code == 422
    assert "The body that issues decisions is not configured" in answer.text


def test_without_a_register_the_page_says_so(world, visitors):
    case = world.case()
    officer, base = visitors("police_officer"), f"/cases/{case}"
    take(officer, base, "claim")
    answer = take(officer, base, "owner")
    assert answer.status_code == 422
    assert "No vehicle register is configured" in answer.text


def test_a_camera_operator_returns_technical_junk_and_repairs_it(world, visitors):
    case = world.case()
    operator, base = visitors("camera_operator"), f"/cases/{case}"
    assert take(operator, base, "return", reason="camera_moved").headers["location"] == "/cases"
    assert state(operator, base) == "Returned for technical repair"
    assert take(operator, base, "repair").status_code == 303


def test_the_history_names_who_when_from_to_and_why(world, visitors):
    case = world.case()
    officer, base = visitors("police_officer"), f"/cases/{case}"
    take(officer, base, "claim")
    take(officer, base, "reject", reason="signal_misread", note="yellow")
    text = officer.get(base).text
    assert "Under review → Rejected by an officer" in text
    assert "The signal was misread; «yellow»" in text
    assert "police-officer-0 (Police officer)" in text
    assert "Chain of records intact" in text


def test_counts_and_ages_stand_over_the_queue(world, visitors):
    world.case()
    world.clock.forward(hours=25)
    world.case(plate="777QYR01")
    page = visitors("police_officer").get("/cases").text
    assert "up to 1 h: 1" in page
    assert "over 24 h: 1" in page
    assert "late" in page
    assert re.search(r"<strong>2</strong><span>All that wait", page)


def test_an_alarm_goes_from_new_to_closed(world, visitors):
    alert = world.alert()
    operator, base = visitors("situational_operator"), f"/alarms/{alert}"
    assert alert in operator.get("/alarms?show=new").text
    answer = operator.form(f"{base}/acknowledge", on="/alarms", back="/alarms?show=new")
    assert answer.headers["location"] == "/alarms?show=new"
    assert alert not in operator.get("/alarms?show=new").text
    for step, fields in (
        ("true", {}),
        ("dispatch", {"service": "102"}),
        ("depart", {}),
        ("arrive", {}),
        ("resolve", {}),
        ("close", {"reason": "handled"}),
    ):
        assert take(operator, base, step, **fields).status_code == 303, step
    page = operator.get(base).text
    assert state(operator, base) == "Closed"
    assert "Police (102)" in page
    assert alert in operator.get("/alarms?show=closed").text
    assert alert not in operator.get("/alarms").text


def test_a_false_alarm_needs_a_reason(world, visitors):
    alert = world.alert()
    operator, base = visitors("situational_operator"), f"/alarms/{alert}"
    take(operator, base, "acknowledge")
    refused = take(operator, base, "false", reason="")
    assert refused.status_code == 409
    assert "Choose a reason." in refused.text
    assert take(operator, base, "false", reason="reflection").status_code == 303
    assert "Reflection" in operator.get(base).text


def test_what_nobody_can_judge_may_still_get_a_crew(world, visitors):
    alert = world.alert("smoke", kind_of_event="fire_alert", track=None)
    operator, base = visitors("situational_operator"), f"/alarms/{alert}"
    take(operator, base, "acknowledge")
    take(operator, base, "undetermined")
    page = operator.get(base).text
    services = re.findall(r'name="service" value="(\d+)"', page)
    assert services[0] == "101"
    assert take(operator, base, "dispatch", service="101").status_code == 303
    dispatcher = visitors("service_dispatcher")
    assert alert in dispatcher.get("/alarms").text
    assert "Departed" in dispatcher.get(base).text


def test_the_urgent_new_alarm_stands_first(world, visitors):
    smoke = world.alert("smoke", kind_of_event="fire_alert", track=None)
    world.clock.forward(minutes=5)
    jam = world.alert("congestion", track=None)
    listed = re.findall(r'data-alarm="([0-9a-f-]+)"', visitors("situational_operator").get("/alarms").text)
    assert listed == [smoke, jam]


@pytest.mark.parametrize("step", ["explode", "expire", "second_look", "merge"])
def test_no_page_takes_a_step_that_is_not_a_persons(world, visitors, step):
    case = world.case()
    officer = visitors("police_officer")
    assert officer.form(f"/cases/{case}/{step}", on="/cases").status_code == 404
