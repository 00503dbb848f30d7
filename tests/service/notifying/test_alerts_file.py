"""The alerts file: every fault ends in one sentence that names the key; who hears what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.alert import AlertState
from incidents.cap.message import Certainty, Severity
from qyran.errors import ConfigError
from service.cli.main import main
from service.notifying.checking import check_file
from service.notifying.facts import AlertFacts, AlertPlace
from service.notifying.hearing import STEPS, WITHDRAWN, hears
from service.notifying.routing import Receiver, read_alerts_file

GOOD = """
[[receivers]]
id = "city"
channel = "webhook"
url = "https://city.example/alerts"
secret = "env:QYRAN_TEST_SECRET"
steps = ["raised", "updates"]
"""


def receiver(**given: object) -> Receiver:
    plain = {"id": "a", "channel": "pull", "inbound_token": "env:A", "steps": ["raised"]}
    return Receiver.model_validate({**plain, **given})


def facts(**given: object) -> AlertFacts:
    plain = {
        "alert_id": "1", "incident_id": "1", "type": "incident", "kind": "crash", "state": AlertState.NOTIFIED,
        "severity": Severity.SEVERE, "certainty": Certainty.LIKELY, "territory": "medeu", "object_id": "UTO-1",
        "place": AlertPlace(words={}),
    }  # fmt: skip
    return AlertFacts.model_validate({**plain, **given})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD + "colour = 1\n", "receivers.0.colour"),
        (GOOD.replace('id = "city"', 'id = "City Hall"'), "receivers.0.id"),
        (GOOD + GOOD, "names the receiver city twice"),
        (GOOD.replace("https", "http"), "is not https://"),
        (GOOD.replace("https://city", "https://user:pw@city"), "receivers.0.url"),
        (GOOD.replace('secret = "env:QYRAN_TEST_SECRET"', ""), "needs secret"),
        (GOOD.replace('"env:QYRAN_TEST_SECRET"', '"plain"'), "receivers.0.secret"),
        (GOOD.replace('"raised", ', '"shouted", '), "receivers.0.steps.0"),
        (GOOD + 'kinds = ["flood"]\n', "knows no flood"),
        (GOOD + 'service = "104"\n', "receivers.0.service"),
        (GOOD + "timeout_s = 0\n", "receivers.0.timeout_s"),
        (GOOD.replace("webhook", "email"), "begin with smtp://"),
        ('[[receivers]]\nid = "a"\nchannel = "pull"\nsteps = ["every"]\n', "needs inbound_token"),
        ('[[receivers]]\nid = "a"\nchannel = "sms"\nurl = "https://a.example"\nsteps = ["every"]\n', "needs to"),
        ("[drivers]\n", "needs a token, or public = true"),
        ("[sender]\nid = 'a b'\n", "sender.id"),
        ("receivers = [", "cannot be read"),
    ],
)
def test_a_fault_is_one_sentence_that_names_the_key(tmp_path, text, told):
    path = tmp_path / "alerts.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_alerts_file(path)
    message = str(caught.value)
    assert told in message
    assert message.endswith(".")
    assert "pw" not in message


def test_a_file_is_checked_with_its_secrets_and_certificates(tmp_path, monkeypatch):
    path = tmp_path / "alerts.toml"
    path.write_text(GOOD, encoding="utf-8")
    monkeypatch.delenv("QYRAN_TEST_SECRET", raising=False)
    with pytest.raises(ConfigError, match="wrong at secret of city"):
        list(check_file(path))
    monkeypatch.setenv("QYRAN_TEST_SECRET", "x")
    assert list(check_file(path)) == ["city: webhook, hears raised, updates"]
    path.write_text(GOOD + 'ca_file = "/nowhere.pem"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="wrong at ca_file of city"):
        list(check_file(path))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["receivers", "check", "{file}"], 0, "city: webhook"),
        (["receivers", "check", "{folder}/none.toml"], 2, "cannot be read"),
        (["receivers", "again"], 2, "Name one message"),
    ],
)
def test_the_command_checks_the_file(tmp_path, monkeypatch, capsys, arguments, code, said):
    monkeypatch.setenv("QYRAN_TEST_SECRET", "x")
    path = tmp_path / "alerts.toml"
    path.write_text(GOOD, encoding="utf-8")
    given_ = [one.format(file=path, folder=tmp_path) for one in arguments]
    assert main(given_) == code
    out = capsys.readouterr()
    assert said in out.out + out.err


@pytest.mark.parametrize(
    ("mine", "alert", "step", "service", "told", "heard"),
    [
        ({}, {}, "raised", None, False, True),
        ({}, {}, "confirmed", None, False, False),
        ({"steps": ["confirmed"]}, {}, "raised", None, False, False),
        ({"steps": ["confirmed"]}, {}, "confirmed", None, False, True),
        ({"kinds": ["fire"]}, {}, "raised", None, False, False),
        ({"least_severity": "Extreme"}, {}, "raised", None, False, False),
        ({"least_certainty": "Observed"}, {}, "raised", None, False, False),
        ({"least_certainty": "Observed"}, {"certainty": "Observed"}, "updated", None, False, True),
        ({"territories": ["alatau"]}, {}, "raised", None, False, False),
        ({"objects": ["UTO-1"]}, {}, "raised", None, False, True),
        ({"objects": ["UTO-2"]}, {}, "raised", None, False, False),
        ({"drills": False}, {"is_drill": True}, "raised", None, False, False),
        ({"service": "101", "steps": ["dispatched"]}, {}, "dispatched", "101", False, True),
        ({"service": "101", "steps": ["dispatched"]}, {}, "dispatched", "102", False, False),
        ({"service": "101", "steps": ["dispatched"], "kinds": ["fire"]}, {}, "dispatched", "101", False, True),
        ({"service": "101", "steps": ["dispatched"], "territories": ["alatau"]}, {}, "dispatched", "101", False, False),
        ({"steps": ["dispatched"]}, {}, "dispatched", "102", False, True),
        ({"service": "112", "steps": ["dispatched"]}, {}, "escalated", "112", False, True),
        ({"service": "112", "steps": ["dispatched"]}, {}, "escalated", "101", False, False),
        ({"id": "duty", "steps": ["confirmed"]}, {}, "escalated", "duty", False, True),
        ({}, {}, "acknowledged", None, True, False),
        ({"steps": ["raised", "updates"]}, {}, "acknowledged", None, True, False),
        ({"steps": ["raised", "updates"]}, {}, "departed", None, True, True),
        ({"steps": ["raised", "every"]}, {}, "acknowledged", None, True, True),
        ({"steps": ["raised", "ended"]}, {}, "resolved", None, True, True),
        ({}, {}, "closed", None, True, False),
        ({}, {}, "false", None, True, True),
        ({}, {}, "false", None, False, False),
    ],
)  # fmt: skip
def test_who_hears_what(mine, alert, step, service, told, heard):
    assert hears(receiver(**mine), facts(**alert), step, service, told=told) is heard


@given(
    steps=st.sets(st.sampled_from(["raised", "confirmed", "dispatched", "updates", "every", "ended"]), min_size=1),
    step=st.sampled_from(sorted(set(STEPS.values()))),
    kind=st.sampled_from(["crash", "fire"]),
)
def test_whoever_was_told_hears_that_there_is_nothing_and_nobody_else_does(steps, step, kind):
    mine = receiver(steps=sorted(steps), kinds=[kind])
    if step in WITHDRAWN:
        assert hears(mine, facts(), step, told=True)
        assert not hears(mine, facts(), step, told=False)
    if hears(mine, facts(), step, told=False):
        assert kind == "crash"
