"""What belongs to somebody else stays his though the role would pass the door, and looks at people are written down."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from service.store.tables import AccessLog

ALERT = (
    "/api/v1/alerts/{alert_id}", "/api/v1/alerts/{alert_id}/cap", "/api/v1/alerts/{alert_id}/messages",
    "/api/v1/alerts/{alert_id}/evidence/{alert_id}/{name}", "/alarms/{alert_id}", "/alarms/{alert_id}/pane",
    "/alarms/{alert_id}/evidence/{alert_id}/{name}",
)  # fmt: skip


@pytest.mark.parametrize("path", ALERT)
def test_a_dispatcher_sees_no_alert_that_his_service_was_not_sent_to(town, asker, records, path):
    other = asker.log_in(town, "service_dispatcher", service="103")
    assert asker.ask("GET", path.format(**records), by=other).status_code in {403, 404}


@pytest.mark.parametrize("step", ["acknowledge", "arrive", "depart", "resolve", "note"])
def test_a_dispatcher_moves_no_alert_that_his_service_was_not_sent_to(town, asker, records, step):
    other = asker.log_in(town, "service_dispatcher", service="103")
    path, body = f"/api/v1/alerts/{records['alert_id']}/{step}", {"note": "on the way"}
    answer = asker.ask("POST", path, by=other, json=body)
    assert answer.status_code in {403, 404, 409}, answer.text


@pytest.fixture(scope="module")
def claimed(town, asker):
    town.clock.forward(minutes=5)  # reports of one minute would be one case
    case_id, owner = town.case(plate="777AAA02", track=70), asker.log_in(town, "police_officer")
    assert asker.ask("POST", f"/api/v1/cases/{case_id}/claim", by=owner, json={}).status_code == 200
    return case_id, owner


@pytest.mark.parametrize(
    ("step", "body"),
    [
        ("confirm", {"offence": "592-1"}), ("reject", {"reason": "no_violation"}), ("release", {}), ("claim", {}),
        ("owner", {"plate": "123ABC02"}), ("send-on", {"offence": "592-1"}), ("sign", {}), ("withdraw", {}),
    ],
)  # fmt: skip
def test_nobody_steps_into_another_officers_review(town, asker, claimed, step, body):
    case_id, owner = claimed
    other = asker.log_in(town, "police_officer")
    answer = asker.ask("POST", f"/api/v1/cases/{case_id}/{step}", by=other, json=body)
    assert answer.status_code in {403, 409, 422}, answer.text
    held = asker.ask("GET", f"/api/v1/cases/{case_id}", by=owner).json()
    assert held["state"] == "in_review"


def test_nobody_ends_or_sees_anothers_logins(town, asker):
    one, other = asker.log_in(town, "evaluator"), asker.log_in(town, "evaluator")
    theirs = asker.ask("GET", "/api/v1/account/sessions", by=one).json()[0]["id"]
    assert asker.ask("DELETE", f"/api/v1/account/sessions/{theirs}", by=other).status_code in {403, 404}
    assert asker.ask("GET", f"/api/v1/users/{one.user_id}/sessions", by=other).status_code == 403
    assert theirs not in asker.ask("GET", "/api/v1/account/sessions", by=other).text
    assert asker.ask("GET", "/api/v1/session", by=one).status_code == 200


def test_nobody_sees_a_case_of_a_territory_that_is_not_his(town, asker):
    town.register(id="far-1", territory="far")
    case_id = town.case(camera="far-1")
    near = asker.log_in(town, "police_officer", territories=["near"])
    for path in (f"/api/v1/cases/{case_id}", f"/cases/{case_id}", f"/cases/{case_id}/history"):
        assert asker.ask("GET", path, by=near).status_code in {403, 404}, path
    assert case_id not in asker.ask("GET", "/api/v1/cases", by=near).text


LOOKS = (
    ("auditor", "GET", "/api/v1/cases/{case_id}", None),
    ("auditor", "GET", "/cases/{case_id}", None),
    ("police_officer", "GET", "/cases/{case_id}/history", None),
    ("auditor", "GET", "/api/v1/cases/{case_id}/evidence/{case_id}/{name}", None),
    ("auditor", "GET", "/api/v1/alerts/{alert_id}", None),
    ("auditor", "GET", "/alarms/{alert_id}", None),
    ("auditor", "GET", "/access/register.csv", None),
    (
        "police_officer", "POST", "/api/v1/passages/search",
        {"plate": "123ABC02", "reason": "case", "number": "7/26", "words": "the wanted car of the case"},
    ),
    ("auditor", "GET", "/users/{user_id}", None),
)  # fmt: skip


@pytest.mark.parametrize(("role", "method", "path", "body"), LOOKS)
def test_each_look_at_people_is_written_down_with_its_purpose(town, asker, records, role, method, path, body):
    by = asker.log_in(town, role)

    def looks():
        with town.store.read() as work:
            return work.session.scalar(
                select(func.count()).select_from(AccessLog).where(
                    AccessLog.actor == by.user_id, AccessLog.reason.is_not(None), AccessLog.action != "login"
                )
            )  # fmt: skip

    before = looks()
    answer = asker.ask(method, path.format(**records), by=by, **({"json": body} if body else {}))
    if path == "/users/{user_id}" or answer.status_code == 422:
        assert looks() >= before
    else:
        assert answer.status_code == 200, answer.text
        assert looks() > before
