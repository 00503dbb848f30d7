from __future__ import annotations

import csv
import hashlib
import json

import pytest
from sqlalchemy import func, select

from service.settings import load_settings
from service.store.database import open_store
from service.store.record_tables import DeviceRecord
from tests.service.cli.conftest import run
from tests.service.records import a_picture
from tests.service.world import World

PICTURE = a_picture()
GOOD = {
    "record_id": "17", "kind": "speeding", "device_serial": "K-0042", "device_type": "Radar M",
    "certificate": "KZ.02.1", "verification": "ВТ-17", "verified_until": "2027-03-01", "camera": "abay-12",
    "time": "2026-11-22T12:00:00+05:00", "plate": "123 ABC 02", "measured_kmh": "95", "permitted_kmh": "60",
    "margin_kmh": "2", "picture": "17.jpg", "picture_sha256": hashlib.sha256(PICTURE).hexdigest(),
}  # fmt: skip


@pytest.fixture
def home(tmp_path):
    settings = load_settings(home=tmp_path / "home")
    with World(settings):
        pass
    (tmp_path / "17.jpg").write_bytes(PICTURE)
    return settings


@pytest.fixture
def qyran(capsys, home):
    return lambda *words: run(capsys, *words)


@pytest.fixture
def reading(capsys):
    """The command where it comes no further than to its file."""
    return lambda *words: run(capsys, *words)


def a_csv(path, *rows, delimiter=","):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(GOOD), delimiter=delimiter)
        writer.writeheader()
        writer.writerows([{**GOOD, **row} for row in rows])
    return path


def stored(settings) -> int:
    store = open_store(settings)
    try:
        with store.read() as work:
            return work.session.scalar(select(func.count()).select_from(DeviceRecord))
    finally:
        store.close()


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_csv_is_stored_judged_and_known_the_second_time(qyran, home, tmp_path, delimiter):
    file = a_csv(tmp_path / "day.csv", {}, {"record_id": "18", "measured_kmh": "65"}, delimiter=delimiter)
    answer = qyran("devices", "import", file)
    assert (answer.code, answer.out) == (
        0, "2 records stored, 0 known already; 1 became cases, 1 ground none\n",
    )  # fmt: skip
    assert qyran("devices", "import", file).out.startswith("0 records stored, 2 known already")
    listed = qyran("devices", "list").out
    assert "K-0042 17 speeding at abay-12: case, 33 km/h over" in listed
    assert "K-0042 18 speeding at abay-12: no_band" in listed
    assert "123" not in listed


@pytest.mark.parametrize("lines", [True, False])
def test_json_and_json_lines_are_read_alike(qyran, home, tmp_path, lines):
    records = [GOOD, {**GOOD, "record_id": "18", "measured_kmh": 120.5}]
    text = "\n".join(map(json.dumps, records)) if lines else json.dumps(records, indent=2, ensure_ascii=False)
    (tmp_path / "day.json").write_text(text, encoding="utf-8")
    assert qyran("devices", "import", tmp_path / "day.json").out.startswith("2 records stored")
    assert stored(home) == 2


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"measured_kmh": "fast"}, ["measured_kmh", "valid number"]),
        ({"measured_kmh": ""}, ["needs measured_kmh"]),
        ({"time": "2026-11-22T12:00:00"}, ["time", "timezone"]),
        ({"plate": "№1"}, ["A plate has 4 to 10"]),
        ({"kind": "red_light"}, ["kind"]),
        ({"camera": "elsewhere"}, ["elsewhere", "not in the register"]),
        ({"picture": "18.jpg"}, ["18.jpg", "beside the file"]),
        ({"picture_sha256": "0" * 64}, ["SHA-256 differs"]),
        ({"record_id": "17", "measured_kmh": "96"}, ["never replaced"]),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_stored(qyran, home, tmp_path, row, words):
    file = a_csv(tmp_path / "day.csv", {}, {"record_id": "18", **row})
    qyran("devices", "import", file).refused(str(file), "line 3", *words)
    assert stored(home) == 0
    assert not any((home.home / "device-pictures").glob("*.jpg"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["holds no record"]),
        ("[]", ["holds no record"]),
        ("record_id,kind\n1\n", ["line 2", "1 values for 2 columns"]),
        ("record_id,record_id\n1,2\n", ["line 1", "twice"]),
        ('[\n\n{"record_id": \n]', ["line 4", "no JSON"]),
        ('[\n{"record_id": "1"}\n{"record_id": "2"}]', ["line 2"]),
        ('[{"record_id": "1"}', ["line 1"]),
        ("[1, 2]", ["line 1", "named values"]),
        ('{"record_id": "1", "speed": 3}', ["line 1"]),
    ],
)
def test_a_file_that_is_no_list_of_records_is_refused(reading, tmp_path, text, words):
    (tmp_path / "day.json").write_text(text, encoding="utf-8")
    reading("devices", "import", tmp_path / "day.json").refused("day.json", *words)


def test_a_file_that_is_not_there_or_not_utf8_is_refused(reading, tmp_path):
    reading("devices", "import", tmp_path / "none.csv").refused("does not exist")
    (tmp_path / "a.csv").write_bytes("прибор\n1\n".encode("cp1251"))
    reading("devices", "import", tmp_path / "a.csv").refused("not UTF-8")


def test_a_token_is_told_once_and_a_name_is_never_given_twice(qyran):
    token = qyran("devices", "token", "radar-1").out.strip()
    assert token.startswith("qyran-feed-")
    qyran("devices", "token", "radar-1").refused("radar-1", "taken")
    assert qyran("devices", "revoke", "radar-1").out == "revoked radar-1\n"
    qyran("devices", "revoke", "radar-2").refused("radar-2")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('version = "1"\n[[offence]]\n', ["cannot be used", "offence.0"]),
        ("version", ["no TOML"]),
    ],
)
def test_an_offence_file_is_checked(reading, tmp_path, text, words):
    assert reading("offences", "check").out.startswith("kz-")
    (tmp_path / "city.toml").write_text(text, encoding="utf-8")
    reading("offences", "check", tmp_path / "city.toml").refused("city.toml", *words)
