"""What the map fetches from this host beside its data, and who may."""

from __future__ import annotations

import sqlite3

import pytest

from service.settings import load_settings
from tests.service.web.conftest import Visitor
from tests.service.world import World

PNG = b"\x89PNG\r\n\x1a\n of a street"


@pytest.fixture
def mapped(tmp_path):
    path = tmp_path / "city.mbtiles"
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
        file.execute("CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB)")
        file.execute("INSERT INTO tiles VALUES (1, 0, 1, ?)", (PNG,))
    file.close()
    settings = load_settings(home=tmp_path / "home", public_url="http://127.0.0.1:8000", map_file=path)
    with World(settings) as made:
        yield Visitor(made)


def test_the_signs_of_kinds_are_those_of_the_pages(visitor):
    answer = visitor.log_in("situational_operator").get("/map/symbols.svg")

    assert answer.headers["content-type"] == "image/svg+xml"
    for kind in ("smoke", "crash", "stopped_vehicle", "warn"):
        assert f'<symbol id="{kind}" viewBox="0 0 24 24">' in answer.text
    assert "<script" not in answer.text


def test_tiles_come_from_the_citys_own_file(mapped):
    operator = mapped.log_in("situational_operator")

    answer = operator.get("/map/tiles/1/0/0")
    assert (answer.content, answer.headers["content-type"]) == (PNG, "image/png")
    assert "max-age" in answer.headers["cache-control"]
    assert operator.get("/map/tiles/1/5/0").status_code == 404
    assert operator.get("/api/v1/alerts/map?layer=alerts").json()["tiles"]["maxzoom"] == 1


def test_without_a_map_file_there_are_no_tiles(visitor):
    operator = visitor.log_in("situational_operator")

    assert operator.get("/map/tiles/1/0/0").status_code == 404
    assert operator.get("/api/v1/alerts/map").json()["tiles"] is None


@pytest.mark.parametrize("path", ["/map/symbols.svg", "/map/tiles/1/0/0", "/api/v1/alerts/map"])
def test_who_reads_no_alarms_gets_nothing_of_their_map(visitor, path):
    assert visitor.log_in("police_officer").get(path).status_code == 403


def test_the_maps_worker_reads_from_this_host_alone(visitor):
    answer = visitor.get("/static/vendor/maplibre-gl-worker.mjs")

    if answer.status_code == 200:  # the browser's files are fetched at set-up
        assert answer.headers["content-security-policy"] == "default-src 'none'; connect-src 'self'"
    assert "'self'" not in visitor.get("/static/icon.svg").headers["content-security-policy"]


def test_data_is_geojson(visitor):
    answer = visitor.log_in("auditor").get("/api/v1/alerts/map?lang=kk")

    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.json()["type"] == "FeatureCollection"
    assert answer.json()["words"]["zoom_in"] == "Жақындату"
    assert visitor.get("/api/v1/alerts/map?layer=owners").status_code == 422
