"""A city's own map file is served by this host; without one, or with a bad one, the map is a plain grid."""

from __future__ import annotations

import gzip
import sqlite3

import pytest

from qyran.errors import ConfigError, NotFound
from qyran.roles import Role
from service.places import tiles
from service.places.features import collection
from service.places.tiles import NOTHING, tile, tile_set
from service.settings import load_settings
from tests.service.world import World

PNG = b"\x89PNG\r\n\x1a\n of a street"


def mbtiles(path, rows, **metadata):
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
        file.execute("CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB)")
        file.executemany("INSERT INTO metadata VALUES (?, ?)", metadata.items())
        file.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", rows)
    file.close()
    return path


def test_a_picture_is_found_by_its_row_from_the_north(tmp_path):
    path = mbtiles(tmp_path / "city.mbtiles", [(2, 1, 3, PNG)], format="png", bounds="76.7,43.1,77.1,43.4")

    assert tile(path, 2, 1, 0).data == PNG
    assert tile(path, 2, 1, 0).media_type == "image/png"
    assert tile(path, 2, 1, 3).data == NOTHING
    assert tile_set(path).as_dict() == {
        "path": tiles.PATH, "vector": False, "minzoom": 2, "maxzoom": 2, "bounds": (76.7, 43.1, 77.1, 43.4),
    }  # fmt: skip


def test_vector_tiles_stay_packed(tmp_path):
    packed = gzip.compress(b"tile")
    path = mbtiles(tmp_path / "city.mbtiles", [(0, 0, 0, packed)], format="pbf")

    found = tile(path, 0, 0, 0)
    assert (found.data, found.gzipped, found.media_type) == (packed, True, tiles.VECTOR)
    assert tile_set(path).vector
    assert tile_set(path).bounds is None


@pytest.mark.parametrize(("z", "x", "y"), [(-1, 0, 0), (25, 0, 0), (2, 4, 0), (2, 0, -1)])
def test_a_tile_that_no_map_has_is_not_looked_for(tmp_path, z, x, y):
    with pytest.raises(NotFound):
        tile(tmp_path / "absent", z, x, y)


def test_what_is_no_map_file_is_named(tmp_path):
    (tmp_path / "city.mbtiles").write_text("no map")
    for path in (tmp_path / "city.mbtiles", tmp_path / "absent", mbtiles(tmp_path / "empty.mbtiles", [])):
        with pytest.raises(ConfigError, match="QYRAN_MAP_FILE"):
            tile_set(path)


@pytest.mark.parametrize(("name", "vector"), [("city.mbtiles", False), ("absent.mbtiles", None)])
def test_the_map_is_told_what_lies_beneath(tmp_path, name, vector):
    mbtiles(tmp_path / "city.mbtiles", [(2, 1, 3, PNG)], format="png")
    with World(load_settings(home=tmp_path / "home", map_file=tmp_path / name)) as city:
        operator = city.person(Role.SITUATIONAL_OPERATOR)
        with city.store.read(operator) as work:
            told = collection(work, ["alerts"], "en")["tiles"]

    assert told is None if vector is None else told["vector"] is vector
