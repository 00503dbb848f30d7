from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon

from vision.geometry import area, cover, crossings, cut, foot, in_polygon, intersection, iou, side_distance, to_pixels

SQUARE = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])
coordinate = st.integers(-50, 50).map(float)
point = st.tuples(coordinate, coordinate)
box = st.tuples(coordinate, coordinate, st.integers(0, 40), st.integers(0, 40)).map(
    lambda v: (v[0], v[1], v[0] + v[2], v[1] + v[3])
)


@pytest.mark.parametrize(
    ("start", "end", "crossed", "at_path", "at_segment"),
    [
        ((5, -5), (5, 5), True, 0.5, 0.5),
        ((5, -1), (5, 9), True, 0.1, 0.5),
        ((5, 5), (5, -5), True, 0.5, 0.5),
        ((11, -5), (11, 5), False, np.nan, np.nan),
        ((0, -5), (0, 5), True, 0.5, 0.0),
        ((10, -5), (10, 5), True, 0.5, 1.0),
        ((-1, -1), (12, -1), False, np.nan, np.nan),
        ((2, 0), (8, 0), False, np.nan, np.nan),  # along the segment
        ((5, -5), (5, -5), False, np.nan, np.nan),  # stands still
        ((np.nan, 0), (5, 5), False, np.nan, np.nan),
    ],
)
def test_a_path_crosses_a_segment(start, end, crossed, at_path, at_segment):
    found = crossings([start], [end], [[(0, 0), (10, 0)]])
    assert found.crossed[0, 0] == crossed
    np.testing.assert_allclose(found.at_path[0, 0], at_path)
    np.testing.assert_allclose(found.at_segment[0, 0], at_segment)


def test_a_path_that_stops_on_the_segment_crosses_once():
    stops = [(5, -5), (5, 0), (5, 0), (5, 5)]
    found = crossings(stops[:-1], stops[1:], [[(0, 0), (10, 0)]])
    assert found.crossed.sum() == 1


def test_rightward_is_seen_from_the_first_point_towards_the_second():
    # Looking along +x on a screen (y down), the right hand points down.
    found = crossings([(5, -5), (5, 5)], [(5, 5), (5, -5)], [[(0, 0), (10, 0)]])
    assert found.rightward[:, 0].tolist() == [True, False]
    assert side_distance([(5, 5), (5, -5)], [[(0, 0), (10, 0)]])[:, 0].tolist() == [5.0, -5.0]


def test_a_segment_without_length_is_never_crossed_and_has_no_sides():
    segment = [[(5, 0), (5, 0)]]
    assert not crossings([(5, -5)], [(5, 5)], segment).crossed.any()
    assert np.isnan(side_distance([(1, 1)], segment)).all()


def test_many_paths_meet_many_segments_at_once():
    found = crossings(np.zeros((3, 2)), [(10, 0), (0, 10), (-10, 0)], [[(5, -1), (5, 1)], [(-1, 5), (1, 5)]])
    assert found.crossed.tolist() == [[True, False], [False, True], [False, False]]


@given(point, point, point, point)
def test_crossing_agrees_with_shapely_away_from_touching(start, end, first, second):
    assume(first != second)
    assume(start != end)
    path, segment = LineString([start, end]), LineString([first, second])
    sides = side_distance([start, end], [[first, second]])[:, 0]
    touches = side_distance([first, second], [[start, end]])[:, 0]
    assume(np.abs(np.concatenate((sides, touches))).min() > 1e-9)
    assert bool(crossings([start], [end], [[first, second]]).crossed[0, 0]) == path.crosses(segment)


@given(point, point, point, point)
def test_going_back_crosses_the_other_way_at_the_same_place(start, end, first, second):
    there = crossings([start], [end], [[first, second]])
    back = crossings([end], [start], [[first, second]])
    assert there.crossed == back.crossed
    if there.crossed[0, 0]:
        assert there.rightward[0, 0] != back.rightward[0, 0]
        np.testing.assert_allclose(there.at_path + back.at_path, 1.0)
        np.testing.assert_allclose(there.at_segment, back.at_segment, atol=1e-9)


@pytest.mark.parametrize(
    ("where", "inside"),
    [((5, 5), True), ((15, 5), False), ((-1, 5), False), ((5, 11), False), ((np.nan, 5), False)],
)
def test_a_point_lies_in_a_polygon(where, inside):
    assert in_polygon([where], SQUARE).tolist() == [inside]


def test_a_concave_polygon_and_a_closed_ring():
    ring = np.array([[0.0, 0], [10, 0], [10, 10], [5, 2], [0, 10]])
    where = [(5, 1), (5, 8), (1, 5), (9, 5)]
    assert in_polygon(where, ring).tolist() == [True, False, True, True]
    assert in_polygon(where, np.vstack((ring, ring[:1]))).tolist() == [True, False, True, True]


@given(st.integers(-5, 25), st.integers(-5, 15))
def test_neighbouring_polygons_share_no_point_and_leave_no_gap(x, y):
    left, right = SQUARE, SQUARE + np.array((10, 0))
    both = SQUARE * (2, 1)
    held = int(in_polygon([(x, y)], left)[0]) + int(in_polygon([(x, y)], right)[0])
    assert held == int(in_polygon([(x, y)], both)[0])


@given(st.lists(point, min_size=3, max_size=7, unique=True), point)
def test_points_off_the_edge_agree_with_shapely(ring, where):
    polygon = Polygon(ring)
    assume(polygon.is_valid)
    assume(polygon.exterior.distance(Point(where)) > 1e-6)
    assert bool(in_polygon([where], ring)[0]) == polygon.contains(Point(where))


@given(box, box)
def test_iou_is_symmetric_bounded_and_one_for_the_same_box(a, b):
    a, b = np.array([a]), np.array([b])
    assert 0.0 <= iou(a, b)[0, 0] <= 1.0
    assert iou(a, b)[0, 0] == iou(b, a)[0, 0]
    assert iou(a, a)[0, 0] == (1.0 if area(a)[0] > 0 else 0.0)
    assert cover(a, b)[0, 0] >= iou(a, b)[0, 0]


def test_iou_of_known_boxes():
    a = np.array([[0, 0, 10, 10], [100, 100, 90, 90]], np.float32)  # the second is turned inside out
    b = np.array([[5, 0, 15, 10], [20, 20, 30, 30]], np.float32)
    np.testing.assert_allclose(iou(a, b), [[1 / 3, 0], [0, 0]])
    np.testing.assert_allclose(intersection(a, b), [[50, 0], [0, 0]])
    np.testing.assert_allclose(cover(a, b), [[0.5, 0], [0, 0]])


def test_no_boxes_and_no_points_are_fine():
    none = np.zeros((0, 4))
    assert iou(none, none).shape == (0, 0)
    assert iou(none, np.ones((3, 4))).shape == (0, 3)
    assert crossings(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros((2, 2, 2))).crossed.shape == (0, 2)
    assert in_polygon(np.zeros((0, 2)), SQUARE).shape == (0,)


@pytest.mark.parametrize(
    ("box", "is_cut"),
    [
        ((100, 100, 200, 200), False),
        ((1, 100, 200, 200), True),
        ((100, 1, 200, 200), False),  # the top says nothing about where it stands
        ((100, 100, 639, 200), True),
        ((100, 100, 200, 351), True),
        ((100, 50, 300, 344), True),  # a large box ends a little before the border
        ((100, 320, 130, 344), False),
    ],
)
def test_a_box_is_cut_by_the_border_or_not(box, is_cut):
    assert bool(cut(np.array(box, np.float32), 640, 352)) == is_cut


def test_fractions_become_pixels_and_boxes_have_feet():
    np.testing.assert_allclose(to_pixels([(0.5, 1.0)], 640, 352), [[320, 352]])
    np.testing.assert_allclose(foot(np.array([[10, 20, 30, 60]])), [[20, 60]])
