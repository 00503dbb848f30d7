from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from vision.camera import LineKind, ZoneKind, parse_camera
from vision.camera_toml import to_toml

SURVEY = [
    {"picture": [x, y], "ground_m": [east, north]}
    for (x, y), (east, north) in zip(
        [(0.1, 0.9), (0.9, 0.9), (0.7, 0.3), (0.3, 0.3)], [(0, 0), (8, 0), (8, 40), (0, 40)], strict=True
    )
]
FULL = {
    "id": "abay-12",
    "name": {"kk": "Абай даңғылы", "ru": "пр. Абая", "en": 'Abay "the great"\n\x7f\\'},
    "stream": "rtsp://10.20.0.12/main",
    "credentials": "env:CAM_ABAY_12",
    "latitude": 43.2389,
    "longitude": 76.8897,
    "address": {"kk": "Абай даңғылы, 12", "ru": "пр. Абая, 12", "en": "12 Abay Ave"},
    "heading_deg": 270.0,
    "heading_sigma_deg": 0.5,
    "field_of_view_deg": 62.0,
    "sight_m": 3000.0,
    "road": "motorway",
    "speed_limit_kmh": 60,
    "commissioned": date(2026, 2, 1),
    "covers": [[76.889, 43.2389], [76.8897, 43.2389]],
    "calibration": {
        "valid_until": date(2027, 3, 1),
        "points": SURVEY,
        "anchor": {"latitude": 43.2391, "longitude": 76.8895, "bearing_deg": 12.5, "sigma_m": 0.3},
    },
    "lines": [
        {"id": "stop-n", "kind": "stop", "points": [[0.4, 0.6], [0.6, 0.65]], "direction": [[0.5, 0.9], [0.5, 0.4]]}
    ],
    "zones": [
        {"id": "a", "kind": "lane", "points": [[0.3, 1.0], [0.4, 0.6], [0.5, 0.7]], "turns": ["left", "straight"]},
        {
            "id": "b",
            "kind": "no_parking",
            "points": [[0.1, 0.1], [0.2, 0.1], [0.2, 0.2]],
            "grace_s": 120.0,
            "hours": [{"days": ["mon"], "start": time(8), "end": time(20, 30)}],
            "classes": ["truck"],
            "tariff": "t1",
            "name": {"kk": "б", "ru": "б", "en": "b"},
        },
    ],
    "signals": [
        {
            "id": "n",
            "box": [0.1, 0.1, 0.2, 0.2],
            "stop_line": "stop-n",
            "sections": [{"arrow": "right", "box": [0.2, 0.15, 0.25, 0.2]}],
        }
    ],
    "forbidden": [
        {"id": "no-u", "kind": "u_turn", "start": "a", "end": "b", "hours": [{"start": "22:00", "end": "06:00"}]}
    ],
    "roadworks": [
        {"start": datetime(2026, 5, 1, tzinfo=UTC), "end": datetime(2026, 6, 1, tzinfo=UTC), "rules": ["solid_line"]}
    ],
    "time_zone": "Asia/Qyzylorda",
}

fraction = st.floats(0, 1)
point = st.tuples(fraction, fraction)
ident = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
name = st.fixed_dictionaries({"kk": text, "ru": text, "en": text})
arrow = st.tuples(point, point).filter(lambda ends: ends[0] != ends[1])
hours = st.fixed_dictionaries({"start": st.times(), "end": st.times()}, optional={"days": st.just(["sat", "sun"])})
line = st.fixed_dictionaries(
    {"kind": st.sampled_from(get_args(LineKind)), "points": arrow}, optional={"direction": arrow, "name": name}
)
triangle = st.just([(0.1, 0.1), (0.5, 0.2), (0.3, 0.7)])
zone = st.fixed_dictionaries(
    {"kind": st.sampled_from(get_args(ZoneKind)), "points": triangle},
    optional={
        "direction": arrow, "name": name, "hours": st.lists(hours, max_size=2), "tariff": ident,
        "grace_s": st.floats(0, 1e18), "turns": st.just(["back"]), "classes": st.just(["bus", "truck"]),
    },
)  # fmt: skip
moment = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
roadworks = moment.map(lambda start: {"start": start, "end": start + timedelta(days=3, microseconds=1)})


def numbered(parts):
    return st.lists(parts, max_size=3).map(lambda ones: [{**one, "id": f"p{k}"} for k, one in enumerate(ones)])


camera = st.fixed_dictionaries(
    {"id": ident, "name": name, "stream": st.just("clip.mp4")},
    optional={
        "lines": numbered(line), "zones": numbered(zone), "roadworks": st.lists(roadworks, max_size=2),
        "covers": st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), max_size=2),
        "speed_limit_kmh": st.floats(0.5, 200), "commissioned": st.dates(date(2000, 1, 1)),
    },
)  # fmt: skip


def again(one):
    return parse_camera(tomllib.loads(to_toml(one)), source="text")


def test_a_file_with_everything_in_it_comes_back_the_same():
    full = parse_camera(FULL, source="test")
    assert again(full) == full
    assert to_toml(again(full)) == to_toml(full)


@given(camera)
@settings(max_examples=60, deadline=None)
def test_any_camera_comes_back_the_same(raw):
    one = parse_camera(raw, source="test")
    assert again(one) == one


def test_what_a_camera_does_not_say_its_file_does_not_say_either():
    plain = parse_camera({"id": "c", "name": "c", "stream": "c.mp4"}, source="test")
    keys = set(tomllib.loads(to_toml(plain)))
    assert keys == {"id", "name", "stream", "road", "time_zone"}
