from __future__ import annotations

import pytest

from incidents.rules.person_down import HOLD_S, RULE
from tests.incidents_road import found
from tests.observations import Vehicle
from vision.classes import CAR, PERSON


def person(*postures: tuple[float, float, float], x: float = 400.0, walks: float = 12.0, until_s: float = 1e3):
    """Somebody: (from second, width, height); on his feet he walks so many pixels a second."""

    def box(video_s: float):
        if video_s > until_s:
            return None
        since, wide, high = [one for one in postures if one[0] <= max(0.0, video_s)][-1]
        left = x + walks * min(video_s, postures[1][0] if len(postures) > 1 else 1e3)
        del since
        return (left - wide / 2, 500.0 - high, left + wide / 2, 500.0)

    return box


UP, DOWN = (0.0, 20.0, 50.0), (4.0, 50.0, 22.0)


def test_who_falls_and_stays_down_is_told_once() -> None:
    (finding,) = found(RULE, [Vehicle(1, person(UP, DOWN), PERSON)], until_s=25.0)
    assert (finding.kind, finding.track, finding.class_id) == ("person_down", 1, PERSON)
    assert finding.onset_s == pytest.approx(4.0, abs=0.3)
    assert finding.video_s == pytest.approx(4.0 + HOLD_S, abs=0.5)


def test_who_is_seen_no_more_lies_where_something_low_shows() -> None:
    low = (430.0, 480.0, 470.0, 500.0)
    lost = Vehicle(1, person(UP, DOWN, until_s=3.9), PERSON)
    blob = (1, lambda video_s: low if video_s >= 4.1 else None, 4.0)
    assert len(found(RULE, [lost], [blob], until_s=20.0)) == 1


@pytest.mark.parametrize(
    ("vehicles", "why"),
    [
        ([Vehicle(1, person(UP), PERSON)], "walks"),
        ([Vehicle(1, person(UP, (4.0, 20.0, 50.0)), PERSON)], "stands still"),
        ([Vehicle(1, person(UP, (4.0, 24.0, 30.0), (7.0, 20.0, 50.0)), PERSON)], "stoops for three seconds"),
        ([Vehicle(1, person(UP, DOWN, until_s=3.9), PERSON)], "goes out of sight"),
        ([Vehicle(1, person(UP, DOWN), PERSON), Vehicle(2, lambda _: (380.0, 440.0, 520.0, 520.0), CAR)],
         "is behind a car"),
    ],
)  # fmt: skip
def test_who_does_not_lie_is_not_told(vehicles, why) -> None:
    assert found(RULE, vehicles, until_s=20.0) == [], why


def test_a_bag_set_down_by_who_walks_on_is_no_person() -> None:
    walks_on = Vehicle(1, person((0.0, 20.0, 50.0), walks=20.0), PERSON)
    bag = (1, lambda video_s: (470.0, 485.0, 490.0, 500.0) if video_s >= 4.0 else None, 5.0)
    assert found(RULE, [walks_on], [bag], until_s=20.0) == []
