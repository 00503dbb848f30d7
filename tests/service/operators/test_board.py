from __future__ import annotations

import pytest

from incidents.alert import Verdict
from qyran.errors import AccessError
from qyran.roles import Role
from service import alerts
from service.operators.board import Choice, board


@pytest.fixture
def operator(both):
    return both.person(Role.SITUATIONAL_OPERATOR)


@pytest.fixture
def city(both, operator):
    """Alarms of several kinds, cameras and states, by name."""
    both.register(id="dostyk-14", territory="almaly")

    def alert(kind, kind_of_event="incident", **changes):
        event = both.event(kind, type=kind_of_event, plate=None, track=None, **changes)
        both.take(event, evidence=False)
        return str(event.id)

    ids = {"jam": alert("congestion")}
    both.clock.forward(minutes=1)
    ids["smoke"] = alert("smoke", "fire_alert", camera="dostyk-14")
    both.clock.forward(minutes=1)
    ids["crash"] = alert("crash")
    both.clock.forward(minutes=1)
    ids["stopped"] = alert("stopped_vehicle")
    ids["mine"] = alert("intrusion")
    both.do(operator, alerts.acknowledge, ids["mine"])
    ids["false"] = alert("crowd")
    both.do(operator, alerts.acknowledge, ids["false"])
    both.do(operator, alerts.verdict, ids["false"], Verdict.FALSE, reason="no_event")
    return ids


def shown(both, operator, ids, **choice):
    names = {alert_id: name for name, alert_id in ids.items()}
    return [names[one.id] for one in both.do(operator, board, Choice(**choice)).items]


def test_what_nobody_answered_stands_first_the_urgent_on_top_the_newest_before_the_older(both, operator, city):
    assert shown(both, operator, city) == ["crash", "smoke", "stopped", "jam", "false", "mine"]


CHOICES = [
    ({"show": "new"}, ["crash", "smoke", "stopped", "jam"]),
    ({"show": "taken"}, ["mine"]),
    ({"show": "done"}, ["false"]),
    ({"show": "closed"}, []),
    ({"kind": "smoke"}, ["smoke"]),
    ({"severity": "high"}, ["crash", "smoke"]),
    ({"severity": "low"}, ["jam"]),
    ({"camera": "dostyk-14"}, ["smoke"]),
    ({"district": "almaly"}, ["smoke"]),
    ({"mine": True}, ["false", "mine"]),
    ({"drill": "only"}, []),
    ({"show": "new", "severity": "medium"}, ["stopped"]),
]


def test_filters_choose(both, operator, city):
    found = [shown(both, operator, city, **choice) for choice, _ in CHOICES]
    assert found == [expected for _, expected in CHOICES]


def test_no_filter_makes_an_unanswered_alarm_silent(both, operator, city):
    found = both.do(operator, board, Choice(kind="crowd"))
    assert len(found.items) == 1
    assert {one.id for one in found.sounding} == {city[name] for name in ("jam", "smoke", "crash", "stopped")}
    assert [one.fire for one in found.sounding if one.id == city["smoke"]] == [True]
    assert found.unanswered == 4
    assert found.counts == {"new": 0, "taken": 0, "sent_out": 0, "done": 1, "closed": 0, "held": 0}


def test_a_dispatcher_has_no_board(world):
    with pytest.raises(AccessError):
        world.do(world.person(Role.SERVICE_DISPATCHER), board, Choice())
