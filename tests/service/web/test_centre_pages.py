from __future__ import annotations

import re

import pytest

from incidents.alert import Verdict
from qyran.roles import Role
from service import alerts, outages


@pytest.fixture
def operator(visitors):
    return visitors("situational_operator")


def test_a_shift_is_written_by_one_operator_and_taken_over_by_another(world, visitors, operator):
    alert = world.alert("crash", track=None)
    outages.begin(world.store, "receiver:101", "unreachable")
    now = operator.get("/alarms/shift").text
    assert alert in now
    assert "receiver" in now
    written = operator.form("/alarms/shift", on="/alarms/shift", notes="The camera blinks.").headers["location"]
    page = operator.get(written).text
    assert "The camera blinks." in page
    assert "I take the shift over" not in page
    refused = operator.form(f"{written}/confirm", on=written)
    assert (refused.status_code, "another operator than the one who wrote it" in refused.text) == (409, True)
    second = visitors("situational_operator")
    assert "has handed over" in second.get("/alarms/shift").text
    assert "I take the shift over" in second.get(written).text
    assert second.form(f"{written}/confirm", on=written).status_code == 303
    assert "Taken over by" in operator.get(written).text


def test_ended_alarms_are_closed_together_and_others_left(world, visitors, operator):
    machine = world.person(Role.SITUATIONAL_OPERATOR)
    ended, going = world.alert("crash", track=None), world.alert("intrusion", track=None)
    world.do(machine, alerts.acknowledge, ended)
    world.do(machine, alerts.verdict, ended, Verdict.FALSE, reason="no_event")
    refused = operator.form("/alarms/close", on="/alarms", ids=[ended], reason="")
    assert (refused.status_code, "Choose why" in refused.text) == (422, True)
    done = operator.form("/alarms/close", on="/alarms", ids=[ended, going], reason="not_confirmed", back="/alarms")
    assert done.headers["location"] == "/alarms"
    assert world.do(machine, alerts.open_alert, ended).state == "closed"
    assert world.do(machine, alerts.open_alert, going).state == "notified"


def test_the_sound_is_muted_for_a_limited_time_and_it_is_kept(operator):
    answer = operator.form("/alarms/sound", on="/alarms", kind="mute", seconds="60")
    assert answer.json()["until"] > "2026"
    assert re.search(r'data-muted="2026[^"]+"', operator.get("/alarms").text)
    assert operator.form("/alarms/sound", on="/alarms", kind="mute", seconds="3600").status_code == 422
    assert operator.form("/alarms/sound", on="/alarms", kind="unmute").json() == {"until": None}
    assert "muted, 60 s" in operator.get("/alarms/shift").text


def test_what_112_called_is_raised_once_and_acknowledged(world, operator):
    made = re.search(r'name="id" value="([^"]+)"', operator.get("/alarms/raise").text).group(1)
    given = {"id": made, "kind": "smoke", "via": "112", "camera": "abay-12", "number": "4711", "note": "third floor"}
    assert "where it is" in operator.form("/alarms/raise", on="/alarms/raise", **{**given, "camera": ""}).text
    first = operator.form("/alarms/raise", on="/alarms/raise", **given)
    again = operator.form("/alarms/raise", on="/alarms/raise", **given)
    assert first.headers["location"] == again.headers["location"] == f"/alarms/{given['id']}"
    page = operator.get(first.headers["location"]).text
    assert "Acknowledged" in page
    assert "third floor" in page


def test_a_drill_is_announced_and_ended(world, operator):
    page = operator.get("/alarms/drills").text
    start = re.search(r'name="start" value="([^"]+)"', page).group(1)
    given = {"name": "School 5", "start": start, "end": start[:11] + "23:00"}
    assert "Name the cameras" in operator.form("/alarms/drills", on="/alarms/drills", **given).text
    assert operator.form("/alarms/drills", on="/alarms/drills", camera="abay-12", **given).status_code == 303
    world.clock.forward(minutes=2)
    alert = world.alert("smoke", "fire_alert", track=None)
    assert "Drill" in operator.get(f"/alarms/{alert}").text
    drill = re.search(r"/alarms/drills/([0-9a-f-]+)/end", operator.get("/alarms/drills").text).group(1)
    assert operator.form(f"/alarms/drills/{drill}/end", on="/alarms/drills").status_code == 303


def test_works_are_announced_hold_an_alarm_back_and_are_ended(world, operator):
    start = re.search(r'name="start" value="([^"]+)"', operator.get("/alarms/works").text).group(1)
    given = {"name": "Repaving", "reason": "known_works", "start": start, "end": start[:11] + "23:00", "kind": "smoke"}
    refused = operator.form("/alarms/works", on="/alarms/works", **given)
    assert (refused.status_code, "Choose the cameras" in refused.text, "Repaving" in refused.text) == (422, True, True)
    assert operator.form("/alarms/works", on="/alarms/works", camera="abay-12", **given).status_code == 303
    world.clock.forward(minutes=2)
    alert = world.alert("smoke", "fire_alert", track=None)
    assert alert not in operator.get("/alarms").text
    assert alert in operator.get("/alarms?show=held").text
    pane = operator.get(f"/alarms/{alert}").text
    assert "Held back" in pane
    assert "Raise after all" in pane
    assert operator.form(f"/alarms/{alert}/raise", on=f"/alarms/{alert}").status_code == 303
    assert alert in operator.get("/alarms").text
    ending = re.search(r"/alarms/works/([0-9a-f-]+)/end", operator.get("/alarms/works").text).group(1)
    assert operator.form(f"/alarms/works/{ending}/end", on="/alarms/works").status_code == 303
    assert "over already" in operator.form(f"/alarms/works/{ending}/end", on="/alarms/works").text


def test_statistics_and_outages_say_what_they_lack(world, operator):
    assert "No alarms here." in operator.get("/alarms/statistics?start=2026-01-01&end=2026-01-31").text
    assert operator.get("/alarms/statistics?start=2026-02-01&end=2026-01-31").status_code == 422
    assert operator.get("/alarms/statistics?start=yesterday").status_code == 422
    assert "Nothing was down" in operator.get("/alarms/outages").text
    outages.begin(world.store, "camera:abay-12", "stream_lost")
    page = operator.get("/alarms/outages").text
    assert "stream lost" in page
    assert "abay-12" in operator.get("/alarms/list").text
