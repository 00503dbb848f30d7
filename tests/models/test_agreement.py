from __future__ import annotations

import numpy as np
import pytest

from models.data.complete import agree
from models.data.records import array
from models.data.road import EITHER
from vision.classes import BICYCLE, BUS, CAR, MOTORCYCLE, PERSON, TRUCK

SQUARE = (100.0, 100.0, 200.0, 200.0)
AWAY = (400.0, 100.0, 500.0, 200.0)
PART = (110.0, 130.0, 190.0, 200.0)
VEHICLES = [CAR, BUS, TRUCK]


def seen(*rows: tuple[float, ...]) -> np.ndarray:
    return np.asarray(rows, np.float32).reshape(-1, 6)


@pytest.mark.parametrize(
    ("opinions", "taught", "hidden"),
    [
        pytest.param({"own": (CAR, 0.3), "coco": (CAR, 0.25)}, [CAR], [], id="two agree"),
        pytest.param({"own": (CAR, 0.3), "crossroad": (CAR, 0.6)}, [CAR], [], id="the third knows only vehicles"),
        pytest.param({"own": (CAR, 0.6)}, [CAR], [], id="one is sure"),
        pytest.param({"own": (CAR, 0.3)}, [], VEHICLES, id="one sees it faintly"),
        pytest.param({"crossroad": (CAR, 0.9)}, [], VEHICLES, id="only the class-blind one sees it"),
        pytest.param({"own": (CAR, 0.15), "coco": (CAR, 0.15)}, [], VEHICLES, id="both merely suspect it"),
        pytest.param({"own": (CAR, 0.05)}, [], [], id="too weak to mention"),
        pytest.param({"own": (BUS, 0.9), "coco": (BUS, 0.9)}, [], VEHICLES, id="large vehicles need an eye"),
        pytest.param({"own": (BICYCLE, 0.9)}, [], [BICYCLE, MOTORCYCLE], id="two-wheelers need an eye"),
        pytest.param({"own": (PERSON, 0.3), "coco": (PERSON, 0.3)}, [PERSON], [], id="persons are added too"),
    ],
)
def test_an_object_without_label(opinions: dict[str, tuple[int, float]], taught: list[int], hidden: list[int]) -> None:
    rows = {name: seen((kind, *SQUARE, score)) for name, (kind, score) in opinions.items()}
    boxes, ignore = agree(array([]), rows, ())
    assert boxes[:, 0].tolist() == taught
    assert ignore[:, 0].tolist() == hidden


@pytest.mark.parametrize(
    ("by_eye", "taught", "hidden"),
    [("truck", [TRUCK], []), ("none", [], []), ("unsure", [], VEHICLES)],
)
@pytest.mark.parametrize("labelled", [True, False])
def test_an_eye_overrules_labels_and_detectors(
    by_eye: str, taught: list[int], hidden: list[int], labelled: bool
) -> None:
    label = array([(BUS, *SQUARE)] if labelled else [])
    opinions = {} if labelled else {"own": seen((BUS, *SQUARE, 0.9)), "coco": seen((BUS, *SQUARE, 0.9))}
    boxes, ignore = agree(label, opinions, [(by_eye, SQUARE), ("bus", AWAY)])
    assert boxes[:, 0].tolist() == taught
    assert ignore[:, 0].tolist() == hidden


def test_labelled_objects_are_left_alone() -> None:
    label = array([(TRUCK, *SQUARE)])
    boxes, ignore = agree(label, {"own": seen((BUS, *SQUARE, 0.9)), "coco": seen((CAR, *PART, 0.9))}, ())
    assert boxes.tolist() == label.tolist()
    assert not len(ignore)


def test_a_two_wheeler_of_unknown_kind_is_hidden_as_both() -> None:
    boxes, ignore = agree(array([(EITHER, *SQUARE)]), {"coco": seen((MOTORCYCLE, *PART, 0.9))}, ())
    assert not len(boxes)
    assert ignore[:, 0].tolist() == [BICYCLE, MOTORCYCLE]


def test_a_rider_inside_a_labelled_machine_is_not_taught_as_a_person() -> None:
    label = array([(MOTORCYCLE, *SQUARE)])
    boxes, ignore = agree(label, {"coco": seen((PERSON, 120, 100, 180, 190, 0.9))}, ())
    assert boxes[:, 0].tolist() == [MOTORCYCLE]
    assert ignore[:, 0].tolist() == [PERSON]


def test_where_an_eye_took_a_loose_label_away_a_tighter_box_takes_its_place() -> None:
    loose = array([(CAR, *SQUARE)])
    tight = (100.0, 140.0, 140.0, 200.0)
    boxes, _ = agree(loose, {"own": seen((CAR, *tight, 0.9))}, [("none", SQUARE), ("car", tight)])
    assert boxes.tolist() == [[CAR, *tight]]


def test_a_machine_decided_by_eye_is_taught_once_though_its_rider_is_seen_too() -> None:
    rider = (110.0, 100.0, 190.0, 195.0)
    boxes, ignore = agree(
        array([(MOTORCYCLE, *SQUARE)]), {"coco": seen((PERSON, *rider, 0.9))}, [("motorcycle", SQUARE)]
    )
    assert boxes.tolist() == [[MOTORCYCLE, *SQUARE]]
    assert ignore[:, 0].tolist() == [PERSON]
