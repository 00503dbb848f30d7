from __future__ import annotations

import numpy as np
import pytest

from models.confusion import confusion
from models.data.records import ANY_CLASS, Record, array
from models.look import Found
from models.measure import figure, measure
from vision.classes import BICYCLE, BUS, CAR, FIRE_CLASSES, MOTORCYCLE, PERSON, ROAD_CLASSES, TRUCK

PLACE = (10.0, 10.0, 50.0, 50.0)
FAR = (200.0, 200.0, 260.0, 260.0)
ROAD = (0.5,) * len(ROAD_CLASSES)


def seen(*rows: tuple[float, ...]) -> np.ndarray:
    return np.asarray(rows, np.float32).reshape(-1, 6)


def record(boxes, ignore=(), source: str = "street") -> Record:
    return Record("street/1.jpg", source, "val", 640, 360, array(boxes), array(list(ignore)))


def table(score, title: str) -> dict[str, list]:
    rows = next(table["rows"] for table in score["tables"] if table["title"].startswith(title))
    return {row[0]: row[1:] for row in rows}


def test_a_truck_called_a_car_is_a_vehicle_found_and_a_class_missed() -> None:
    found = Found([record([(TRUCK, *PLACE)])], [seen((CAR, *PLACE, 0.9))])
    rows = table(measure(found, ROAD_CLASSES, ROAD), "By class")
    assert rows["truck"][:2] == [1, 0.0]
    assert rows["car"][:2] == [0, None]
    assert rows["any vehicle"][:3] == [1, 1.0, 1.0]


@pytest.mark.parametrize(("real", "said"), [(BICYCLE, MOTORCYCLE), (MOTORCYCLE, BICYCLE), (BICYCLE, BICYCLE)])
def test_either_two_wheeler_answers_for_the_other(real: int, said: int) -> None:
    found = Found([record([(real, *PLACE)])], [seen((said, *PLACE, 0.9))])
    assert table(measure(found, ROAD_CLASSES, ROAD), "By class")["two-wheeler"][:2] == [1, 1.0]


def test_a_motorcycle_is_no_vehicle_of_the_class_agnostic_figure() -> None:
    found = Found([record([(MOTORCYCLE, *PLACE), (BUS, *FAR)])], [seen((MOTORCYCLE, *PLACE, 0.9))])
    assert table(measure(found, ROAD_CLASSES, ROAD), "By class")["any vehicle"][:2] == [1, 0.0]


def test_one_vehicle_named_twice_is_one_hit_and_no_mistake_of_the_class_agnostic_figure() -> None:
    found = Found([record([(TRUCK, *PLACE)])], [seen((TRUCK, *PLACE, 0.9), (BUS, *PLACE, 0.8))])
    assert table(measure(found, ROAD_CLASSES, ROAD), "By class")["any vehicle"][:2] == [1, 1.0]


def test_figures_stand_with_the_number_of_their_objects_by_size_and_source() -> None:
    records = [record([(CAR, *PLACE)]), record([(CAR, *FAR), (PERSON, *PLACE)], source="night")]
    found = Found(records, [seen((CAR, *PLACE, 0.9)), seen()])
    score = measure(found, ROAD_CLASSES, ROAD)
    assert score["pictures"] == 2
    assert table(score, "By size")["car"] == [0, None, 2, 0.5, 0, None]
    assert [row for row in score["tables"][2]["rows"] if row[2] == "car"] == [
        ["night", 1, "car", 1, 0.0], ["street", 1, "car", 1, 1.0],
    ]  # fmt: skip
    assert "car (2)" in score["curves"][0]["lines"]


CASES = {
    "right": ([(CAR, *PLACE)], [(CAR, *PLACE, 0.9)], (), {("car", "car"): 1}, []),
    "wrong class": ([(BUS, *PLACE)], [(CAR, *PLACE, 0.9)], (), {("bus", "car"): 1}, ["wrong class"]),
    "missed": ([(CAR, *PLACE)], [], (), {("car", "nothing"): 1}, ["missed"]),
    "too weak": ([(CAR, *PLACE)], [(CAR, *PLACE, 0.4)], (), {("car", "nothing"): 1}, ["missed"]),
    "false": ([], [(CAR, *PLACE, 0.9)], (), {("nothing", "car"): 1}, ["false"]),
    "hidden": ([], [(CAR, *PLACE, 0.9)], [(ANY_CLASS, *PLACE)], {}, []),
    "hidden from another class": ([], [(CAR, *PLACE, 0.9)], [(BUS, *PLACE)], {("nothing", "car"): 1}, ["false"]),
    "twice": ([(CAR, *PLACE)], [(CAR, *PLACE, 0.9), (CAR, *PLACE, 0.8)], (),
              {("car", "car"): 1, ("nothing", "car"): 1}, ["false"]),
    "a rider and the machine": ([(PERSON, *PLACE), (MOTORCYCLE, *PLACE)],
                                [(MOTORCYCLE, *PLACE, 0.9), (PERSON, *PLACE, 0.8)], (),
                                {("person", "person"): 1, ("motorcycle", "motorcycle"): 1}, []),
}  # fmt: skip


@pytest.mark.parametrize(("boxes", "rows", "ignore", "counts", "kinds"), CASES.values(), ids=CASES)
def test_what_was_taken_for_what(boxes, rows, ignore, counts, kinds) -> None:
    result = confusion(Found([record(boxes, ignore)], [seen(*rows)]), ROAD_CLASSES, ROAD)
    names = [*ROAD_CLASSES, "nothing"]
    there = {(names[i], names[j]): int(result.counts[i, j]) for i, j in zip(*np.nonzero(result.counts), strict=True)}
    assert there == counts
    assert [mistake.kind for mistake in result.mistakes] == kinds


def test_the_worst_mistakes_come_first_and_each_kind_is_shown() -> None:
    rows = [(CAR, 60.0 * i, 100.0, 60.0 * i + 40, 140.0, 0.5 + 0.04 * i) for i in range(8)]
    result = confusion(Found([record([(BUS, *FAR)])], [seen(*rows)]), ROAD_CLASSES, ROAD)
    worst = result.worst(3)
    assert [mistake.kind for mistake in worst] == ["false"] * 3 + ["missed"]
    assert [round(mistake.weight, 2) for mistake in worst[:3]] == [0.78, 0.74, 0.7]


@pytest.mark.parametrize(("value", "shown"), [(0.12345678, 0.1235), (float("nan"), None), (None, None)])
def test_a_figure_without_objects_has_no_value(value, shown) -> None:
    assert figure("AP50", value, 0, 0.9) == {"name": "AP50", "value": shown, "n": 0, "goal": 0.9, "at_most": False}


def test_fire_has_no_groups() -> None:
    found = Found([record([(0, *PLACE)])], [seen((0, *PLACE, 0.9))])
    assert list(table(measure(found, FIRE_CLASSES, (0.5, 0.5)), "By class")) == ["fire", "smoke"]
