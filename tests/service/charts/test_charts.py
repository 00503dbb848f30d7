from __future__ import annotations

import math

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from service.charts.bars import Bin, Interval, histogram, intervals, meter
from service.charts.svg import number, tag
from service.charts.ticks import axis
from service.charts.trend import Line, Point, spark, trend

SVG = "{http://www.w3.org/2000/svg}"
VALUES = st.one_of(st.none(), st.floats(0, 1e7, allow_nan=False))


def say(value: float) -> str:
    return f"{value:g}".replace(".", ",")


@given(st.lists(st.floats(-1e6, 1e9), max_size=30), st.integers(2, 12))
def test_an_axis_holds_its_values_in_round_steps(values, wanted):
    found = axis(values, wanted)
    assert found.low <= min([0.0, *values]) + 1e-6 * found.step
    assert found.high >= max(values, default=0.0) - 1e-6 * max(1.0, found.step)
    assert found.ticks[0] == found.low
    assert found.ticks[-1] == pytest.approx(found.high)
    assert 2 <= len(found.ticks) <= wanted + 3


def test_a_percentage_ends_at_a_hundred():
    assert axis([97.0], top=100.0).ticks == (0, 25, 50, 75, 100)
    assert axis([140.0], top=100.0).high >= 140


@pytest.mark.parametrize(("value", "text"), [(-0.01, "0"), (3.0, "3"), (2.25, "2.2"), (10.0, "10")])
def test_coordinates_are_short(value, text):
    assert number(value) == text


@given(st.lists(VALUES, min_size=1, max_size=14), st.floats(0.1, 1e6), st.text(max_size=30))
def test_every_chart_is_xml_with_a_title_and_breaks_no_policy(values, target, name):
    points = [Point(f"{k}", value, k % 2 == 0) for k, value in enumerate(values)]
    known = [value for value in values if value is not None]
    rows = [Interval(name, value, value * 0.9, value * 1.1) for value in known]
    for text in (
        trend("t", name, "what it shows", points, say=say, target=Line(target, name)),
        spark("s", name, "what it shows", points, Line(target, "")),
        histogram("h", name, "what it shows", [Bin(0, 5, 3), Bin(5, None, 1)], say=say, marks=(Line(3, name),)),
        intervals("i", name, "what it shows", rows, say=say, target=Line(target, name)),
        meter("m", name, "what it shows", 0.4),
    ):
        root = ElementTree.fromstring(text)
        assert root.get("role") == "img"
        assert {one.tag for one in root[:2]} == {f"{SVG}title", f"{SVG}desc"}
        for one in root.iter():
            assert one.get("style") is None
            for key in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"):
                assert math.isfinite(float(one.get(key, "0")))


def test_a_period_without_a_value_breaks_the_line():
    points = [Point("1", 1.0), Point("2", 2.0), Point("3", None), Point("4", 2.0), Point("5", 3.0, firm=False)]
    root = ElementTree.fromstring(trend("t", "a", "b", points, say=say))
    assert len(root.findall(f"{SVG}polyline")) == 2
    dots = root.findall(f"{SVG}circle")
    assert [one.get("class") for one in dots] == ["dot", "dot", "dot", "dot hollow"]


def test_names_cannot_become_markup():
    assert "<b>" not in trend("t", "<b>", '"><script>', [Point("<i>", 1.0)], say=say)
    assert tag("a", href='"<') == "<a href='\"&lt;'/>"


@pytest.mark.parametrize("most", [1, 2, 3, 5, 9, 17, 40, 101])
def test_counts_have_whole_numbers_on_their_axis(most):
    found = axis([float(most)], whole=True)
    assert all(tick == int(tick) for tick in found.ticks)
    assert len(set(found.ticks)) == len(found.ticks)
    assert found.high >= most
