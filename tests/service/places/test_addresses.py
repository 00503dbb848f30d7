"""The register of addresses: imported, looked up by cell, withdrawn."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from qyran.earth import Plane, distance_m
from qyran.roles import Role
from service.imports import reading
from service.imports.columns import Refused
from service.imports.intake import ImportRefused, Upload, kind_of, take, withdraw
from service.imports.reading import read_table
from service.places.addresses import nearest
from service.places.grid import CELL_DEG, cell_of, cells_around
from service.settings import load_settings
from service.store.place_tables import Address
from tests.service.world import World

ALMATY = Plane(43.2389, 76.8897)
HEAD = "id;longitude;latitude;address_kk;address_ru;address_en\n"


@pytest.fixture
def city(tmp_path, database_url):
    with World(load_settings(home=tmp_path, database_url=database_url)) as made:
        yield made


def row(number, east, north, ru):
    latitude, longitude = ALMATY.degrees(east, north)
    return f"A-{number};{longitude:.6f};{latitude:.6f};;{ru};\n"


def upload(*rows, as_of=date(2026, 11, 20), text=None):
    data = (HEAD + "".join(rows) if text is None else text).encode()
    return Upload(kind_of("addresses"), data, "register of addresses", as_of)


def near(city, east, north):
    with city.store.read() as work:
        return nearest(work, *ALMATY.degrees(east, north))


def test_the_nearest_address_is_told_in_every_language(city):
    evaluator = city.person(Role.EVALUATOR)
    full = "A-9;76.8897;43.2389;Абай даңғылы, 10;проспект Абая, 10;10 Abay Avenue\n"
    city.do(evaluator, take, upload(full, row(1, 200, 0, "улица Достык, 5")))

    assert near(city, 10, 5).words == {"kk": "Абай даңғылы, 10", "ru": "проспект Абая, 10", "en": "10 Abay Avenue"}
    beside = near(city, 190, 0)
    assert beside.words == dict.fromkeys(("kk", "ru", "en"), "улица Достык, 5")
    assert beside.metres == pytest.approx(10, abs=0.5)
    assert near(city, 900, 900) is None


def test_a_newer_file_replaces_the_register_and_withdrawing_brings_the_older_back(city):
    evaluator = city.person(Role.EVALUATOR)
    city.do(evaluator, take, upload(row(1, 0, 0, "старая, 1")))
    taken = city.do(evaluator, take, upload(row(1, 0, 0, "новая, 1"), as_of=date(2026, 11, 21)))
    assert near(city, 0, 0).words["ru"] == "новая, 1"

    city.do(evaluator, withdraw, taken.id, "wrong file")
    assert near(city, 0, 0).words["ru"] == "старая, 1"


def test_only_the_file_that_stands_and_the_one_before_are_held(city):
    evaluator = city.person(Role.EVALUATOR)
    for day in (18, 19, 20):
        city.do(evaluator, take, upload(row(1, 0, 0, f"день, {day}"), as_of=date(2026, 11, day)))

    with city.store.read() as work:
        assert work.session.scalar(select(func.count()).select_from(Address)) == 2
    assert near(city, 0, 0).words["ru"] == "день, 20"


def test_a_geojson_of_points_is_taken(city):
    text = (
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"id": "A-1", "address_ru": '
        '"улица Сатпаева, 22", "floors": 9}, "geometry": {"type": "Point", "coordinates": [76.8897, 43.2389]}}]}'
    )
    city.do(city.person(Role.EVALUATOR), take, upload(text=text))

    assert near(city, 0, 0).words["ru"] == "улица Сатпаева, 22"


@pytest.mark.parametrize(
    "line",
    ["A-1;76.88;43.23;;;\n", "A-1;;43.23;;ул., 1;\n", "A-1;43.23;76.88;;ул., 1;\n", "A-1;37.6;55.7;;ул., 1;\n"],
    ids=["no words", "no longitude", "swapped", "outside Kazakhstan"],
)
def test_a_wrong_address_is_refused_and_nothing_is_taken(city, line):
    evaluator = city.person(Role.EVALUATOR)
    with pytest.raises(ImportRefused):
        city.do(evaluator, take, upload(row(7, 0, 0, "хорошая, 1"), line))

    assert near(city, 0, 0) is None


def test_a_register_of_addresses_may_be_larger_than_other_files(monkeypatch):
    monkeypatch.setattr(reading, "MOST_ROWS", 5)
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    kind, data = kind_of("addresses"), (HEAD + row(1, 0, 0, "ул., 1") * 50).encode()

    assert len(read_table(data, {"id"}, rows=kind.most_rows, mib=kind.most_mib).rows) == 50
    with pytest.raises(Refused):
        read_table(data, {"id"})


def test_the_nearest_is_the_nearest_of_all(city):
    draw = np.random.default_rng(7)
    spots = [(draw.uniform(-2000, 2000), draw.uniform(-2000, 2000)) for _ in range(400)]
    city.do(city.person(Role.EVALUATOR), take, upload(*(row(n, *at, f"дом, {n}") for n, at in enumerate(spots))))

    for _ in range(60):
        here = ALMATY.degrees(draw.uniform(-2000, 2000), draw.uniform(-2000, 2000))
        metres = min(distance_m(here, ALMATY.degrees(*at)) for at in spots)
        with city.store.read() as work:
            found = nearest(work, *here)
        assert (found is None) == (metres > 250.05)
        assert found is None or found.metres == pytest.approx(metres, abs=0.2)


@given(st.floats(40, 56), st.floats(46, 88), st.floats(-250, 250), st.floats(-250, 250))
def test_whatever_is_within_reach_lies_in_the_cells_around(latitude, longitude, east, north):
    there = Plane(latitude, longitude).degrees(east, north)

    assert cell_of(*there) in cells_around(latitude, longitude)


def test_cells_go_round_the_globe():
    assert cell_of(43.0, 179.9999) in cells_around(43.0, -179.9999)
    assert len(cells_around(43.0, 76.9)) == 9
    assert cell_of(43.0, 76.9) != cell_of(43.0 + CELL_DEG, 76.9)
