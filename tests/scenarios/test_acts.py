"""What counts as breaking a rule is told from paths and signals alone, and a near miss is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time

import numpy as np
import pytest

from scenarios.acts import acts_of, manoeuvre
from scenarios.layout import Head, Layout, Line, Zone
from scenarios.truth import FrameTruth, ObjectTruth
from vision.camera_parts import Hours

START = datetime(2026, 5, 14, 7, 0, tzinfo=UTC)  # noon in Almaty
Place = Callable[[float], tuple[float, float]]
BOX = (0.0, 0.0, 50.0, 50.0)
SQUARE = ((0.0, 0.0), (7.0, 0.0), (7.0, 30.0), (0.0, 30.0))


def frames(
    place: Place, *others: tuple[str, Place], signal: Callable[[float], str] | None = None
) -> tuple[FrameTruth, ...]:
    """Twenty seconds of a car, and of others of some kind, each heading where it moves."""
    out = []
    who = [("car", "sedan", place), *(("person" if kind == "person" else "car", kind, path) for kind, path in others)]
    for k in range(160):
        t = k / 8
        objects = []
        for n, (cls, kind, path) in enumerate(who, 1):
            (x, y), (x1, y1), (x0, y0) = path(t), path(t + 0.05), path(t - 0.05)
            dx, dy = x1 - x0, y1 - y0
            heading = float(np.arctan2(dy, dx)) if np.hypot(dx, dy) > 1e-6 else np.pi / 2
            objects.append(ObjectTruth(n, cls, kind, BOX, BOX, 1.0, x, y, heading, float(np.hypot(dx, dy)) * 36, ""))
        out.append(FrameTruth(k, t, tuple(objects), {} if signal is None else {"head": signal(t)}))
    return tuple(out)


def kinds(told: tuple[FrameTruth, ...], **parts: list) -> list[str]:  # type: ignore[type-arg]
    return [act.kind for act in acts_of(told, Layout(**parts), START)]


def stands(until: float) -> Place:
    """Drives north, stands at (3, 15) from the fifth second on, and drives on."""
    return lambda t: (3.0, 15.0 + min(0.0, (t - 5.0) * 6.0) + max(0.0, (t - until) * 6.0))


@pytest.mark.parametrize(
    ("until", "terms", "expected"),
    [
        (15.0, {"grace_s": 6.0}, ["no_stopping"]),
        (9.0, {"grace_s": 6.0}, []),
        (15.0, {"grace_s": 6.0, "hours": (Hours(start=time(9), end=time(18)),)}, ["no_stopping"]),
        (15.0, {"grace_s": 6.0, "hours": (Hours(start=time(18), end=time(9)),)}, []),
    ],
)
def test_standing_counts_beyond_the_grace_and_within_the_hours(until: float, terms: dict, expected: list[str]) -> None:  # type: ignore[type-arg]
    assert kinds(frames(stands(until)), zones=[Zone("z", "no_stopping", SQUARE, **terms)]) == expected


def test_a_queue_at_a_red_light_does_not_stand_against_the_rule() -> None:
    told = frames(stands(17.0), signal=lambda t: "red" if 4 < t < 16 else "green")
    assert kinds(told, zones=[Zone("z", "no_stopping", SQUARE, grace_s=6.0)]) == []


@pytest.mark.parametrize(("over_m", "expected"), [(1.5, ["solid_line"]), (-0.2, []), (0.3, [])])
def test_a_solid_line_is_crossed_by_coming_clear_of_it_on_the_other_side(over_m: float, expected: list[str]) -> None:
    line = Line("l", "solid", ((3.5, -50.0), (3.5, 100.0)))
    told = frames(lambda t: (3.5 - 1.5 + (1.5 + over_m) * float(np.clip(t - 6, 0, 2)) / 2, t * 5 - 20))
    assert kinds(told, lines=[line]) == expected


@pytest.mark.parametrize(
    ("state", "stops_at", "expected"),
    [
        ("red", None, ["red_light"]),
        ("yellow", None, []),
        ("green", None, []),
        ("red", 10.0, ["stop_line"]),
        ("red", 6.0, []),
    ],
)
def test_a_stop_line_at_red(state: str, stops_at: float | None, expected: list[str]) -> None:
    line = Line("s", "stop", ((0.0, 10.0), (7.0, 10.0)), (0.0, 1.0))
    head = Head("head", "ns", (0.0, 20.0, 5.0), -90.0, "s")
    told = frames(lambda t: (3.0, min(t * 4 - 20, 1e9 if stops_at is None else stops_at)), signal=lambda t: state)
    assert kinds(told, lines=[line], heads=[head]) == expected


@pytest.mark.parametrize(
    ("walks", "expected"),
    [
        (lambda t: (6.5 - 0.5 * (t - 4.0), 12.0), ["pedestrian_priority"]),  # towards the car, two metres beside it
        (lambda t: (-1.0 - 1.4 * (t - 4.0), 12.0), []),  # away from it
        (lambda t: (9.0, 12.0), []),  # waits on the pavement
    ],
)
def test_a_person_on_the_crossing_is_let_over(walks: Place, expected: list[str]) -> None:
    zone = Zone("c", "crosswalk", ((-7.0, 10.0), (7.0, 10.0), (7.0, 14.0), (-7.0, 14.0)))
    assert kinds(frames(lambda t: (3.0, t * 8 - 24), ("person", walks)), zones=[zone]) == expected


@pytest.mark.parametrize(
    ("degrees", "name"),
    [(0, "straight"), (40, "straight"), (90, "left"), (-90, "right"), (180, "back"), (-170, "back")],
)
def test_a_manoeuvre_is_named_by_its_change_of_heading(degrees: float, name: str) -> None:
    assert manoeuvre(degrees) == name
